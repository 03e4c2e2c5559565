/**
 * The proof of a seam: what is joined, and what shows nothing. `npm run seams` tries it over the whole loop.
 */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { afterGap } from "../../../src/retry/internal/continuation/afterGap.js"
import { AskedSeam, PrefilledSeam, type Seam } from "../../../src/retry/internal/continuation/seam.js"

/** What is shown of a text in such pieces, and the verdict. */
const run = (seam: Seam, pieces: ReadonlyArray<string>, then: "nothing" | "more" = "nothing") => {
  let shown = ""
  for (const piece of pieces) {
    if (seam.verdict !== "Refused") shown += seam.push(piece)
  }
  if (seam.verdict !== "Refused") shown += seam.end(then)
  return [seam.verdict, shown] as const
}

const marker = "<resume-7f3a21>"
const anchor = "short waves are scattered more than long"
const ask = { marker, anchor }

/** However the text is cut, the same comes of it. */
const cuts = (text: string): ReadonlyArray<ReadonlyArray<string>> => [
  [text],
  [...text],
  text.match(/[\s\S]{1,7}/g) ?? [],
  text.match(/[\s\S]{1,16}/g) ?? []
]

const asked = (text: string) => {
  const [first, ...others] = cuts(text).map((pieces) => run(new AskedSeam(ask), pieces))
  for (const other of others) assert.deepStrictEqual(other, first)
  return first
}

describe("the seam of a model that was asked", () => {
  for (const [what, text, shown] of [
    ["glued together", `${marker}${anchor} ones.`, " ones."],
    ["with white space behind the marker", `${marker}\n\n${anchor} ones.`, " ones."],
    ["behind a short preamble", `Sure, I'll go on now:\n${marker} ${anchor}er waves.`, "er waves."],
    ["with white space that was missing", `${marker}${anchor}\n\n  - indented`, "\n\n  - indented"],
    ["where only white space was missing", `${marker}${anchor}\n`, "\n"],
    ["where the text begins as the anchor does", `${marker}${anchor} short waves.`, " short waves."],
    ["where it ends as the anchor begins", `${marker}${anchor}short`, "short"],
    ["with the same words in the next line", `${marker}${anchor}\n${anchor}`, `\n${anchor}`],
    ["with the first sign of a marker", `${marker}${anchor} < 3`, " < 3"],
    ["where that sign is all", `${marker}${anchor}<`, "<"],
    ["with another tag", `${marker}${anchor}<resume-other> and more`, "<resume-other> and more"]
  ] as const) {
    it(`is proven ${what}`, () => {
      assert.deepStrictEqual(asked(text), ["Proven", shown])
    })
  }

  for (const [what, text] of [
    ["says so", `${marker}${anchor}${marker}`],
    ["says so on three lines", `${marker}\n${anchor}\n${marker}\n`]
  ] as const) {
    it(`is complete where the model ${what}`, () => {
      assert.deepStrictEqual(asked(text), ["Complete", ""])
    })
  }

  for (const [what, text] of [
    ["nothing comes", ""],
    ["only white space comes", " \n"],
    ["the marker is missing", `${anchor} ones.`],
    ["the marker is another one", `<resume-7f3a22>${anchor} ones.`],
    ["only the marker comes", marker],
    ["only marker and anchor come", `${marker}${anchor}`],
    ["the anchor is cut short", `${marker}${anchor.slice(6)} ones.`],
    ["the anchor has another case", `${marker}${anchor.toUpperCase()} ones.`],
    ["one character is changed", `${marker}${anchor.replace("waves", "wawes")} ones.`],
    ["white space in the anchor is changed", `${marker}${anchor.replace(" ", "  ")} ones.`],
    ["the anchor is in quotation marks", `${marker}"${anchor}" ones.`],
    ["the reply is in quotation marks", `"${marker}${anchor} ones."`],
    ["the reply is in single quotation marks", `'${marker}${anchor} ones.'`],
    ["the reply is in a fence", `\`\`\`\n${marker}${anchor} ones.\n\`\`\``],
    ["the reply is in bold", `**${marker}${anchor} ones.**`],
    ["the reply is a list", `- ${marker}${anchor} ones.`],
    ["the reply is in brackets", `(${marker}${anchor} ones.)`],
    ["the anchor comes twice at once", `${marker}${anchor}${anchor} ones.`],
    ["white space may be missing before the second marker", `${marker}${anchor}\n${marker}`],
    ["text follows the second marker", `${marker}${anchor}${marker} ones.`],
    ["the marker stops in the middle", `${marker}${anchor}${marker.slice(0, 7)}`],
    ["a long preamble comes first", `${"so ".repeat(80)}${marker}${anchor} ones.`],
    ["it goes on without a word", " ones."],
    ["it goes on behind dots", "... ones."],
    ["it refuses", "I'm sorry, but I can't continue that message."]
  ] as const) {
    it(`is refused where ${what}, and shows nothing`, () => {
      assert.deepStrictEqual(asked(text), ["Refused", ""])
    })
  }

  it("shows no marker that comes at the end of the text", () => {
    const text = `${marker}${anchor} ones.${marker}`
    for (const pieces of cuts(text)) {
      const [verdict, shown] = run(new AskedSeam(ask), pieces)
      assert.strictEqual(verdict, "Refused")
      assert.isTrue(" ones.".startsWith(shown))
    }
  })

  it("needs no words where a tool call follows the anchor", () => {
    assert.deepStrictEqual(run(new AskedSeam(ask), [marker + anchor], "more"), ["Proven", ""])
    assert.deepStrictEqual(run(new AskedSeam(ask), [marker], "more"), ["Refused", ""])
  })

  it("is exact for any rest, however it is cut, unless the rest repeats the anchor at once", () => {
    const pieces = FastCheck.array(FastCheck.string({ maxLength: 9, unit: "binary" }), { maxLength: 12 })
    FastCheck.assert(
      FastCheck.property(pieces, FastCheck.integer({ min: 1, max: 9 }), (rest, size) => {
        const text = rest.join("")
        FastCheck.pre(text !== "" && !text.startsWith(anchor) && !text.trimStart().startsWith("<r"))
        const reply = `${marker}${anchor}${text}`.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? []
        assert.deepStrictEqual(run(new AskedSeam(ask), reply), ["Proven", text])
      }),
      { numRuns: 2_000 }
    )
  })

  it("compares each character once, however much white space a server sends", () => {
    const seam = new AskedSeam(ask)
    seam.push(marker + anchor)
    for (let at = 0; at < 200_000; at++) seam.push(" ")
    assert.strictEqual(seam.push("x").length, 200_001)
  })
})

