/**
 * What `Limits` permits, under the test clock.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Option, Stream, TestClock } from "effect"
import { Admission, Limits, Provider, ProviderError, Vendors } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { abandoned, attempt, limited, mostWithin, succeeded } from "../support/traffic/attempts.js"
import { atEachOperation } from "../support/traffic/interrupting.js"

/** Asks, and notes in which order and when attempts are permitted. They run until they are told to end. */
const observed = (options: Limits.Options) =>
  Effect.gen(function* () {
    const limits = yield* Limits.make(options)
    const permitted: Array<{ readonly name: number; readonly at: number; readonly permit: Admission.Permit }> = []
    const ask = (name: number, request?: Parameters<typeof attempt>[0]) =>
      Effect.gen(function* () {
        const permit = yield* limits.admit(attempt(request))
        permitted.push({ name, at: yield* Clock.currentTimeMillis, permit })
        return permit
      })
    const start = (name: number, request?: Parameters<typeof attempt>[0]) =>
      Effect.tap(Effect.fork(ask(name, request)), Effect.yieldNow())
    return { limits, permitted, names: () => permitted.map(({ name }) => name), ask, start }
  })

const settled = (permitted: ReadonlyArray<{ readonly permit: Admission.Permit }>, outcome = succeeded()) =>
  Effect.forEach(permitted, ({ permit }) => permit.settle(outcome), { discard: true })

describe("an interruption", () => {
  it.live("at any operation of the wait leaves no place taken, in the line or among those that run", () =>
    Effect.gen(function* () {
      const limits = yield* Limits.make({ concurrency: 3, requestsPerMinute: 10_000, tokensPerMinute: 100_000_000 })
      const other: Admission.Admission = { admit: () => Effect.succeed({ settle: () => Effect.void }) }
      for (const admission of [limits, Admission.all([other, limits, other])]) {
        const operations = yield* atEachOperation(Effect.succeed({ admission, info: attempt() }), (at) =>
          Effect.gen(function* () {
            assert.deepStrictEqual([yield* limits.running, yield* limits.queued], [0, 0], `at operation ${at}`)
            const next = yield* Effect.timeoutOption(limits.admit(attempt()), "1 second")
            assert.isTrue(Option.isSome(next), `the next one waits, after operation ${at}`)
            if (Option.isSome(next)) yield* next.value.settle(abandoned)
          })
        )
        assert.isAbove(operations, 30)
      }
    })
  )
})

describe("concurrency", () => {
  it.effect("lets so many run at once, and the next ones in the order in which they came", () =>
    Effect.gen(function* () {
      const { limits, names, permitted, start } = yield* observed({ concurrency: 2 })
      const fibers = yield* Effect.forEach([1, 2, 3, 4, 5], (name) => start(name))
      assert.deepStrictEqual(names(), [1, 2])
      assert.deepStrictEqual([yield* limits.queued, yield* limits.running], [3, 2])
      yield* permitted[1]!.permit.settle(succeeded())
      yield* Fiber.join(fibers[2]!)
      assert.deepStrictEqual(names(), [1, 2, 3])
      yield* Fiber.interrupt(fibers[3]!)
      assert.deepStrictEqual([yield* limits.queued, yield* limits.running], [1, 2])
      yield* permitted[0]!.permit.settle(abandoned)
      yield* Fiber.join(fibers[4]!)
      assert.deepStrictEqual(names(), [1, 2, 3, 5])
      yield* settled(permitted.slice(2))
      assert.deepStrictEqual([yield* limits.queued, yield* limits.running], [0, 0])
    })
  )

  it.effect("wakes as many as there is room for, also where it comes at once", () =>
    Effect.gen(function* () {
      const { names, permitted, start } = yield* observed({ concurrency: 2 })
      const fibers = yield* Effect.forEach([1, 2, 3, 4], (name) => start(name))
      yield* settled(permitted.slice(0, 2))
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(names(), [1, 2, 3, 4])
    })
  )

  it.effect("refuses at once where the queue is full, and says which limit it was", () =>
    Effect.gen(function* () {
      const { ask, limits, start } = yield* observed({ concurrency: 1, maxQueue: 1 })
      yield* start(1)
      yield* start(2)
      const error = yield* Effect.flip(ask(3))
      assert(error._tag === "LimitReached")
      assert.strictEqual(error.limit, "concurrency")
      assert.include(error.message, "the limit of concurrency was reached: 1 attempts wait already")
      assert.strictEqual(yield* limits.queued, 1)
    })
  )

  it.effect("refuses after the longest wait, and the next one has its place", () =>
    Effect.gen(function* () {
      const { limits, names, permitted, start } = yield* observed({ concurrency: 1, maxWait: "5 seconds" })
      yield* start(1)
      const waited = yield* start(2)
      yield* TestClock.adjust("4 seconds")
      const later = yield* start(3)
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(Fiber.join(waited))
      assert(error._tag === "LimitReached" && error.limit === "concurrency")
      assert.isUndefined(error.retryAfterMillis)
      yield* permitted[0]!.permit.settle(succeeded())
      yield* Fiber.join(later)
      assert.deepStrictEqual(names(), [1, 3])
      assert.strictEqual(yield* limits.queued, 0)
    })
  )
})

