/**
 * The ways in which a model answers when it is asked to write a marker and an anchor and to go on. Each says what must
 * come of it.
 */

import type { Ask } from "../../support/asked.js"
import type { Random } from "../../support/random.js"

/** What a model knows when it is asked to go on. */
export interface Situation extends Ask {
  /** All that it means to say. */
  readonly text: string
  /** What of that was shown. */
  readonly delivered: string
  /** What of that is missing. */
  readonly rest: string
  /** What this model writes between marker and anchor. */
  readonly gap: string
  /** The same for the same run, on each try. */
  readonly random: Random
}

/**
 * - `exact`: it obeys, and whatever it adds is allowed, so all of the text must be shown
 * - `fails`: it does not obey, so nothing may be shown but where its words are those of an obedient model
 * - `either`: the rules leave it open
 */
export type Must = "exact" | "fails" | "either"

export interface Style {
  readonly name: string
  readonly must: Must
  /** All that the model writes; undefined where this style says nothing about this situation. */
  readonly write: (situation: Situation) => string | undefined
}

/** What an obedient model writes that means to say this. */
export const obedient = ({ anchor, gap, marker }: Pick<Situation, "marker" | "anchor" | "gap">, rest: string): string =>
  `${marker}${gap}${anchor}${rest === "" ? gap + marker : rest}`

const obeys = (situation: Situation): string => obedient(situation, situation.rest)

const begun = ({ anchor, gap, marker }: Situation): string => marker + gap + anchor

/** Another character of the same kind in its place. */
const withOneChanged = (text: string, at: number): string => {
  const unit = text.charCodeAt(at)
  return text.slice(0, at) + String.fromCharCode(unit === 0x61 || unit === 0x31 ? unit + 1 : 0x61) + text.slice(at + 1)
}

const isWhole = ({ rest }: Situation): boolean => rest === ""

const paragraph = "\n\n"

const lineStart = (text: string): number => text.lastIndexOf("\n") + 1
const paragraphStart = (text: string): number => {
  const at = text.lastIndexOf(paragraph)
  return at < 0 ? 0 : at + paragraph.length
}

/** Only where something is missing. */
const goingOn =
  (write: (situation: Situation) => string): Style["write"] =>
  (situation) =>
    isWhole(situation) ? undefined : write(situation)

/** Other white space before the rest than it has. */
const respaced = ({ random, rest }: Situation): string => {
  const begins = rest.trimStart()
  const space = rest.slice(0, rest.length - begins.length)
  return random.pick(["", " ", "\n", "  ", "\n\n", "\t"].filter((other) => other !== space)) + begins
}

const other = "Blue light is scattered more than red light, and so the sky is blue."

const obeying: ReadonlyArray<Style> = [
  { name: "obedient", must: "exact", write: obeys },
  { name: "obedient, its leading white space stripped", must: "exact", write: (at) => obeys(at).trimStart() },
  {
    name: "obedient after white space",
    must: "exact",
    write: (at) => at.random.pick(["\n", " ", "\n\n  "]) + obeys(at)
  },
  {
    name: "preamble first",
    must: "exact",
    write: (at) =>
      at.random.pick(["Sure, continuing: ", "Of course! Here is the rest.\n\n", "好的。", `${"so ".repeat(66)}\n`]) +
      obeys(at)
  }
]

