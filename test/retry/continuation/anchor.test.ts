/**
 * The anchor: the last words of a broken answer, by which a model shows where it goes on.
 */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { anchorOf } from "../../../src/retry/internal/continuation/anchor.js"

/** The definition, word for word and as slow as that is. */
const naive = (text: string): string | undefined => {
  const all = text.trimStart()
  if (all === "" || all !== all.trimEnd() || /[\ud800-\udbff]$/.test(all)) return undefined
  const graphemes = new Set(
    Array.from(new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(all), ({ index }) => index)
  )
  const isGood = (anchor: string): boolean => {
    if (/^\s/.test(anchor)) return false
    if (text.indexOf(anchor) !== text.length - anchor.length) return false
    for (let period = 1; 2 * period <= anchor.length; period++) {
      if (anchor.slice(period) === anchor.slice(0, -period)) return false
    }
    return true
  }
  for (const isBoundary of [
    (at: number) => at === 0 || /\s/.test(all.charAt(at - 1)),
    (at: number) => graphemes.has(at)
  ]) {
    for (let length = Math.min(40, all.length); length <= Math.min(400, all.length); length++) {
      const at = all.length - length
      if (isBoundary(at) && isGood(all.slice(at))) return all.slice(at)
    }
  }
  return undefined
}

const texts = FastCheck.oneof(
  FastCheck.array(FastCheck.constantFrom("a", "b", " ", "ab", "word ", "\n", "1,50 ", "云", "\u{1f600}", "e\u0301"), {
    maxLength: 200
  }).map((pieces) => pieces.join("")),
  FastCheck.tuple(FastCheck.string({ minLength: 1, maxLength: 12 }), FastCheck.integer({ min: 1, max: 40 })).map(
    ([piece, times]) => piece.repeat(times)
  ),
  FastCheck.lorem({ maxCount: 60 })
)

describe("anchorOf", () => {
  it("is what its definition says, for any text", () => {
    FastCheck.assert(
      FastCheck.property(texts, (text) => {
        assert.strictEqual(anchorOf(text, text), naive(text))
      }),
      { numRuns: 3_000 }
    )
  })

  it("is unique in all that was delivered, also in other blocks", () => {
    const last = "The dose is 20 mg, and not a milligram more than that."
    assert.strictEqual(anchorOf(last, last), "20 mg, and not a milligram more than that.")
    assert.strictEqual(anchorOf(`${last} ${last}`, last), undefined)
    assert.strictEqual(
      anchorOf(`no milligram more than that.${last}`, last),
      "20 mg, and not a milligram more than that."
    )
  })

  it("does not exist in one line over and over", () => {
    const line = "Row, row, row your boat.\n"
    assert.strictEqual(anchorOf(line.repeat(3).trimEnd(), line.repeat(3).trimEnd()), undefined)
    assert.isDefined(anchorOf(line.trimEnd(), line.trimEnd()))
  })

  it("reads a long text once: what repeats everywhere costs no more", () => {
    // Each length would be searched for in all of it: 64 million steps by the naive definition.
    const text = `${"ab".repeat(100_000)}c${"ab".repeat(300)}`
    assert.strictEqual(anchorOf(text, text), undefined)
  })
})
