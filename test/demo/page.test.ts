/**
 * The judge of the demo is not blind: it sees what is missing and what is there twice.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Schedule, Stream } from "effect"
import { GenerationId, type ModelEvent } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { type Answer, answerOf, compare, Page } from "../../docs/examples/demo/page.js"
import { isGood, type Run, report } from "../../docs/examples/demo/report.js"

const call = { id: "call_1", name: "weather", arguments: { city: "Oslo", days: [1, 2] } }
const meant: Answer = { text: "one two three", reasoning: "", toolCalls: [call] }

type Events = ReadonlyArray<ModelEvent.ModelEvent>

const generation = GenerationId.GenerationId.make("demo#1.1")
const start = (attempt: number): Events => [{ _tag: "ResponseStart", attempt, generation }]
const said = (...pieces: ReadonlyArray<string>): Events => [
  { _tag: "TextStart", index: 0 },
  ...pieces.map((text) => ({ _tag: "TextDelta", index: 0, text }) as const),
  { _tag: "TextEnd", index: 0 }
]
const called = (index = 1, json = JSON.stringify(call.arguments)): Events => [
  { _tag: "ToolCallStart", index, id: call.id, name: call.name },
  { _tag: "ToolCallDelta", index, json },
  { _tag: "ToolCallEnd", index }
]
const superseded = (fromIndex: number): Events => [
  {
    _tag: "Superseded",
    attempt: 1,
    fromIndex,
    error: { tag: "StreamDropped", description: "gone", message: "gone" },
    discarded: { text: "", blocks: [], delivered: "text" },
    retryAt: 0
  }
]

const pageOf = (...parts: ReadonlyArray<Events>): Page => {
  const page = new Page()
  for (const event of parts.flat()) page.take(event)
  return page
}

const judge = (...parts: ReadonlyArray<Events>) => compare(meant, [pageOf(...parts).answer()])

const whole = [start(1), said("one ", "two ", "three"), called()] as const

describe("the demo's judge", () => {
  const cases: ReadonlyArray<readonly [string, ReturnType<typeof judge>, readonly [boolean, boolean]]> = [
    ["finds nothing in a whole answer", judge(...whole), [false, false]],
    [
      "finds nothing where a drop was said and honoured",
      judge(start(1), said("one "), superseded(0), ...whole),
      [false, false]
    ],
    ["keeps what stands before the voided block", judge(...whole, superseded(1), start(2), called()), [false, false]],
    ["sees a lost piece", judge(start(1), said("one ", "three"), called()), [true, false]],
    ["sees a piece that came twice", judge(start(1), said("one ", "two ", "two ", "three"), called()), [false, true]],
    ["sees one piece lost and another twice", judge(start(1), said("one ", "one ", "three"), called()), [true, true]],
    ["sees a block repeated without a word", judge(start(1), said("one "), ...whole), [false, true]],
    ["sees a lost call", judge(start(1), said(meant.text)), [true, false]],
    ["sees a call that came twice", judge(start(1), said(meant.text), called(1), called(2)), [false, true]],
    ["sees cut arguments", judge(start(1), said(meant.text), called(1, '{"city":')), [true, true]],
    ["sees another text altogether", judge(start(1), said("four"), called()), [true, true]]
  ]
  for (const [name, { duplicated, lost }, expected] of cases) {
    it(name, () => assert.deepStrictEqual([lost, duplicated], expected))
  }

  it("takes no offence at the order of an argument's keys", () => {
    const turned = called(1, JSON.stringify({ days: [1, 2], city: "Oslo" }))
    assert.deepStrictEqual(judge(start(1), said(meant.text), turned), { lost: false, duplicated: false })
  })

  it("counts an answer that never came as lost", () =>
    assert.deepStrictEqual(compare(meant, [meant, undefined]), { lost: true, duplicated: false }))
})

describe("the demo's report", () => {
  const stats = { current: undefined, acquired: 2, released: 2, draining: 0, failedBuilds: 0 }
  const pools = { anthropic: stats, openai: stats }

  /** A real response after one drop, with whatever the server is said to have meant. */
  const ran = (intended: Answer): Effect.Effect<Run> =>
    Effect.gen(function* () {
      const script = [
        ScriptedProvider.drop({ text: meant.text, toolCalls: [call] }, { afterEvents: 4 }),
        ScriptedProvider.answer({ text: meant.text, toolCalls: [call] })
      ] as const
      const { provider } = yield* ScriptedProvider.make(script, { retry: Schedule.recurs(1) })
      const events = yield* Stream.runCollect(provider.stream({ model: "any", prompt: "Say it." }))
      const last = Chunk.unsafeLast(events)
      assert(last._tag === "Finish")
      const page = pageOf(Chunk.toReadonlyArray(events))
      assert.deepStrictEqual(page.answer(), answerOf(last.response))
      return { meant: intended, page, response: last.response, attempts: last.response.attempts }
    }).pipe(Effect.scoped, Effect.orDie)

  it.live("is good where all came as it was meant", () =>
    Effect.gen(function* () {
      const result = report([yield* ran(meant)], pools, 0)
      const { completed, drops, duplicated, lost, redials, streams } = result
      assert.deepStrictEqual([streams, drops, redials, completed, lost, duplicated], [1, 1, 1, 1, 0, 0])
      assert.isTrue(isGood(result))
      assert.isFalse(isGood(report([yield* ran(meant)], pools, 1)), "a socket is left open")
      const leaking = { ...pools, openai: { ...stats, released: 1 } }
      assert.isFalse(isGood(report([yield* ran(meant)], leaking, 0)), "a pool is left open")
    })
  )

  it.live("is bad where the server had meant something else", () =>
    Effect.gen(function* () {
      const longer = report([yield* ran({ ...meant, text: `${meant.text} four` })], pools, 0)
      assert.deepStrictEqual([longer.lost, longer.duplicated, isGood(longer)], [1, 0, false])
      const shorter = report([yield* ran({ ...meant, text: "one two" })], pools, 0)
      assert.deepStrictEqual([shorter.lost, shorter.duplicated, isGood(shorter)], [0, 1, false])
    })
  )

  it.live("counts a stream that failed as lost", () =>
    Effect.gen(function* () {
      const { attempts, page } = yield* ran(meant)
      const result = report([{ meant, page, response: undefined, attempts }], pools, 0)
      assert.deepStrictEqual([result.completed, result.lost, isGood(result)], [0, 1, false])
    })
  )
})