const misplaced: ReadonlyArray<Style> = [
  {
    name: "long preamble first",
    must: "fails",
    write: (at) => "I am sorry that the connection broke. ".repeat(6) + obeys(at)
  },
  {
    name: "preamble with a quotation mark or a bracket",
    must: "fails",
    write: (at) => at.random.pick(['"', "“", "`", "~", "(", "[", "Here it is: {"]) + obeys(at)
  },
  {
    name: "preamble with an apostrophe, a tag or a dash",
    must: "either",
    write: (at) => at.random.pick(["Here's the rest: ", "<br>", "- "]) + obeys(at)
  },
  {
    name: "anchor in quotation marks",
    must: "fails",
    write: (at) => {
      const [open, close] = at.random.pick([
        ['"', '"'],
        ["“", "”"],
        ["`", "`"],
        ["«", "»"],
        ["'", "'"]
      ] as const)
      return at.marker + at.gap + open + at.anchor + close + at.rest
    }
  },
  {
    name: "anchor in a fence",
    must: "fails",
    write: (at) => `${at.marker}\n\`\`\`\n${at.anchor}\n\`\`\`\n${at.rest}`
  },
  {
    name: "opens a quotation or a fence and closes it",
    must: "fails",
    write: (at) => {
      const [open, close] = at.random.pick([
        ['"', '"'],
        ["“", "”"],
        ["```\n", "\n```"],
        ["```text\n", "\n```\n"]
      ] as const)
      return open + obeys(at) + close
    }
  },
  {
    name: "only closes a quotation or a fence",
    must: "fails",
    write: goingOn((at) => obeys(at) + at.random.pick(['"', "”", "\n```"]))
  },
  {
    name: "opens a code fence again",
    must: "fails",
    write: goingOn((at) => {
      const fence = at.random.pick(["```\n", "\n```python\n", "~~~\n"])
      return at.random.chance(0.5) ? at.marker + fence + at.anchor + at.rest : begun(at) + fence + at.rest
    })
  },
  {
    name: "marker in its own words",
    must: "fails",
    write: (at) => at.random.pick([`I will write ${at.marker} first. `, `${at.marker}: `]) + obeys(at)
  }
]

const repeating: ReadonlyArray<Style> = [
  {
    name: "repeats the line",
    must: "fails",
    write: (at) => at.marker + at.gap + at.text.slice(lineStart(at.delivered))
  },
  {
    name: "repeats the paragraph",
    must: "fails",
    write: (at) => at.marker + at.gap + at.text.slice(paragraphStart(at.delivered))
  },
  { name: "repeats the answer", must: "fails", write: (at) => at.marker + at.gap + at.text },
  { name: "repeats the line, without marker", must: "fails", write: (at) => at.text.slice(lineStart(at.delivered)) },
  { name: "begins again, without marker", must: "fails", write: (at) => at.text },
  {
    name: "anchor twice",
    must: "fails",
    write: goingOn((at) => begun(at) + at.random.pick(["", "", " ", "\n"]) + at.anchor + at.rest)
  },
  {
    name: "marker and anchor twice",
    must: "fails",
    write: goingOn((at) => `${begun(at)}${at.random.pick(["", "\n"])}${begun(at)}${at.rest}`)
  }
]

const changing: ReadonlyArray<Style> = [
  {
    name: "anchor cut short",
    must: "fails",
    write: (at) => {
      const less = 1 + at.random.below(Math.min(12, at.anchor.length))
      const part = at.random.chance(0.5) ? at.anchor.slice(less) : at.anchor.slice(0, -less)
      return obedient({ ...at, anchor: part }, at.rest)
    }
  },
  {
    name: "anchor in other case",
    must: "fails",
    write: (at) => {
      const changed = at.random.chance(0.5) ? at.anchor.toUpperCase() : at.anchor.toLowerCase()
      return changed === at.anchor ? undefined : obedient({ ...at, anchor: changed }, at.rest)
    }
  },
  {
    name: "anchor with one character changed",
    must: "fails",
    write: (at) => obedient({ ...at, anchor: withOneChanged(at.anchor, at.random.below(at.anchor.length)) }, at.rest)
  },
  {
    name: "anchor with other white space",
    must: "fails",
    write: (at) => {
      const spaces = [...at.anchor.matchAll(/\s+/g)]
      const last = at.random.chance(0.5) ? spaces.at(-1) : spaces[0]
      if (last === undefined) return undefined
      const changed = last[0] === " " ? at.random.pick(["\n", "  ", "\u00a0"]) : " "
      const anchor = at.anchor.slice(0, last.index) + changed + at.anchor.slice(last.index + last[0].length)
      return obedient({ ...at, anchor }, at.rest)
    }
  },
  {
    name: "anchor normalized",
    must: "fails",
    write: (at) => {
      const forms = ["NFC", "NFD", "NFKC"].map((form) => at.anchor.normalize(form))
      const changed = forms.find((form) => form !== at.anchor)
      return changed === undefined ? undefined : obedient({ ...at, anchor: changed }, at.rest)
    }
  },
  {
    name: "other white space after the anchor",
    must: "fails",
    write: goingOn((at) => begun(at) + at.random.pick([" ", "\n", "\t", "\u00a0"]) + at.rest)
  },
  { name: "changes white space at the seam", must: "fails", write: goingOn((at) => begun(at) + respaced(at)) },
  {
    name: "marker with one character changed",
    must: "fails",
    write: (at) => obedient({ ...at, marker: withOneChanged(at.marker, at.random.below(at.marker.length)) }, at.rest)
  },
  {
    name: "marker in other form",
    must: "fails",
    write: (at) =>
      obedient(
        { ...at, marker: at.random.pick([at.marker.toUpperCase(), at.marker.slice(1, -1), "<resume>"]) },
        at.rest
      )
  }
]

