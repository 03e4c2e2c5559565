/**
 * When a fallback asks the next provider, and which one. In memory, by a clock that the tests set.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Chunk,
  Clock,
  Deferred,
  Effect,
  Fiber,
  Logger,
  LogLevel,
  Option,
  Redacted,
  Schedule,
  Schema,
  type Scope,
  Stream,
  TestClock
} from "effect"
import { CircuitBreaker, Fallback, ModelResponse, Provider, ProviderError, type Usage } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { observing } from "../../support/observing.js"
import { counted, fresh } from "../../support/telemetry/metered.js"

const request = { model: "m", prompt: "Why is the sky blue?" }
const text = "Because short waves are scattered more than long ones."
const answer = ScriptedProvider.answer({ text, usage: { inputTokens: 10, outputTokens: 5 } })

const failing = (error: ProviderError.ProviderError): Provider.Service =>
  Provider.fromStream({ id: "first", stream: () => Stream.fail(error) })

const good = Effect.map(ScriptedProvider.make([answer]), ({ provider, requests }) => ({ provider, requests }))

/** A test in which nothing is logged. */
const quietly = <E>(name: string, run: () => Effect.Effect<void, E, Scope.Scope>) =>
  it.scoped(name, () => run().pipe(Logger.withMinimumLogLevel(LogLevel.None)))

const Strings = Schema.Array(Schema.String)

const all = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

describe("the next provider", () => {
  const errors: ReadonlyArray<readonly [ProviderError.ProviderError, "next" | "stop"]> = [
    [new ProviderError.ConnectionFailed(), "next"],
    [new ProviderError.ConnectionFailed({ reason: "closed" }), "next"],
    [new ProviderError.StreamDropped(), "next"],
    [new ProviderError.StreamTruncated(), "next"],
    [new ProviderError.StreamStalled(), "next"],
    [new ProviderError.StreamStalled({ deadline: "reasoning" }), "next"],
    [new ProviderError.StreamStalled({ deadline: "total" }), "stop"],
    [new ProviderError.MalformedStream(), "next"],
    [new ProviderError.Overloaded(), "next"],
    [new ProviderError.RateLimited(), "next"],
    [new ProviderError.ServerError(), "next"],
    [new ProviderError.AuthenticationFailed(), "next"],
    [new ProviderError.PermissionDenied(), "next"],
    [new ProviderError.QuotaExhausted(), "next"],
    [new ProviderError.ModelNotFound(), "next"],
    [new ProviderError.SeamNotProven(), "next"],
    [new ProviderError.CircuitOpen(), "next"],
    [new ProviderError.LimitReached(), "next"],
    [new ProviderError.InvalidRequest({ attempt: 1 }), "stop"],
    [new ProviderError.InvalidRequest(), "stop"],
    [new ProviderError.ContextOverflow(), "stop"],
    [new ProviderError.ContentRefused(), "stop"]
  ]
  for (const [error, expected] of errors) {
    quietly(`is ${expected === "next" ? "" : "not "}asked after ${error._tag}: ${error.description}`, () =>
      Effect.gen(function* () {
        const second = yield* good
        const service = yield* Fallback.make([{ provider: failing(error) }, { provider: second.provider }])
        const result = yield* Effect.either(service.generate(request))
        assert.strictEqual(result._tag, expected === "next" ? "Right" : "Left")
        assert.strictEqual((yield* second.requests).length, expected === "next" ? 1 : 0)
        if (result._tag === "Left") assert.strictEqual(result.left._tag, error._tag)
      })
    )
  }

  for (const error of [new ProviderError.ContextOverflow(), new ProviderError.ContentRefused()]) {
    quietly(`is asked after ${error._tag} where the plan says so`, () =>
      Effect.gen(function* () {
        const second = yield* good
        const service = yield* Fallback.make([{ provider: failing(error) }, { provider: second.provider }], {
          also: [error._tag]
        })
        assert.strictEqual((yield* service.generate(request)).text, text)
      })
    )
  }

  quietly("is asked for its own model, with its own fields", () =>
    Effect.gen(function* () {
      const second = yield* good
      const service = yield* Fallback.make([
        { provider: failing(new ProviderError.Overloaded()) },
        {
          provider: second.provider,
          model: "other",
          request: { maxOutputTokens: 7, providerOptions: { "anthropic-messages": {} } }
        }
      ])
      yield* service.generate({
        ...request,
        temperature: 0,
        maxOutputTokens: 9,
        providerOptions: { "chat-completions": {} }
      })
      const [asked] = yield* second.requests
      assert.deepInclude(asked, { model: "other", maxOutputTokens: 7, temperature: 0 })
      assert.deepStrictEqual(asked?.providerOptions, { "anthropic-messages": {}, "chat-completions": {} })
    })
  )

  quietly("is asked where an earlier one's request could not be sent to this one", () =>
    Effect.gen(function* () {
      const last = yield* good
      const unsent = failing(new ProviderError.InvalidRequest({ field: "tools" }))
      const service = yield* Fallback.make([
        { provider: failing(new ProviderError.Overloaded()) },
        { provider: unsent },
        { provider: last.provider }
      ])
      assert.strictEqual((yield* service.generate(request)).text, text)
      // And where none is left, the error says what could not be sent.
      const without = yield* Fallback.make([
        { provider: failing(new ProviderError.Overloaded()) },
        { provider: unsent }
      ])
      const error = yield* Effect.flip(without.generate(request))
      assert(error._tag === "InvalidRequest")
      assert.strictEqual(error.field, "tools")
    })
  )

  quietly("is not waited for as long as the one before asks, unless the caller says so", () =>
    Effect.gen(function* () {
      for (const [limits, waits] of [
        [undefined, false],
        [{ maxRetryAfter: "1 minute" }, true]
      ] as const) {
        const first = yield* ScriptedProvider.make([ScriptedProvider.status(429, { retryAfterSeconds: 30 }), answer])
        const second = yield* good
        const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
        const fiber = yield* Effect.fork(service.generate(request, { limits }))
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* second.requests).length, waits ? 0 : 1)
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual((yield* Fiber.join(fiber)).text, text)
        assert.strictEqual((yield* first.requests).length, waits ? 2 : 1)
      }
    })
  )
})

