/**
 * White space and half a pair at the end of what came: held back until the next character, and nothing lost by it.
 */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { ModelEvent } from "effect-redial"
import { Gap } from "../../../src/retry/internal/continuation/gap.js"

const blocks = FastCheck.array(
  FastCheck.array(FastCheck.constantFrom("a", "b ", " ", "\n\n", "\ud83d", "\ude00", "\u{1f600} ", "word"), {
    maxLength: 8
  }),
  { maxLength: 4 }
)

const eventsOf = (texts: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<ModelEvent.ModelEvent> =>
  texts.flatMap((pieces, index) => [
    { _tag: "TextStart", index },
    ...pieces.map((text) => ({ _tag: "TextDelta", index, text }) as const),
    { _tag: "TextEnd", index },
    { _tag: "ProviderPart", index: index + 100, name: "other", value: index }
  ])

const endsInGap = (text: string): boolean => /[\s\ud800-\udbff]$/.test(text)

/** Whether a pair was given in two halves. */
const hasSplitPair = (events: ReadonlyArray<ModelEvent.ModelEvent>): boolean => {
  const deltas = events.filter((event) => event._tag === "TextDelta")
  return deltas.some(({ index, text }, at) => {
    const next = deltas.slice(at + 1).find((later) => later.index === index)
    return /[\ud800-\udbff]$/.test(text) && next !== undefined && /^[\udc00-\udfff]/.test(next.text)
  })
}

describe("a gap", () => {
  it("is never the end of delivered text, and all of it comes in the end", () => {
    FastCheck.assert(
      FastCheck.property(blocks, FastCheck.integer({ min: 1, max: 5 }), (texts, size) => {
        const gap = new Gap()
        const all = eventsOf(texts)
        const given: Array<ModelEvent.ModelEvent> = []
        for (let at = 0; at < all.length; at += size) {
          const events = all.slice(at, at + size)
          gap.hold(events, 0)
          given.push(...events)
          assert.isFalse(endsInGap(ModelEvent.fold(given).text))
        }
        assert.isFalse(hasSplitPair(given))
        gap.release(given)
        assert.deepStrictEqual(ModelEvent.fold(given).blocks, ModelEvent.fold(all).blocks)
      }),
      { numRuns: 2_000 }
    )
  })

  it("leaves events as they are where no text ends in one", () => {
    const gap = new Gap()
    const events = [...eventsOf([["a", "b", " c"]])]
    const before = [...events]
    gap.hold(events, 0)
    assert.deepStrictEqual(events, before)
  })

  it("looks at each character once, however much white space comes", () => {
    const gap = new Gap()
    for (let at = 0; at < 200_000; at++) gap.hold([{ _tag: "TextDelta", index: 0, text: " " }], 0)
    const events: Array<ModelEvent.ModelEvent> = [{ _tag: "TextDelta", index: 0, text: "x" }]
    gap.hold(events, 0)
    assert.strictEqual(events[0]?._tag === "TextDelta" && events[0].text.length, 200_001)
  })
})