describe("requests per minute", () => {
  it.effect("are never more in any minute, and at least 90% of them under load", () =>
    Effect.gen(function* () {
      const { ask, limits, permitted } = yield* observed({ requestsPerMinute: 60, maxQueue: 600, maxWait: "1 day" })
      const asks = Array.from({ length: 600 }, (_, i) => Effect.flatMap(ask(i), ({ settle }) => settle(succeeded())))
      const fiber = yield* Effect.fork(Effect.all(asks, { concurrency: "unbounded" }))
      yield* TestClock.adjust("9 minutes")
      yield* TestClock.adjust("59 seconds")
      const taken = permitted.map(({ at }) => ({ at, amount: 1 }))
      assert.strictEqual(mostWithin(taken, 60_000), 60)
      assert.isAtLeast(taken.length, 0.9 * 600)
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        permitted.map(({ name }) => name),
        Array.from({ length: 600 }, (_, i) => i)
      )
      assert.deepStrictEqual([yield* limits.queued, yield* limits.running], [0, 0])
    })
  )

  it.effect("are refused at once where the wait is known to be too long", () =>
    Effect.gen(function* () {
      const { ask, limits } = yield* observed({ requestsPerMinute: 1, maxWait: "10 seconds" })
      yield* ask(1)
      yield* TestClock.adjust("50 seconds")
      const error = yield* Effect.flip(ask(2))
      assert(error._tag === "LimitReached")
      assert.deepStrictEqual([error.limit, error.retryAfterMillis], ["requests", 13_600])
      yield* TestClock.adjust("4 seconds")
      const waits = yield* Effect.fork(ask(3))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(waits)
      assert.strictEqual(yield* limits.queued, 0)
    })
  )

  it.effect("may be counted over another time", () =>
    Effect.gen(function* () {
      const { ask, permitted } = yield* observed({ requestsPerMinute: 2, per: "1 second" })
      const fiber = yield* Effect.fork(Effect.forEach([1, 2, 3, 4, 5], (name) => ask(name)))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        permitted.map(({ at }) => at),
        [0, 0, 1_060, 1_060, 2_120]
      )
    })
  )
})

