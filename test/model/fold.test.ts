/**
 * Folding events is total: whatever events a program has stored, in whatever order, they give a checkpoint, at once; and
 * folding them in two pieces gives what folding them in one does.
 */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { GenerationId, ModelEvent, ModelResponse } from "effect-redial"

type Event = ModelEvent.ModelEvent

const generation = GenerationId.GenerationId.make("vendor#1.1")

const strange = [-1, -0, 0.5, 1.5, -1e9, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, Number.MAX_VALUE, Number.NaN]
const index = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(...strange, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
  { weight: 1, arbitrary: fc.double() }
)

const text = fc.string({ maxLength: 4 })

const attempt = (number: number) => ({
  attempt: number,
  generation,
  startedAt: 0,
  endedAt: 1,
  error: { tag: "StreamDropped" as const, description: "it broke", message: "it broke" },
  delivered: "text" as const
})

/** The start of an attempt, which may tell of those before it. */
const started = (number: number, tells: boolean): Event => ({
  _tag: "ResponseStart",
  attempt: number,
  generation,
  startedAt: number * 10,
  ...(number % 2 === 1 && { usage: { inputTokens: number } }),
  ...(tells && { attempts: Array.from({ length: number - 1 }, (_, at) => attempt(at + 1)) })
})

const superseded = (number: number, fromIndex: number): Event => ({
  _tag: "Superseded",
  attempt: number,
  fromIndex,
  error: attempt(number).error,
  discarded: { text: "", blocks: [], delivered: "nothing" },
  retryAt: 0
})

const finish: Event = { _tag: "Finish", response: ModelResponse.make({ text: "a" }) }

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ _tag: fc.constantFrom("TextStart" as const, "ReasoningStart" as const), index }),
  fc.record({ _tag: fc.constantFrom("TextDelta" as const, "ReasoningDelta" as const), index, text }),
  fc.record({ _tag: fc.constantFrom("TextEnd" as const, "ToolCallEnd" as const), index }),
  fc.record({ _tag: fc.constant("ReasoningEnd" as const), index, signature: fc.option(text, { nil: undefined }) }),
  fc.record({ _tag: fc.constant("ToolCallStart" as const), index, id: text, name: text }),
  fc.record({ _tag: fc.constant("ToolCallDelta" as const), index, json: text }),
  fc.record({ _tag: fc.constant("ProviderPart" as const), index, name: text, value: fc.jsonValue() }),
  fc.record({ _tag: fc.constant("Citation" as const), index, title: text, value: fc.jsonValue() }),
  fc.record({ _tag: fc.constant("Raw" as const), attempt: fc.integer({ min: 1, max: 3 }), data: text }),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.boolean()).map((of) => started(...of)),
  fc.tuple(fc.integer({ min: 1, max: 3 }), index).map((of) => superseded(...of)),
  fc.constant(finish)
)

/** A block with its start, its pieces and, mostly, its end. */
const block = fc.tuple(
  fc.constantFrom("text", "reasoning", "tool-call", "provider", "citation"),
  fc.array(text, { maxLength: 4 }),
  fc.integer({ min: 0, max: 4 })
)

const blockEvents = (
  [type, pieces, end]: readonly [type: string, pieces: ReadonlyArray<string>, end: number],
  index: number
): ReadonlyArray<Event> => {
  const over = end > 0
  switch (type) {
    case "text":
      return [
        { _tag: "TextStart", index },
        ...pieces.map((text): Event => ({ _tag: "TextDelta", index, text })),
        ...(over ? [{ _tag: "TextEnd", index } as const] : [])
      ]
    case "reasoning":
      return [
        { _tag: "ReasoningStart", index, protocol: "p" },
        ...pieces.map((text): Event => ({ _tag: "ReasoningDelta", index, text })),
        ...(over ? [{ _tag: "ReasoningEnd", index, signature: "s" } as const] : [])
      ]
    case "tool-call":
      return [
        { _tag: "ToolCallStart", index, id: "c", name: "f" },
        ...pieces.map((json): Event => ({ _tag: "ToolCallDelta", index, json })),
        ...(over ? [{ _tag: "ToolCallEnd", index } as const] : [])
      ]
    case "citation":
      return [{ _tag: "Citation", index, url: "https://a/", value: pieces, protocol: "p" }]
    default:
      return [{ _tag: "ProviderPart", index, name: "p", value: pieces, protocol: "p" }]
  }
}