describe("the seam of a prefill", () => {
  const delivered = "Because of Rayleigh scattering, short waves"
  const prefilled = (text: string, echoes = false, before = delivered) => {
    const [first, ...others] = cuts(text).map((pieces) => run(new PrefilledSeam(before, echoes), pieces))
    for (const other of others) assert.deepStrictEqual(other, first)
    return first
  }

  it("appends what follows, as it comes", () => {
    assert.deepStrictEqual(prefilled(" are scattered."), ["Proven", " are scattered."])
    assert.deepStrictEqual(prefilled("\n\nBecause it is so."), ["Proven", "\n\nBecause it is so."])
  })

  it("is refused where the endpoint starts over in the same words", () => {
    assert.deepStrictEqual(prefilled(`${delivered} are scattered.`), ["Refused", ""])
    assert.deepStrictEqual(prefilled(`\n${delivered.slice(0, 24)}, and so on.`), ["Refused", ""])
    assert.deepStrictEqual(prefilled("ha ha ha", false, "ha"), ["Refused", ""])
  })

  it("is refused where it ends before anybody can tell", () => {
    assert.deepStrictEqual(prefilled("Because of"), ["Refused", ""])
  })

  it("is complete where nothing comes", () => {
    assert.deepStrictEqual(prefilled(""), ["Complete", ""])
  })

  it("cuts an echo, which must be whole", () => {
    assert.deepStrictEqual(prefilled(`${delivered} are scattered.`, true), ["Proven", " are scattered."])
    assert.deepStrictEqual(prefilled(" are scattered.", true), ["Refused", ""])
    assert.deepStrictEqual(prefilled(`${delivered.slice(0, 30)} otherwise.`, true), ["Refused", ""])
  })
})

describe("a seam behind a gap that was delivered", () => {
  const behind = (text: string) => {
    const [first, ...others] = cuts(text).map((pieces) => run(afterGap(new AskedSeam(ask), "\n\n"), pieces))
    for (const other of others) assert.deepStrictEqual(other, first)
    return first
  }

  it("appends what follows the gap", () => {
    assert.deepStrictEqual(behind(`${marker}${anchor}\n\n  Two.`), ["Proven", "  Two."])
    assert.deepStrictEqual(behind(`${marker}${anchor}${marker}`), ["Complete", ""])
  })

  it("is refused where the gap is another one", () => {
    assert.deepStrictEqual(behind(`${marker}${anchor} Two.`), ["Refused", ""])
    assert.deepStrictEqual(behind(`${marker}${anchor}\nTwo.`), ["Refused", ""])
    assert.deepStrictEqual(behind(`${marker}${anchor}\n`), ["Refused", ""])
  })
})
