/**
 * Judges a run from outside: what the consumer was shown and how it ended, beside what the model meant and wrote. It knows
 * the rules of the seam from their definition and nothing of how the library keeps them.
 */
import { faultOf, type Starts, shownOf, startsOf } from "./anchor.js"
import { obedient } from "./styles.js"
import type { Continued, Played, Run } from "./vendor.js"

/** What a consumer had in the end. */
export interface Seen {
  readonly shown: string
  /** The tag of the error that ended it, and the text that the error carries; undefined where it was a success. */
  readonly error: { readonly tag: string; readonly partial: string } | undefined
  /** What the consumer noticed besides, such as text that was taken back. */
  readonly flaw: string | undefined
}

/**
 * - `exact`: all of the text, and a success
 * - `failed`: an error that carries exactly what was shown, which is how the text begins
 * - `twin`: another text, and nobody can tell: an obedient model that means that text writes exactly the same
 * - `wrong`: anything else
 * - `void`: the style says nothing about this cut, or it writes here what an obedient model writes
 */
export type Class = "exact" | "failed" | "twin" | "wrong" | "void"

export interface Verdict {
  readonly is: Class
  /** What is wrong, in words. */
  readonly why?: string | undefined
  /** An obedient model was not understood where it had to be. */
  readonly missed?: boolean
  /** The text itself repeats its anchor at once, so that its obedient answer cannot be told from a mistake. */
  readonly unprovable?: boolean
}

const wrong = (why: string): Verdict => ({ is: "wrong", why })

export const judge = (played: Played, seen: Seen, starts: Starts): Verdict => {
  const { continued, run } = played
  const delivered = shownOf(run.text.slice(0, run.cut))
  const rest = run.text.slice(delivered.length)
  const asks = continued.filter(({ by }) => by === "ask")
  const [first] = asks
  if (run.style.must !== "exact" && first !== undefined && (first.wrote === undefined || obeys(first, rest))) {
    return { is: "void" }
  }
  const { is, why } = classOf(run, seen, continued.at(-1), delivered)
  if (is === "wrong") return wrong(why ?? "")
  if (seen.flaw !== undefined) return wrong(seen.flaw)
  if (delivered === "") {
    if (is !== "exact" || played.first !== 2 || continued.length > 0) return wrong("was not simply asked again")
    return { is: "void" }
  }
  const flaw = requestsFlaw(played, seen, delivered) ?? prefillFlaw(played, is, delivered)
  if (flaw !== undefined) return wrong(flaw)
  // A prefill served.
  if (asks.length === 0 && continued.length > 0 && is === "exact") return { is }

  const hasAnchor = starts.graphemes.length > 0
  // One further try for each place that the answer got to, and none without an anchor.
  const tries = asks.filter(({ said }) => said === delivered).length
  const most = hasAnchor ? 2 : 0
  if (tries > most || (hasAnchor && tries === 0) || (is === "failed" && seen.shown === delivered && tries < most)) {
    return wrong(`${tries} requests to go on`)
  }
  if (is === "exact" && run.style.must === "fails") return wrong("was guessed")
  if (is === "exact" || run.style.must !== "exact" || !hasAnchor) return { is }
  const unprovable = asks.every(({ ask }) => ask !== undefined && rest.startsWith(ask.anchor))
  return { is, unprovable, missed: !unprovable }
}

const classOf = (run: Run, { error, shown }: Seen, last: Continued | undefined, delivered: string): Verdict => {
  const end = JSON.stringify(shown.slice(-120))
  if (error === undefined) {
    if (shown === run.text) return { is: "exact" }
    return last !== undefined && isTwin(last, shown) ? { is: "twin" } : wrong(`a success that shows ${end}`)
  }
  if (error.tag !== "StreamDropped") return wrong(`failed with ${error.tag}`)
  if (error.partial !== shown)
    return wrong(`shows ${end}, and its partial is ${JSON.stringify(error.partial.slice(-120))}`)
  if (!run.text.startsWith(shown)) return wrong(`failed after it had shown ${end}`)
  if (!shown.startsWith(delivered)) return wrong(`shows only ${end}`)
  return { is: "failed" }
}

/** Whether an obedient model that means to say what was shown would have written these very characters. */
const isTwin = (last: Continued, shown: string): boolean =>
  shown.startsWith(last.said) &&
  // No text has the marker in it.
  !shown.includes(last.ask?.marker ?? "") &&
  obeys(last, shown.slice(last.said.length))

/**
 * Whether the model wrote what an obedient one writes before this rest. White space between marker and anchor is free, and
 * so is that around the marker which says that nothing is missing.
 */
const obeys = ({ ask, wrote }: Continued, rest: string): boolean => {
  if (ask === undefined || wrote === undefined) return false
  const spaceAt = (at: number): string => /^\s*/.exec(wrote.slice(at))?.[0] ?? ""
  const gap = spaceAt(ask.marker.length)
  if (rest !== "") return wrote === obedient({ ...ask, gap }, rest)
  const begun = ask.marker + gap + ask.anchor
  return wrote.trimEnd() === begun + spaceAt(begun.length) + ask.marker
}

/** What is wrong with what was asked. */
const requestsFlaw = ({ continued, first, run }: Played, { shown }: Seen, delivered: string): string | undefined => {
  if (first !== 1) return `asked ${first} times from the beginning`
  const markers = new Set<string>()
  for (const { ask, by, said } of continued) {
    if (!said.startsWith(delivered) || !shown.startsWith(said) || shownOf(said) !== said) {
      return `said of what was delivered: ${JSON.stringify(said.slice(-120))}`
    }
    if (by === "prefill") continue
    if (ask === undefined) return "a request to go on has no marker and anchor"
    const fault = anchorFault(said, ask.anchor)
    if (fault !== undefined) return `its anchor ${fault}: ${JSON.stringify(ask.anchor)}`
    if (run.text.includes(ask.marker)) return "its marker is in the text"
    if (markers.has(ask.marker)) return "its second marker is the first one"
    markers.add(ask.marker)
  }
  return undefined
}

const anchorFault = (said: string, anchor: string): string | undefined => {
  const starts = startsOf(said)
  const start = said.length - anchor.length
  if (faultOf(said, anchor) !== undefined) return faultOf(said, anchor)
  if (!starts.graphemes.includes(start)) return "begins within a character"
  return starts.words.length > 0 && !starts.words.includes(start) ? "begins within a word" : undefined
}

/** How much of a new text is compared with the beginning of the old one after a prefill. */
const COMPARED = 24

/** What is wrong with what was made of a prefill. */
const prefillFlaw = ({ continued, run }: Played, is: Class, delivered: string): string | undefined => {
  const prefills = continued.filter(({ by }) => by === "prefill")
  if (run.prefill === undefined) return prefills.length === 0 ? undefined : "a prefill that nobody offers"
  if (prefills.length !== 1) return `${prefills.length} requests with a prefill`
  const served = continued.length === 1 && is === "exact"
  const wrote = prefills[0]?.wrote?.trimStart() ?? ""
  const begins = delivered.trimStart().slice(0, COMPARED)
  if (wrote.startsWith(begins)) return served ? "a prefill was trusted blindly" : undefined
  // Too short to be told from an answer that begins again, so either is allowed.
  const isOpen = wrote !== "" && begins.startsWith(wrote)
  return served || isOpen ? undefined : "a prefill that was honoured did not serve"
}