describe("tokens per minute", () => {
  it.effect("are estimated before, and corrected by usage", () =>
    Effect.gen(function* () {
      const { ask, names, permitted, start } = yield* observed({ tokensPerMinute: 1_000, estimate: () => 600 })
      yield* ask(1)
      const second = yield* start(2)
      assert.deepStrictEqual(names(), [1])
      yield* permitted[0]!.permit.settle(succeeded({ inputTokens: 100, outputTokens: 300 }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(second)
      // 400 and 900: too much for the next one, until both are a window old.
      yield* permitted[1]!.permit.settle(succeeded({ inputTokens: 400, outputTokens: 500 }))
      const third = yield* start(3)
      yield* TestClock.adjust("62600 millis")
      assert.deepStrictEqual(names(), [1, 2])
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(third)
      assert.deepStrictEqual(names(), [1, 2, 3])
    })
  )

  it.effect("keep a request out at once that would cost more than all of them", () =>
    Effect.gen(function* () {
      const { ask, limits } = yield* observed({ tokensPerMinute: 1_000 })
      const error = yield* Effect.flip(ask(1, { prompt: [{ role: "user", content: "x".repeat(4_000) }] }))
      assert(error._tag === "LimitReached" && error.limit === "tokens")
      assert.match(error.description, /may cost 2\d{3} tokens, and no more than 1000/)
      assert.strictEqual(yield* limits.queued, 0)
      // A file is no text.
      const base64 = "x".repeat(40_000)
      yield* ask(2, {
        prompt: [{ role: "user", content: [{ type: "image", source: { mediaType: "image/png", base64 } }] }],
        maxOutputTokens: 900
      })
    })
  )

  it.effect("and requests are taken together or not at all", () =>
    Effect.gen(function* () {
      const estimate = ({ maxOutputTokens = 0 }) => maxOutputTokens
      const { names, start } = yield* observed({ tokensPerMinute: 100, requestsPerMinute: 2, estimate })
      yield* start(1, { maxOutputTokens: 10 })
      yield* start(2, { maxOutputTokens: 10 })
      yield* TestClock.adjust("29 seconds")
      // No request is left, so its tokens stay for those after it.
      const third = yield* start(3, { maxOutputTokens: 80 })
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(third)
      const fourth = yield* start(4, { maxOutputTokens: 100 })
      yield* TestClock.adjust("34 seconds")
      yield* Fiber.join(fourth)
      assert.deepStrictEqual(names(), [1, 2, 4])
    })
  )
})

describe("an adaptive limit", () => {
  const cases: ReadonlyArray<readonly [string, Admission.Outcome, number]> = [
    ["a 429 with retry-after", limited({}, 7_000), 7_000],
    [
      "a reset of OpenAI",
      limited({ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s" }),
      62_000
    ],
    ["milliseconds", limited({ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms" }), 20],
    [
      "a date of Anthropic",
      limited({
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "1970-01-01T00:00:30Z"
      }),
      30_000
    ],
    ["retry-after-ms", limited({ "retry-after-ms": "1500", "retry-after": "2" }), 1_500],
    ["what remains", limited({ "x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "6m0s" }), 0],
    ["an absurd reset", limited({ "retry-after": "1e300" }, 1e300), 600_000],
    ["no reset at all", limited({ "x-ratelimit-remaining-requests": "0", "retry-after": "soon" }), 0],
    ["a time that is over", limited({ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }), 0],
    ["a 429 to one of several keys", limited({}, 7_000, "key"), 0]
  ]
  for (const [name, outcome, held] of cases) {
    it.effect(`holds everybody back for ${held} ms after ${name}`, () =>
      Effect.gen(function* () {
        const { ask, permitted } = yield* observed({ adaptive: true, maxWait: "1 hour" })
        const first = yield* ask(1)
        yield* first.settle(outcome)
        const fiber = yield* Effect.fork(Effect.all([ask(2), ask(3)], { concurrency: 2 }))
        yield* TestClock.adjust("1 hour")
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(
          permitted.map(({ at }) => at),
          [0, held, held]
        )
      })
    )
  }

  it.effect("listens when an answer begins, and refuses whom it would keep for too long", () =>
    Effect.gen(function* () {
      const { ask } = yield* observed({ adaptive: true, maxWait: "1 minute" })
      const first = yield* ask(1)
      assert.isDefined(first.began)
      yield* first.began({ headers: { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" } })
      const error = yield* Effect.flip(ask(2))
      assert(error._tag === "LimitReached")
      assert.deepStrictEqual([error.limit, error.retryAfterMillis], ["vendor", 360_000])
    })
  )

  it.effect("is asked for: without it, a provider's words hold back nobody", () =>
    Effect.gen(function* () {
      const { ask, permitted } = yield* observed({ concurrency: 9 })
      const first = yield* ask(1)
      assert.isUndefined(first.began)
      yield* first.settle(limited({}, 7_000))
      yield* ask(2)
      assert.deepStrictEqual(
        permitted.map(({ at }) => at),
        [0, 0]
      )
    })
  )
})

describe("a provider with limits", () => {
  it.scoped("waits before each attempt, retries included, and has given all back at the end", () =>
    Effect.gen(function* () {
      const limits = yield* Limits.make({ concurrency: 2, requestsPerMinute: 6, maxWait: "5 minutes" })
      const whole = { text: "Because of Rayleigh scattering." }
      const { provider, requests } = yield* ScriptedProvider.make(
        [ScriptedProvider.drop(whole, { afterEvents: 5 }), ScriptedProvider.answer(whole)],
        { admission: Effect.succeed(limits) }
      )
      const ask = Stream.runDrain(provider.stream({ model: "m", prompt: "Why?" }))
      const asks = Effect.all(
        Array.from({ length: 12 }, () => ask),
        { concurrency: "unbounded", discard: true }
      )
      const fiber = yield* Effect.fork(asks)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* requests).length, 6)
      yield* TestClock.adjust("3 minutes")
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* requests).length, 13)
      assert.deepStrictEqual([yield* limits.queued, yield* limits.running], [0, 0])
    })
  )
})

describe("the options", () => {
  const bad: ReadonlyArray<readonly [Limits.Options, string]> = [
    [{ concurrency: 0 }, "concurrency"],
    [{ requestsPerMinute: 0.5 }, "requestsPerMinute"],
    [{ tokensPerMinute: Number.NaN }, "tokensPerMinute"],
    [{ maxQueue: -1 }, "maxQueue"],
    [{ per: 0 }, "per"],
    [{ per: "Infinity" as "1 minute" }, "per"],
    [{ maxWait: "soon" as "1 minute" }, "maxWait"]
  ]
  for (const [options, option] of bad) {
    it.effect(`that cannot work are refused when the provider is made: ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const live = Provider.make(Vendors.ollama, { auth: "none", admission: Limits.make(options) })
        const exit = yield* Effect.exit(Effect.scoped(live))
        assert(Exit.isFailure(exit) && exit.cause._tag === "Fail")
        assert.deepStrictEqual([exit.cause.error.module, exit.cause.error.option], ["Limits", option])
      })
    )
  }
})

describe("what a limit refuses", () => {
  it("is an error of this program", () => assert.isFalse(ProviderError.isRetryable(new ProviderError.LimitReached())))
})
