/**
 * Services that a program makes of one function: they keep the promises of every provider, also where the function does not.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Logger, LogLevel, Schema, Stream } from "effect"
import {
  type Checkpoint,
  Fallback,
  GenerationId,
  ModelEvent,
  ModelResponse,
  Provider,
  ProviderError
} from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const request = { model: "m", prompt: "Why is the sky blue?" }
const text = "Because short waves are scattered more than long ones."

const startOf = (attempt: number, route?: "ask"): ModelEvent.ModelEvent => ({
  _tag: "ResponseStart",
  attempt,
  generation: GenerationId.GenerationId.make("mine#1.1"),
  ...(route && { route })
})

const said = (index: number, text: string): ReadonlyArray<ModelEvent.ModelEvent> => [
  { _tag: "TextStart", index },
  { _tag: "TextDelta", index, text },
  { _tag: "TextEnd", index }
]

const finish = (text: string): ModelEvent.ModelEvent => ({ _tag: "Finish", response: ModelResponse.make({ text }) })

const from: Checkpoint.Checkpoint = { ...ModelEvent.fold(said(0, "Because ")), attempts: [], seams: [] }

const of = (events: ReadonlyArray<ModelEvent.ModelEvent>, then?: ProviderError.ProviderError) =>
  Provider.fromStream({
    id: "mine",
    stream: () => Stream.concat(Stream.fromIterable(events), then === undefined ? Stream.empty : Stream.fail(then))
  })

const whole = of([startOf(1), ...said(0, text), finish(text)])

const collected = <A, E>(stream: Stream.Stream<A, E>) =>
  Effect.gen(function* () {
    const seen: Array<A> = []
    const result = yield* stream.pipe(
      Stream.runForEach((a) => Effect.sync(() => void seen.push(a))),
      Effect.either
    )
    return { seen, error: result._tag === "Left" ? result.left : undefined }
  })

describe("a service from a stream", () => {
  it.effect("has all methods", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* whole.generate(request)).text, text)
      assert.strictEqual(Chunk.join(yield* Stream.runCollect(whole.streamText(request)), ""), text)
      const { seen } = yield* collected(whole.stream(request))
      assert.strictEqual(ModelEvent.fold(seen).text, text)
      const json = of([startOf(1), ...said(0, '{"value":["a","b"]}'), finish('{"value":["a","b"]}')])
      const object = { schema: Schema.Array(Schema.String) }
      assert.deepStrictEqual((yield* json.generateObject(request, object)).value, ["a", "b"])
      const elements = yield* Stream.runCollect(json.streamElements(request, { element: Schema.String }))
      assert.deepStrictEqual(Chunk.toReadonlyArray(elements), ["a", "b"])
    })
  )

  it.effect("asks for objects as it says, for each schema", () =>
    Effect.gen(function* () {
      for (const [structuredOutput, field] of [
        [undefined, "tools"],
        ["native", "output"],
        [(): "native" => "native", "output"]
      ] as const) {
        let asked: object = {}
        const service = Provider.fromStream({
          id: "mine",
          structuredOutput,
          stream: (request) => {
            asked = request
            return Stream.fail(new ProviderError.Overloaded())
          }
        })
        yield* Effect.flip(service.generateObject(request, { schema: Schema.Struct({ a: Schema.String }) }))
        assert.isDefined(Object.entries(asked).find(([name, value]) => name === field && value !== undefined))
      }
    })
  )

  it.effect("gives its function the delivery that holds", () =>
    Effect.gen(function* () {
      const deliveries: Array<string> = []
      const service = Provider.fromStream({
        id: "mine",
        stream: (_, { delivery }) => {
          deliveries.push(delivery)
          return Stream.fail(new ProviderError.Overloaded())
        }
      })
      yield* Effect.flip(service.generate(request))
      yield* collected(service.stream(request))
      yield* collected(service.stream(request, { delivery: "hold" }))
      yield* collected(service.stream(request, { from }))
      yield* collected(service.streamText(request))
      assert.deepStrictEqual(deliveries, ["restart", "restart", "hold", "resume", "resume"])
    })
  )

  it.effect("never ends in silence", () =>
    Effect.gen(function* () {
      const silent = of([startOf(1), ...said(0, "Beca")])
      const { error, seen } = yield* collected(silent.streamText(request))
      assert.deepStrictEqual([error?._tag, error?.provider, seen], ["StreamTruncated", "mine", ["Beca"]])
      assert.strictEqual((yield* Effect.flip(silent.generate(request)))._tag, "StreamTruncated")
    })
  )

  it.scoped("says what it delivered where its function ends too early, and another provider goes on with that", () =>
    Effect.gen(function* () {
      const service = of([startOf(1), ...said(0, "Because short waves")])
      const error = yield* Effect.flip(Stream.runDrain(service.stream(request)))
      assert.deepStrictEqual(
        [error._tag, error.delivered, error.partial?.text, error.checkpoint?.text, error.attempts.length],
        ["StreamTruncated", "text", "Because short waves", "Because short waves", 1]
      )
      const rest = " are scattered more than long ones."
      const { provider } = yield* ScriptedProvider.make([ScriptedProvider.resumed(rest)])
      const both = yield* Fallback.make([{ provider: service }, { provider }])
      assert.strictEqual(yield* Stream.mkString(both.streamText(request)), text)
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )

  it.effect("holds back what its function does not", () =>
    Effect.gen(function* () {
      const events = [
        startOf(1),
        ...said(0, "No, "),
        {
          _tag: "Superseded",
          attempt: 1,
          fromIndex: 0,
          error: { tag: "StreamDropped", description: "", message: "" },
          discarded: ModelEvent.fold([]),
          retryAt: 0
        } as const,
        startOf(2),
        ...said(0, text)
      ]
      const { error, seen } = yield* collected(
        of(events, new ProviderError.StreamDropped()).stream(request, { delivery: "hold" })
      )
      assert.deepStrictEqual([error?._tag, seen], ["StreamDropped", []])
      const good = yield* collected(of([...events, finish(text)]).stream(request, { delivery: "hold" }))
      assert.deepStrictEqual(
        good.seen.map(({ _tag }) => _tag),
        ["ResponseStart", "TextStart", "TextDelta", "TextEnd", "Finish"]
      )
      assert.strictEqual(ModelEvent.fold(good.seen).text, text)
    })
  )

  it.effect("voids what an answer that begins anew replaces", () =>
    Effect.gen(function* () {
      const { seen } = yield* collected(
        of([startOf(1), ...said(0, "No, "), startOf(2), ...said(0, text), finish(text)]).stream(request)
      )
      assert.strictEqual(ModelEvent.fold(seen).text, text)
      const after = yield* collected(whole.stream(request, { delivery: "restart", from }))
      assert.strictEqual(after.seen[0]?._tag, "Superseded")
      assert.strictEqual(ModelEvent.fold(after.seen, from).text, text)
    })
  )

  for (const delivery of ["resume", "fail"] as const) {
    it.effect(`never takes text back, with ${delivery}`, () =>
      Effect.gen(function* () {
        const twice = of([startOf(1), ...said(0, "No, "), startOf(2), ...said(0, text), finish(text)])
        const { error, seen } = yield* collected(twice.stream(request, { delivery }))
        assert.strictEqual(error?._tag, "SeamNotProven")
        assert.strictEqual(ModelEvent.fold(seen).text, "No, ")
        const again = yield* collected(whole.stream(request, { delivery, from }))
        assert.deepStrictEqual([again.error?._tag, again.seen], ["SeamNotProven", []])
      })
    )
  }

  it.effect("may go on from a checkpoint", () =>
    Effect.gen(function* () {
      const rest: ReadonlyArray<ModelEvent.ModelEvent> = [
        startOf(2, "ask"),
        ...said(1, "of Rayleigh."),
        finish("Because of Rayleigh.")
      ]
      const shown = Chunk.join(yield* Stream.runCollect(of(rest).streamText(request, { from })), "")
      assert.strictEqual(shown, "of Rayleigh.")
    })
  )
})

describe("blocks whose numbers have gaps", () => {
  it.scoped("keep their numbers where another provider goes on with them", () =>
    Effect.gen(function* () {
      // The number 0 was kept free for reasoning that never came, and the text is still open.
      const beginning = [startOf(1), ...said(1, text.slice(0, 30)).slice(0, 2)]
      const checkpoint = { ...ModelEvent.fold(beginning), attempts: [], seams: [] }
      const first = of(beginning, new ProviderError.StreamDropped({ attempt: 1, checkpoint }))
      const second = yield* ScriptedProvider.make([ScriptedProvider.resumed(text.slice(30))])
      const service = yield* Fallback.make([{ provider: first }, { provider: second.provider }])
      const { error, seen } = yield* collected(service.stream(request, { delivery: "resume" }))
      assert.isUndefined(error)
      assert.strictEqual(ModelEvent.fold(seen).text, text)
      const numbers = new Set(seen.flatMap((event) => ("index" in event ? [event.index] : [])))
      assert.deepStrictEqual([...numbers], [1])
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )
})
