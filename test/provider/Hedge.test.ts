/**
 * Calls that are sent again where their answer is late: who wins, what becomes of the other one, and what is told of it; in
 * each method of a provider, over real sockets.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Chunk,
  Context,
  Effect,
  Exit,
  Fiber,
  FastCheck as fc,
  Layer,
  Logger,
  LogLevel,
  Option,
  Redacted,
  Schedule,
  Schema,
  Stream,
  TestClock
} from "effect"
import {
  Fallback,
  Hedge,
  InvalidOptions,
  ModelEvent,
  ModelResponse,
  Provider,
  ProviderError,
  RetryBudget,
  Router,
  Vendors
} from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { Latencies } from "../../src/provider/internal/hedge/latencies.js"

const protocol = "anthropic-messages" as const
const request = { model: "m", prompt: "Why is the sky blue?" }
const text = "Because air scatters blue light most."
const answer = Reply.stream(Wire.answer(protocol, { text }))
const stalls = Reply.stallBeforeHead
const overloaded = Reply.status(529, { body: Wire.errorBody(protocol) })
const soon = { after: "60 millis" } as const

const provider = (url: string, id = "vendor") =>
  Provider.make(Vendors.custom({ id, protocol, baseUrl: url }), {
    apiKey: Redacted.make("key"),
    retry: Schedule.recurs(2)
  })

const world = (script: FaultServer.Script, id = "vendor") =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make(script)
    return { server, service: yield* provider(server.url, id) }
  })

const collect = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

describe("a hedge", () => {
  it.scopedLive("sends a call again over another connection, takes what speaks first, and frees the other socket", () =>
    Effect.gen(function* () {
      const { server, service } = yield* world([stalls, answer])
      const hedge = yield* Hedge.make([service], soon)
      const response = yield* hedge.generate(request)
      assert.strictEqual(response.text, text)
      const [first, second] = yield* server.requests
      assert.notStrictEqual(first?.connection, second?.connection)
      assert.strictEqual(first?.body, second?.body)
      const { closedByClient } = yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen <= 1)
      assert.strictEqual(closedByClient, 1)
      assert.deepStrictEqual(
        response.attempts.map(({ attempt, error, provider, usage }) => [
          attempt,
          provider,
          error?.tag,
          usage === undefined
        ]),
        [
          [0, "vendor", "Abandoned", true],
          [1, "vendor", undefined, false]
        ]
      )
      assert.include(response.attempts[0]?.error?.message, "what it cost is not known")
      assert.isFalse(ModelResponse.totalUsage(response).exact)
    })
  )

  it.scopedLive("sends nothing again where the answer begins in time, however long it takes then", () =>
    Effect.gen(function* () {
      const slow = Reply.hold(answer, { afterEvents: 1 }, 500)
      const { server, service } = yield* world([slow])
      // Loads the SDK, which takes longer than an answer here.
      yield* service.generate(request)
      const hedge = yield* Hedge.make([service], { after: "400 millis" })
      const response = yield* hedge.generate(request)
      assert.deepStrictEqual([response.text, response.attempts.length], [text, 1])
      assert.strictEqual((yield* server.stats).requests, 2)
    })
  )

  it.scopedLive("asks the next provider, with the model's name there", () =>
    Effect.gen(function* () {
      const slow = yield* world([stalls], "slow")
      const quick = yield* world([answer], "quick")
      const hedge = yield* Hedge.make([slow.service, { provider: quick.service, model: "other" }], soon)
      const response = yield* hedge.generate(request)
      assert.deepStrictEqual(
        response.attempts.map(({ model, provider }) => [provider, model]),
        [
          ["slow", "m"],
          ["quick", "other"]
        ]
      )
      assert.strictEqual((yield* quick.server.requests)[0]?.model, "other")
      yield* slow.server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  it.scopedLive("sends as often as it may, and no more often", () =>
    Effect.gen(function* () {
      const { server, service } = yield* world(({ index }) => (index < 4 ? stalls : answer))
      const hedge = yield* Hedge.make([service], { ...soon, most: 2 })
      const fiber = yield* Effect.fork(hedge.generate(request))
      yield* server.awaitStats(({ requests }) => requests === 3)
      yield* Effect.sleep("200 millis")
      assert.strictEqual((yield* server.stats).requests, 3)
      yield* Fiber.interrupt(fiber)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  it.scopedLive("frees all sockets where its consumer is interrupted", () =>
    Effect.gen(function* () {
      const { server, service } = yield* world([stalls])
      const hedge = yield* Hedge.make([service], soon)
      for (const call of [hedge.generate(request), Stream.runDrain(hedge.stream(request))]) {
        const before = (yield* server.stats).requests
        const fiber = yield* Effect.fork(call)
        yield* server.awaitStats(({ requests }) => requests === before + 2)
        yield* Fiber.interrupt(fiber)
        yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      }
    })
  )

  it.scopedLive("goes on with the race while a pull is interrupted and made again, and loses no event", () =>
    Effect.gen(function* () {
      const { server, service } = yield* world([stalls, Reply.hold(answer, { afterEvents: 0 }, 300)])
      const hedge = yield* Hedge.make([service], soon)
      const pull = yield* Stream.toPull(hedge.streamText(request))
      const texts: Array<string> = []
      let beats = 0
      while (true) {
        const next = yield* Effect.timeoutOption(Effect.either(pull), "20 millis")
        if (Option.isNone(next)) beats++
        else if (next.value._tag === "Left") break
        else texts.push(...next.value.right)
      }
      assert.strictEqual(texts.join(""), text)
      assert.isAbove(beats, 5)
      assert.strictEqual((yield* server.stats).requests, 2)
    })
  )
})

describe("a call that fails", () => {
  it.scopedLive("before its first event leaves the answer to the one that is on its way", () =>
    Effect.gen(function* () {
      const failing = yield* world([Reply.hold(overloaded, { afterEvents: 0 }, 200)], "failing")
      const late = yield* world([Reply.hold(answer, { afterEvents: 0 }, 600)], "late")
      const single = yield* Provider.make(Vendors.custom({ id: "failing", protocol, baseUrl: failing.server.url }), {
        apiKey: Redacted.make("key"),
        retry: Schedule.stop
      })
      const hedge = yield* Hedge.make([single, late.service], soon)
      const response = yield* hedge.generate(request)
      assert.strictEqual(response.text, text)
      assert.strictEqual(response.attempts.at(-1)?.provider, "late")
    })
  )

  it.scopedLive("has its own attempts only: those of providers before the hedge are told once", () =>
    Effect.gen(function* () {
      const usage = { inputTokens: 10, outputTokens: 20 }
      const whole = Reply.stream(Wire.answer(protocol, { text, usage }))
      const before = yield* world([Reply.cut(whole, { afterEvents: 3 }, "rst"), stalls, overloaded, whole], "before")
      const first = yield* Provider.make(Vendors.custom({ id: "before", protocol, baseUrl: before.server.url }), {
        apiKey: Redacted.make("key"),
        retry: Schedule.stop
      })
      const hedge = yield* Hedge.make([first], { after: "60 millis", most: 2 })
      const service = yield* Fallback.make([{ provider: first }, { provider: hedge }])
      const response = yield* service.generate(request)
      assert.deepStrictEqual(
        response.attempts.map(({ attempt, error }) => [attempt, error?.tag]),
        [
          [1, "StreamDropped"],
          [0, "Abandoned"],
          [0, "Overloaded"],
          [2, undefined]
        ]
      )
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )

  it.scoped("ends the call at once where no other is on its way", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* ScriptedProvider.make([ScriptedProvider.status(400)])
      const hedge = yield* Hedge.make([provider], soon)
      const error = yield* Effect.flip(hedge.generate(request))
      assert.deepStrictEqual([error._tag, (yield* requests).length], ["InvalidRequest", 1])
    })
  )

  const stuck = (error: ProviderError.ProviderError, after: number) =>
    Provider.fromStream({
      id: error.provider,
      stream: () => Stream.fromEffect(Effect.delay(Effect.fail(error), after))
    })

  it.scoped("ends it with the error of the first one where all have failed, whichever was last", () =>
    Effect.gen(function* () {
      for (const [one, other] of [
        [200, 50],
        [150, 300]
      ] as const) {
        const first = stuck(new ProviderError.Overloaded({ provider: "first" }), one)
        const second = stuck(new ProviderError.ServerError({ provider: "second" }), other)
        const hedge = yield* Hedge.make([first, second], { after: 100 })
        const fiber = yield* Effect.fork(Effect.flip(hedge.generate(request)))
        yield* TestClock.adjust("1 second")
        const error = yield* Fiber.join(fiber)
        assert.deepStrictEqual([error._tag, error.provider], ["Overloaded", "first"])
      }
    })
  )

  it.scoped("by a defect ends it, also where another one is on its way", () =>
    Effect.gen(function* () {
      const dies = Provider.fromStream({ id: "dies", stream: () => Stream.die(new Error("broken")) })
      const first = stuck(new ProviderError.Overloaded({ provider: "first" }), 1_000)
      const hedge = yield* Hedge.make([first, dies], { after: 100 })
      const fiber = yield* Effect.fork(Effect.exit(hedge.generate(request)))
      yield* TestClock.adjust("200 millis")
      const exit = yield* Fiber.join(fiber)
      assert(Exit.isFailure(exit) && Cause.isDie(exit.cause))
    })
  )

  it.scopedLive("after its first event is its own provider's to mend: the other one was stopped", () =>
    Effect.gen(function* () {
      const { server, service } = yield* world(({ json }) => {
        const ask = Wire.asked(json)
        if (ask !== undefined) {
          const rest = text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
          return Reply.stream(Wire.answer(protocol, { text: Wire.resumed(ask, rest) }))
        }
        return Reply.cut(answer, { afterEvents: 5 }, "rst")
      })
      const slow = yield* world([stalls], "slow")
      const hedge = yield* Hedge.make([slow.service, service], soon)
      const texts = yield* collect(hedge.streamText(request))
      assert.strictEqual(texts.join(""), text)
      assert.deepStrictEqual([(yield* server.stats).requests, (yield* slow.server.stats).requests], [2, 1])
    })
  )
})

describe("each method of a provider", () => {
  const Sky = Schema.Struct({ why: Schema.String })
  const object = { schema: Sky }
  const json = JSON.stringify({ why: text })
  const reply: FaultServer.Script = ({ index, json: body }) => {
    if (index % 2 === 1) return stalls
    const tools = (body as { readonly tools?: ReadonlyArray<{ readonly name: string }> }).tools ?? []
    const [tool] = tools
    const calls = [{ id: "call_1", name: tool?.name ?? "", arguments: { why: text } }]
    return Reply.stream(Wire.answer(protocol, tool === undefined ? { text: json } : { toolCalls: calls }))
  }

  for (const delivery of ["restart", "resume", "hold", "fail"] as const) {
    it.scopedLive(`stream, with the delivery ${delivery}`, () =>
      Effect.gen(function* () {
        const { service } = yield* world([stalls, answer])
        const hedge = yield* Hedge.make([service], soon)
        const events = yield* collect(hedge.stream(request, { delivery }))
        const finish = events.at(-1)
        assert(finish?._tag === "Finish")
        assert.strictEqual(ModelEvent.fold(events).text, text)
        assert.deepStrictEqual(
          events.map(({ _tag }) => _tag).filter((tag) => tag === "ResponseStart" || tag === "Superseded"),
          ["ResponseStart"]
        )
        assert.deepStrictEqual(
          finish.response.attempts.map(({ attempt }) => attempt),
          [0, 1]
        )
      })
    )
  }

  it.scopedLive("hold and generate are decided by the first event, not by the end", () =>
    Effect.gen(function* () {
      const slow = Reply.hold(answer, { afterEvents: 2 }, 500)
      const { server, service } = yield* world([slow])
      yield* service.generate(request)
      const hedge = yield* Hedge.make([service], { after: "250 millis" })
      yield* hedge.generate(request)
      yield* Stream.runDrain(hedge.stream(request, { delivery: "hold" }))
      assert.strictEqual((yield* server.stats).requests, 3)
    })
  )

  it.scopedLive("generateObject, streamObject and streamElements, each in the way of the member", () =>
    Effect.gen(function* () {
      const { service } = yield* world(reply)
      const hedge = yield* Hedge.make([service], soon)
      const made = yield* hedge.generateObject(request, object)
      assert.strictEqual(made.value.why, text)
      assert.deepStrictEqual(
        made.response.attempts.map(({ attempt }) => attempt),
        [0, 1]
      )
      const done = (yield* collect(hedge.streamObject(request, { ...object, structuredOutput: "tool" }))).at(-1)
      assert(done?._tag === "ObjectDone")
      assert.strictEqual(done.value.why, text)
      assert.strictEqual(done.response.attempts.length, 2)

      const list = Reply.stream(Wire.answer(protocol, { text: JSON.stringify({ value: ["a", "b", "c"] }) }))
      const lists = yield* world([stalls, list])
      const elements = yield* Hedge.make([lists.service], soon)
      const asked = { element: Schema.String, structuredOutput: "native" } as const
      assert.deepStrictEqual(yield* collect(elements.streamElements(request, asked)), ["a", "b", "c"])
    })
  )

  it.scopedLive("gives what a schema needs of its context", () =>
    Effect.gen(function* () {
      class Suffix extends Context.Tag("Suffix")<Suffix, string>() {}
      const Suffixed = Schema.transformOrFail(Schema.String, Schema.String, {
        decode: (value) => Effect.map(Suffix, (suffix) => value + suffix),
        encode: (value) => Effect.succeed(value)
      })
      const { service } = yield* world(reply)
      const hedge = yield* Hedge.make([service], soon)
      const stream = hedge.streamObject(request, { schema: Schema.Struct({ why: Suffixed }) })
      const done = (yield* collect(Stream.provideService(stream, Suffix, "!"))).at(-1)
      assert(done?._tag === "ObjectDone")
      assert.strictEqual(done.value.why, `${text}!`)
    })
  )

  it.scopedLive("a call that goes on from a checkpoint is not sent twice", () =>
    Effect.gen(function* () {
      const { server, service } = yield* world(({ json }) => {
        const ask = Wire.asked(json)
        if (ask === undefined) return Reply.cut(answer, { afterEvents: 5 }, "rst")
        const rest = text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
        return Reply.hold(
          Reply.stream(Wire.answer(protocol, { text: Wire.resumed(ask, rest) })),
          { afterEvents: 0 },
          300
        )
      })
      const { checkpoint } = yield* Effect.flip(service.generate(request, { retry: Schedule.stop }))
      assert(checkpoint !== undefined)
      const hedge = yield* Hedge.make([service], soon)
      const response = yield* hedge.generate(request, { from: checkpoint })
      assert.strictEqual(response.text, text)
      assert.strictEqual((yield* server.stats).requests, 2)
    })
  )

  it.scopedLive("of a hedge in a router in a hedge", () =>
    Effect.gen(function* () {
      const { server, service } = yield* world(({ index }) => (index < 3 ? stalls : answer))
      const inner = yield* Hedge.make([service], soon)
      const router = Router.make({ inner }, () => "inner")
      const outer = yield* Hedge.make([router], { after: "150 millis" })
      const response = yield* outer.generate(request)
      assert.strictEqual(response.text, text)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 1)
    })
  )

  it.scoped("of a provider that was made by hand: its first piece is what it says first", () =>
    Effect.gen(function* () {
      const { provider } = yield* ScriptedProvider.make([ScriptedProvider.answer({ text })])
      const slow: Provider.Service = { ...provider, generate: () => Effect.never }
      const hedge = yield* Hedge.make([slow, { ...provider }], { after: 100 })
      const fiber = yield* Effect.fork(hedge.generate(request))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(fiber)).text, text)
    })
  )

  it.scoped("refuses a key that may be another provider's", () =>
    Effect.gen(function* () {
      const one = yield* ScriptedProvider.make([ScriptedProvider.answer({ text })])
      const other = yield* ScriptedProvider.make([ScriptedProvider.answer({ text })])
      const credential = Redacted.make("tenant")
      const hedge = yield* Hedge.make([one.provider, other.provider])
      for (const call of [
        hedge.generate(request, { credential }),
        Stream.runDrain(hedge.stream(request, { credential }))
      ]) {
        assert.strictEqual((yield* Effect.flip(call))._tag, "InvalidRequest")
      }
      const alone = yield* Hedge.make([one.provider])
      yield* alone.generate(request, { credential })
      assert.deepStrictEqual((yield* one.keys).map(Redacted.value), ["tenant"])
    })
  )
})

describe("what a hedge may send", () => {
  it.scopedLive("is paid by its own budget, which answers fill", () =>
    Effect.gen(function* () {
      const { server, service } = yield* world(() => Reply.hold(answer, { afterEvents: 0 }, 100))
      const hedge = yield* Hedge.make([service], { after: "10 millis" })
      const asked = 60
      yield* Effect.all(Effect.replicate(hedge.generate(request), asked), { concurrency: 6 })
      const { requests } = yield* server.stats
      assert.isAtLeast(requests, asked + 10)
      assert.isAtMost(requests, asked + 10 + asked * 0.2 + 5)
    })
  )

  it.scopedLive("is paid by the budget that it is given, or by none", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({ reserve: 1 })
      for (const [retryBudget, expected] of [
        [Effect.succeed(budget), 5],
        [false, 8]
      ] as const) {
        const { server, service } = yield* world(() => Reply.hold(answer, { afterEvents: 0 }, 300))
        const hedge = yield* Hedge.make([service], { after: "50 millis", retryBudget })
        yield* Effect.replicateEffect(hedge.generate(request), 4)
        assert.strictEqual((yield* server.stats).requests, expected)
      }
    })
  )

  it.scopedLive(
    "is paid by a budget that answers fill once: by the provider that has it too, or else by the hedge",
    () =>
      Effect.gen(function* () {
        for (const isShared of [false, true]) {
          const budget = yield* RetryBudget.make({ reserve: 0, share: 0.5, window: "1 hour" })
          const server = yield* FaultServer.make(() => answer)
          const service = yield* Provider.make(Vendors.custom({ id: "vendor", protocol, baseUrl: server.url }), {
            apiKey: Redacted.make("key"),
            ...(isShared && { retryBudget: Effect.succeed(budget) })
          })
          const hedge = yield* Hedge.make([service], { retryBudget: Effect.succeed(budget) })
          yield* Effect.replicateEffect(hedge.generate(request), 4)
          assert.approximately(yield* budget.level, 2, 0.1)
        }
      })
  )

  it.scoped("is learned from the first events of the calls before", () =>
    Effect.gen(function* () {
      const { provider } = yield* ScriptedProvider.make([ScriptedProvider.answer({ text })])
      let wait = 100
      let sent = 0
      const slow = Provider.fromStream({
        id: "slow",
        stream: (request, options) =>
          Stream.unwrap(
            Effect.suspend(() => {
              sent++
              return Effect.as(Effect.sleep(wait), provider.stream(request, options))
            })
          )
      })
      const hedge = yield* Hedge.make([slow], { after: { percentile: 0.9, otherwise: "5 seconds", atLeast: 10 } })
      const call = (millis: number) =>
        Effect.gen(function* () {
          wait = millis
          sent = 0
          const fiber = yield* Effect.fork(hedge.generate(request))
          yield* TestClock.adjust(millis * 2)
          yield* Fiber.join(fiber)
          return sent
        })
      assert.strictEqual(yield* call(4_000), 1)
      for (let at = 0; at < 20; at++) assert.strictEqual(yield* call(100), 1)
      // The slow one is one of twenty-one: nine of ten came within 100 ms.
      assert.strictEqual(yield* call(130), 2)
      assert.strictEqual(yield* call(90), 1)
    })
  )

  it("is a percentile that is right to a tenth, of times from a millisecond to two hours", () => {
    const time = fc.double({ min: 1, max: 7_000_000, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(time, { minLength: 20, maxLength: 900 }),
        fc.constantFrom(0.5, 0.9, 0.99),
        (times, share) => {
          const latencies = new Latencies()
          for (const each of times) latencies.add(each)
          const sorted = [...times].sort((a, b) => a - b)
          const exact = sorted[Math.max(0, Math.ceil(share * times.length) - 1)]!
          const found = latencies.percentile(share, 20)!
          assert.isAtLeast(found, exact * 0.999)
          assert.isAtMost(found, exact * 1.101)
        }
      )
    )
  })

  it("is a percentile that forgets", () => {
    const latencies = new Latencies()
    assert.isUndefined(latencies.percentile(0.9, 1))
    for (let at = 0; at < 5_000; at++) latencies.add(10_000)
    for (let at = 0; at < 10_000; at++) latencies.add(10)
    assert.isBelow(latencies.percentile(0.99, 20)!, 12)
    latencies.add(Number.POSITIVE_INFINITY)
    latencies.add(-5)
    latencies.add(0)
    assert.isBelow(latencies.percentile(0.99, 20)!, 12)
  })
})

describe("the options of a hedge", () => {
  const wrong: ReadonlyArray<readonly [Hedge.Options, string]> = [
    [{ most: 0 }, "most"],
    [{ most: 1.5 }, "most"],
    [{ after: -1 }, "after"],
    [{ after: { percentile: 1 } }, "after.percentile"],
    [{ after: { percentile: Number.NaN } }, "after.percentile"],
    [{ after: { percentile: 0.5, atLeast: 0 } }, "after.atLeast"],
    [{ after: { percentile: 0.5, otherwise: Number.NaN } }, "after.otherwise"],
    [{ retryBudget: RetryBudget.make({ share: -1 }) }, "share"]
  ]
  for (const [options, option] of wrong) {
    it.scoped(`are refused: ${option} of ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const { provider } = yield* ScriptedProvider.make([ScriptedProvider.answer({ text })])
        const error = yield* Effect.flip(Hedge.make([provider], options))
        assert.instanceOf(error, InvalidOptions.InvalidOptions)
        assert.strictEqual(error.option, option)
      })
    )
  }

  it("and its layer are those of any provider", () => {
    const minimax = Provider.make(Vendors.minimax, { apiKey: Redacted.make("k") })
    const live: Layer.Layer<Provider.Provider, InvalidOptions.InvalidOptions> = Hedge.layer(
      Effect.map(minimax, (provider) => [provider])
    )
    assert.isTrue(Layer.isLayer(live))
  })
})