/** Attempts that begin anew, each but the last one voided, as a stream tells of them. */
const stream = fc
  .array(fc.array(block, { maxLength: 4 }), { minLength: 1, maxLength: 3 })
  .map(
    (attempts): ReadonlyArray<Event> =>
      attempts.flatMap((blocks, at) => [
        started(at + 1, true),
        ...blocks.flatMap(blockEvents),
        ...(at + 1 < attempts.length ? [superseded(at + 1, 0)] : [])
      ])
  )

/** Without the starts of blocks that leave a place empty: a checkpoint knows the order of its blocks, and no numbers. */
const inOrder = (events: ReadonlyArray<Event>): ReadonlyArray<Event> => {
  const kept: Array<Event> = []
  for (const event of events) {
    const starts = event._tag.endsWith("Start") || event._tag === "ProviderPart" || event._tag === "Citation"
    const leavesGap = starts && "index" in event && event.index > ModelEvent.fold(kept).blocks.length
    if (!leavesGap) kept.push(event)
  }
  return kept
}

/** In two pieces, cut at every place. */
const cutsAgree = (events: ReadonlyArray<Event>): void => {
  const whole = ModelEvent.fold(events)
  for (let at = 0; at <= events.length; at++) {
    const first = ModelEvent.fold(events.slice(0, at))
    assert.deepStrictEqual(ModelEvent.fold(events.slice(at), first), whole, `cut at ${at}`)
  }
}

describe("ModelEvent.fold", () => {
  it("takes any events at all", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const { blocks, text } = ModelEvent.fold(events)
        assert.isAtMost(blocks.length, events.length)
        assert.strictEqual(text, blocks.map((block) => (block.type === "text" ? block.text : "")).join(""))
      }),
      { numRuns: 500 }
    )
  })

  it("walks no further than the most blocks that an answer may have, whatever the index", () => {
    const before = performance.now()
    for (let round = 0; round < 20; round++) {
      for (const index of [...strange, 65_535, 65_536]) {
        const folded = ModelEvent.fold([
          { _tag: "TextStart", index },
          { _tag: "TextDelta", index, text: "far" }
        ])
        assert.strictEqual(folded.text, index === 0 || index === 65_535 ? "far" : "", `index ${index}`)
      }
    }
    assert.isBelow(performance.now() - before, 4_000)
  })

  it("counts what the vendor told at the start of an attempt that still runs, as a lower bound", () => {
    const { attempts } = ModelEvent.fold([started(1, false)])
    assert.deepStrictEqual(
      attempts.map(({ usage, usageIsPartial }) => [usage, usageIsPartial]),
      [[{ inputTokens: 1 }, true]]
    )
  })

  it("keeps a place for a block that comes later than those after it", () => {
    const folded = ModelEvent.fold([
      { _tag: "TextStart", index: 1 },
      { _tag: "TextDelta", index: 1, text: "second" },
      { _tag: "ProviderPart", index: 0, name: "first", value: {} }
    ])
    assert.deepStrictEqual(
      folded.blocks.map(({ type }) => type),
      ["provider", "text"]
    )
  })

  it("gives the same in two pieces, of a stream", () => {
    fc.assert(fc.property(stream, cutsAgree), { numRuns: 200 })
  })

  it("gives the same in two pieces, of any events whose blocks leave no place empty", () => {
    const events = fc.array(anyEvent, { maxLength: 20 }).map(inOrder)
    fc.assert(fc.property(events, cutsAgree), { numRuns: 500 })
  })

  it("leaves the checkpoint that it goes on from as it was", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
        const from = ModelEvent.fold(events)
        const copy = structuredClone(from)
        ModelEvent.fold(events, from)
        assert.deepStrictEqual(from, copy)
      })
    )
  })
})