describe("a first event that is late", () => {
  const stalls = ScriptedProvider.drop({ text }, { afterEvents: 0, how: "stall" })

  for (const call of ["generate", "stream", "streamText", "hold", "generateObject", "streamElements"] as const) {
    quietly(`is not waited for, by ${call}`, () =>
      Effect.gen(function* () {
        const json = ScriptedProvider.answer({
          toolCalls: [{ id: "c", name: "answer", arguments: { value: ["a"] } }]
        })
        const isObject = call === "generateObject" || call === "streamElements"
        const first = yield* ScriptedProvider.make([stalls], { structuredOutput: "tool" })
        const second = yield* ScriptedProvider.make([isObject ? json : answer], { structuredOutput: "tool" })
        const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }], {
          firstEvent: "5 seconds"
        })
        const run: Effect.Effect<unknown, unknown> = {
          generate: service.generate(request),
          stream: all(service.stream(request)),
          streamText: all(service.streamText(request)),
          hold: all(service.stream(request, { delivery: "hold" })),
          generateObject: service.generateObject(request, { schema: Strings }),
          streamElements: all(service.streamElements(request, { element: Schema.String }))
        }[call]
        const fiber = yield* Effect.fork(run)
        yield* TestClock.adjust("4 seconds")
        assert.strictEqual((yield* second.requests).length, 0)
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)
        assert.strictEqual((yield* second.requests).length, 1)
        // It is skipped now, and nobody waits for it.
        yield* run
        assert.strictEqual((yield* first.requests).length, 1)
      })
    )
  }

  quietly("is told as an attempt, whose cost is not known", () =>
    Effect.gen(function* () {
      const first = yield* ScriptedProvider.make([stalls])
      const second = yield* good
      const service = yield* Fallback.make(
        [{ provider: first.provider, model: "slow" }, { provider: second.provider }],
        {
          firstEvent: "5 seconds"
        }
      )
      const fiber = yield* Effect.fork(service.generate(request))
      yield* TestClock.adjust("5 seconds")
      const response = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        response.attempts.map(({ attempt, error, model }) => [attempt, model, error?.tag]),
        [
          [1, "slow", "StreamStalled"],
          [2, "m", undefined]
        ]
      )
      assert.isFalse(ModelResponse.totalUsage(response).exact)
      const prices: Record<string, Usage.Price> = { m: { input: 1, output: 2 }, slow: { input: 1, output: 2 } }
      assert.deepStrictEqual(
        ModelResponse.costByProvider(response, ({ model = "" }) => prices[model]).map(({ cost, exact }) => [
          exact,
          cost
        ]),
        [
          [false, Option.none()],
          [true, Option.some(0.00002)]
        ]
      )
    })
  )

  quietly("of the last provider is waited for", () =>
    Effect.gen(function* () {
      const last = yield* ScriptedProvider.make([stalls], {
        retry: Schedule.stop,
        deadlines: { firstEvent: "1 minute" }
      })
      const service = yield* Fallback.make(
        [{ provider: failing(new ProviderError.Overloaded()) }, { provider: last.provider }],
        { firstEvent: "5 seconds" }
      )
      const fiber = yield* Effect.fork(Effect.flip(service.generate(request)))
      yield* TestClock.adjust("59 seconds")
      assert(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "StreamStalled")
    })
  )

  quietly("that comes in time leaves the rest as much time as it takes", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const first = Provider.fromStream({
        id: "first",
        stream: (request, options) =>
          Stream.unwrapScoped(
            Effect.map(ScriptedProvider.make([answer]), ({ provider }) =>
              provider.stream(request, options).pipe(
                Stream.rechunk(1),
                Stream.tap((event) => (event._tag === "TextEnd" ? Deferred.await(gate) : Effect.void))
              )
            ).pipe(Effect.orDie)
          )
      })
      const second = yield* good
      const service = yield* Fallback.make([{ provider: first }, { provider: second.provider }], {
        firstEvent: "5 seconds"
      })
      const fiber = yield* Effect.fork(service.generate(request))
      yield* TestClock.adjust("1 minute")
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(fiber)).text, text)
      assert.strictEqual((yield* second.requests).length, 0)
    })
  )

  quietly("does not count time in which nobody pulls", () =>
    Effect.gen(function* () {
      const first = yield* ScriptedProvider.make([stalls])
      const second = yield* good
      const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }], {
        firstEvent: "5 seconds"
      })
      const pull = yield* Stream.toPull(service.streamText(request))
      const briefly = Effect.timeoutOption(pull, "2 seconds")
      for (let i = 0; i < 2; i++) {
        const fiber = yield* Effect.fork(briefly)
        yield* TestClock.adjust("2 seconds")
        assert(Option.isNone(yield* Fiber.join(fiber)))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* second.requests).length, 0)
      }
      const fiber = yield* Effect.fork(briefly)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(Option.map(yield* Fiber.join(fiber), Chunk.join("")), Option.some("Because"))
    })
  )
})