const ignoring: ReadonlyArray<Style> = [
  { name: "just goes on", must: "fails", write: goingOn(({ rest }) => rest) },
  { name: "goes on after ...", must: "fails", write: goingOn((at) => at.random.pick(["...", "… ", "... "]) + at.rest) },
  {
    name: "starts another answer",
    must: "fails",
    write: (at) => (at.random.chance(0.5) ? "" : at.marker + at.gap) + other
  },
  {
    name: "refuses",
    must: "fails",
    write: (at) => at.random.pick(["I'm sorry, but I can't continue that.", "I cannot help with that.", "No."])
  },
  { name: "answers nothing", must: "fails", write: (at) => at.random.pick(["", "", "\n", "  "]) },
  { name: "answers only the anchor", must: "fails", write: ({ anchor }) => anchor },
  { name: "answers only the marker", must: "fails", write: ({ marker }) => marker },
  { name: "stops after the anchor", must: "fails", write: begun },
  { name: "forgets the marker", must: "fails", write: ({ anchor, rest }) => anchor + rest },
  { name: "forgets the anchor", must: "fails", write: ({ gap, marker, rest }) => marker + gap + rest },
  {
    name: "says that it was complete",
    must: "fails",
    write: (at) => at.random.pick(["[complete]", "It was complete."])
  }
]

const ending: ReadonlyArray<Style> = [
  {
    name: "goes on with something else",
    must: "fails",
    write: (at) => begun(at) + at.random.pick([other, ` ${other}`, `\n\n${other}`, ", and so on."])
  },
  {
    name: "comments at the end",
    must: "fails",
    write: goingOn((at) => `${obeys(at)}\n\nThat is the rest of it.`)
  },
  {
    name: "claims that nothing is missing",
    must: "fails",
    write: goingOn((at) => obedient(at, ""))
  },
  {
    name: "goes on after it said that nothing is missing",
    must: "fails",
    write: (at) => obedient(at, "") + (at.rest.trim() === "" ? `\n\n${other}` : at.rest)
  },
  {
    name: "marker again at the end",
    must: "either",
    write: (at) => (isWhole(at) ? obeys(at) : obeys(at) + at.gap + at.marker)
  },
  {
    name: "marker again in the middle",
    must: "either",
    write: (at) => {
      if (isWhole(at)) return obeys(at)
      const middle = 1 + at.random.below(at.rest.length)
      return obedient(at, at.rest.slice(0, middle)) + at.marker + at.rest.slice(middle)
    }
  },
  {
    name: "white space after the last marker",
    must: "either",
    write: (at) => (isWhole(at) ? obeys(at) + at.random.pick([" ", "\n", "\n\n"]) : undefined)
  }
]

export const styles: ReadonlyArray<Style> = [
  ...obeying,
  ...misplaced,
  ...repeating,
  ...changing,
  ...ignoring,
  ...ending
]