describe("a provider that failed", () => {
  /** Fails until it is told to work, and counts who asks. */
  const switched = Effect.gen(function* () {
    let works = false
    let asked = 0
    const inner = yield* good
    const gate = yield* Deferred.make<void>()
    return {
      repair: Effect.sync(() => {
        works = true
      }),
      asked: () => asked,
      gate,
      provider: Provider.fromStream({
        id: "first",
        stream: (request, options) => {
          asked++
          return works
            ? Stream.unwrap(Effect.as(Deferred.await(gate), inner.provider.stream(request, options)))
            : Stream.fail(new ProviderError.ServerError())
        }
      })
    }
  })

  quietly("is skipped for its cool-down, and then probed by one request at a time", () =>
    Effect.gen(function* () {
      const first = yield* switched
      const second = yield* good
      const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
      const ask = service.generate(request)
      for (let i = 0; i < 5; i++) yield* ask
      assert.strictEqual(first.asked(), 1)
      yield* TestClock.adjust("30 seconds")
      // The probe fails, and the cool-down begins anew.
      yield* Effect.all([ask, ask, ask], { concurrency: "unbounded" })
      assert.strictEqual(first.asked(), 2)
      yield* TestClock.adjust("29 seconds")
      yield* ask
      assert.strictEqual(first.asked(), 2)
      yield* first.repair
      yield* TestClock.adjust("1 second")
      const probe = yield* Effect.fork(ask)
      yield* Effect.yieldNow()
      const before = (yield* second.requests).length
      yield* Effect.all([ask, ask, ask], { concurrency: "unbounded" })
      assert.strictEqual((yield* second.requests).length, before + 3)
      assert.strictEqual(first.asked(), 3)
      yield* Deferred.succeed(first.gate, undefined)
      yield* Fiber.join(probe)
      // It works again, for all.
      yield* Effect.all([ask, ask, ask], { concurrency: "unbounded" })
      assert.strictEqual(first.asked(), 6)
    })
  )

  quietly("is probed by the next request where the probe is given up", () =>
    Effect.gen(function* () {
      const first = yield* switched
      const second = yield* good
      const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
      yield* service.generate(request)
      yield* first.repair
      yield* TestClock.adjust("30 seconds")
      const probe = yield* Effect.fork(service.generate(request))
      yield* Effect.yieldNow()
      assert.strictEqual(first.asked(), 2)
      yield* Fiber.interrupt(probe)
      yield* Deferred.succeed(first.gate, undefined)
      yield* service.generate(request)
      assert.strictEqual(first.asked(), 3)
    })
  )

  quietly("is probed again where nothing is heard of the probe, as of a consumer that neither pulls nor leaves", () =>
    Effect.gen(function* () {
      const first = yield* switched
      const second = yield* good
      const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
      yield* service.generate(request)
      yield* first.repair
      yield* TestClock.adjust("30 seconds")
      const scope = yield* Effect.scope
      const pull = yield* Stream.toPull(service.stream(request))
      yield* Effect.forkIn(Effect.timeoutOption(pull, "1 second"), scope)
      yield* TestClock.adjust("59 seconds")
      yield* service.generate(request)
      assert.strictEqual(first.asked(), 2)
      yield* TestClock.adjust("1 second")
      yield* Deferred.succeed(first.gate, undefined)
      yield* service.generate(request)
      yield* service.generate(request)
      assert.strictEqual(first.asked(), 4)
    })
  )

  quietly("is still skipped where it answers a request that was sent before it failed", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const inner = yield* good
      let asked = 0
      const first = Provider.fromStream({
        id: "first",
        stream: (request, options) =>
          ++asked === 1
            ? Stream.unwrap(Effect.as(Deferred.await(gate), inner.provider.stream(request, options)))
            : Stream.fail(new ProviderError.ServerError())
      })
      const second = yield* good
      const service = yield* Fallback.make([{ provider: first }, { provider: second.provider }])
      const early = yield* Effect.fork(service.generate(request))
      yield* Effect.yieldNow()
      yield* service.generate(request)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(early)
      yield* service.generate(request)
      assert.deepStrictEqual([asked, (yield* second.requests).length], [2, 2])
    })
  )

  quietly("is asked all the same where all have failed", () =>
    Effect.gen(function* () {
      const first = yield* switched
      const second = yield* switched
      const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
      yield* Effect.flip(service.generate(request))
      yield* Effect.flip(service.generate(request))
      assert.deepStrictEqual([first.asked(), second.asked()], [2, 2])
      yield* second.repair
      yield* Deferred.succeed(second.gate, undefined)
      assert.strictEqual((yield* service.generate(request)).text, text)
    })
  )

  quietly("is not skipped where it refused this request only", () =>
    Effect.gen(function* () {
      let asked = 0
      const first = Provider.fromStream({
        id: "first",
        stream: () => {
          asked++
          return Stream.fail(new ProviderError.CircuitOpen())
        }
      })
      const second = yield* good
      const service = yield* Fallback.make([{ provider: first }, { provider: second.provider }])
      yield* service.generate(request)
      yield* service.generate(request)
      assert.strictEqual(asked, 2)
    })
  )
})

describe("a fallback", () => {
  it.scoped("says in one line that it moves on, and nothing while all is well", () =>
    Effect.gen(function* () {
      const first = yield* ScriptedProvider.make([ScriptedProvider.status(529), answer], { retry: Schedule.stop })
      const second = yield* good
      const service = yield* Fallback.make(
        [
          { provider: first.provider, name: "eu" },
          { provider: second.provider, name: "us" }
        ],
        { id: "both" }
      )
      const { lines, run, spans } = observing()
      yield* run(service.generate(request).pipe(Effect.withSpan("mine")))
      const info = lines.filter(({ level }) => level === "INFO")
      assert.strictEqual(info.length, 1)
      assert.match(info[0]?.message ?? "", /^both: eu failed, so us is asked. It is skipped for 30 s. /)
      assert.deepInclude(info[0]?.annotations, { "effect_redial.to": "us", "error.type": "Overloaded" })
      const events = spans.find(({ name }) => name === "mine")?.events ?? []
      assert.strictEqual(events.filter((event) => String(event).includes("eu failed")).length, 0)
      yield* run(service.generate(request))
      assert.strictEqual(lines.filter(({ level }) => level === "INFO").length, 1)
    })
  )

  it.scoped("counts each move, and says once that a provider fails, however many requests meet that", () =>
    Effect.gen(function* () {
      const [from, to] = [fresh(), fresh()]
      const busy = ScriptedProvider.status(529)
      const down = () => ScriptedProvider.make([busy, busy, busy], { retry: Schedule.stop })
      const [first, second] = [yield* down(), yield* down()]
      const service = yield* Fallback.make([
        { provider: first.provider, name: from },
        { provider: second.provider, name: to }
      ])
      const { lines, run } = observing()
      yield* run(Effect.replicateEffect(Effect.flip(service.generate(request)), 3))
      assert.deepStrictEqual(
        lines.filter(({ level }) => level === "INFO").map(({ message }) => message.split(". ")[0]),
        [`fallback: ${from} failed, so ${to} is asked`, `fallback: ${to} failed, and no other provider is asked`]
      )
      const moves = Object.values(counted("effect_redial.from", from))
      assert.deepStrictEqual(moves, [3])
    })
  )

  quietly("says when the first of its open circuits is probed, where all are open", () =>
    Effect.gen(function* () {
      for (const times of [
        [2, 9],
        [9, 2]
      ]) {
        const members = yield* Effect.forEach(times, (seconds) =>
          Effect.gen(function* () {
            const breaker = yield* CircuitBreaker.make({ failures: 1, openFor: `${seconds} seconds` })
            const { provider } = yield* ScriptedProvider.make([ScriptedProvider.status(529)], {
              retry: Schedule.stop,
              admission: Effect.succeed(breaker)
            })
            return { provider }
          })
        )
        const [one, other] = members
        const service = yield* Fallback.make([one!, other!])
        yield* Effect.flip(service.generate(request))
        const error = yield* Effect.flip(service.generate(request))
        const now = yield* Clock.currentTimeMillis
        assert.deepStrictEqual(
          [error._tag, error._tag === "CircuitOpen" && error.probeAt],
          ["CircuitOpen", now + 2_000]
        )
      }
    })
  )

  quietly("fails with the error of the last provider, and all attempts", () =>
    Effect.gen(function* () {
      const first = yield* ScriptedProvider.make([ScriptedProvider.status(529)], { retry: Schedule.recurs(1) })
      const second = yield* ScriptedProvider.make([ScriptedProvider.status(401)])
      const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
      const fiber = yield* Effect.fork(Effect.flip(service.generate(request)))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "AuthenticationFailed")
      assert.deepStrictEqual(
        error.attempts.map(({ attempt, error }) => [attempt, error?.tag]),
        [
          [1, "Overloaded"],
          [2, "Overloaded"],
          [3, "AuthenticationFailed"]
        ]
      )
    })
  )

  quietly("fails with the drop where the others only could not go on", () =>
    Effect.gen(function* () {
      const drops = ScriptedProvider.drop({ text: [text.slice(0, 20), text.slice(20)] }, { afterEvents: 4 })
      const first = yield* ScriptedProvider.make([drops], { retry: Schedule.stop })
      // It answers from the beginning, which is no proof.
      const second = yield* good
      const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
      const shown: Array<string> = []
      const fiber = yield* service.streamText(request).pipe(
        Stream.runForEach((piece) => Effect.sync(() => void shown.push(piece))),
        Effect.flip,
        Effect.fork
      )
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "StreamDropped")
      assert.strictEqual(error.attempts.at(-1)?.error?.tag, "SeamNotProven")
      assert.strictEqual(error.checkpoint?.text, shown.join(""))
      assert.strictEqual(error.partial?.text, shown.join(""))
    })
  )

  const drops = ScriptedProvider.drop({ text: [text.slice(0, 30), text.slice(30)] }, { afterEvents: 4 })

  quietly("passes over a provider that writes another answer, and says that it was asked", () =>
    Effect.gen(function* () {
      const first = yield* ScriptedProvider.make([drops], { retry: Schedule.stop })
      const another = yield* good
      // It takes no checkpoint, and nobody but the fallback looks at what it writes.
      const second: Provider.Service = {
        ...another.provider,
        stream: (asked, { from: _, ...options } = {}) => another.provider.stream(asked, options)
      }
      const third = yield* ScriptedProvider.make([ScriptedProvider.resumed(text.slice(30))])
      const service = yield* Fallback.make([
        { provider: first.provider },
        { provider: second },
        { provider: third.provider }
      ])
      const events = yield* all(service.stream(request, { delivery: "resume" }))
      const finish = events.at(-1)
      assert(finish?._tag === "Finish")
      assert.strictEqual(events.map((event) => (event._tag === "TextDelta" ? event.text : "")).join(""), text)
      assert.deepStrictEqual(
        finish.response.attempts.map(({ attempt, error }) => [attempt, error?.tag]),
        [
          [1, "StreamDropped"],
          [2, "SeamNotProven"],
          [3, undefined]
        ]
      )
      assert.isFalse(ModelResponse.totalUsage(finish.response).exact)
    })
  )

  quietly("goes on with no text that a provider took back", () =>
    Effect.gen(function* () {
      const inner = yield* ScriptedProvider.make([drops], { retry: Schedule.stop })
      // As the library does where a vendor contradicts itself: no checkpoint.
      const first = Provider.fromStream({
        id: "first",
        stream: (asked, options) =>
          Stream.mapError(
            inner.provider.stream(asked, options),
            () => new ProviderError.MalformedStream({ attempt: 1 })
          )
      })
      const second = yield* ScriptedProvider.make([ScriptedProvider.resumed(text.slice(30)), answer])
      const plan = [{ provider: first }, { provider: second.provider }] as const
      const error = yield* Effect.flip(all((yield* Fallback.make(plan)).streamText(request)))
      assert.strictEqual(error._tag, "MalformedStream")
      assert.isUndefined(error.checkpoint)
      assert.strictEqual((yield* second.requests).length, 0)
      // What may be void is begun anew.
      const events = yield* all((yield* Fallback.make(plan)).stream(request))
      assert.isTrue(events.some(({ _tag }) => _tag === "Superseded"))
      assert.strictEqual((yield* second.requests).length, 1)
    })
  )

  quietly("is sent no key of which nobody knows whose it is", () =>
    Effect.gen(function* () {
      const first = yield* good
      const service = yield* Fallback.make([{ provider: first.provider }])
      const credential = Redacted.make("k")
      for (const call of [service.generate(request, { credential }), all(service.stream(request, { credential }))]) {
        const error = yield* Effect.flip<unknown, ProviderError.ProviderError, never>(call)
        assert(error._tag === "InvalidRequest")
        assert.strictEqual(error.field, "credential")
      }
      assert.strictEqual((yield* first.requests).length, 0)
    })
  )

  quietly("refuses options that cannot work", () =>
    Effect.gen(function* () {
      const { provider } = yield* good
      for (const options of [{ firstEvent: 0 }, { patience: Number.NaN }, { coolDown: -1 }]) {
        const error = yield* Effect.flip(Fallback.make([{ provider }], options))
        assert.strictEqual(error._tag, "InvalidOptions")
      }
      // For those who have no types.
      const nobody = [] as unknown as Fallback.Plan
      assert.strictEqual((yield* Effect.flip(Fallback.make(nobody))).option, "plan")
    })
  )
})
