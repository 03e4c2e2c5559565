/**
 * The loop of attempts, under the test clock and without a socket: when it goes on, how long it waits, and what it says.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Clock, Context, Duration, Effect, Either, Fiber, Layer, Ref, Schedule, Stream, TestClock } from "effect"
import { type ModelEvent, type Provider, type ProviderError, StreamRetry } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { request } from "../support/request.js"

const whole = { text: "Because of Rayleigh scattering." }
const answer = ScriptedProvider.answer(whole)
const dropped = ScriptedProvider.drop(whole, { afterEvents: 5 })

type Turns = Parameters<typeof ScriptedProvider.make>[0]

/** Runs a script and logs when each event of interest came, in test milliseconds. */
const play = (script: Turns, options?: Provider.Resilience, call?: Provider.StreamOptions) =>
  Effect.gen(function* () {
    const { provider, requests } = yield* ScriptedProvider.make(script, options)
    const log = yield* Ref.make<ReadonlyArray<readonly [number, ModelEvent.ModelEvent]>>([])
    const fiber = yield* provider.stream(request, call).pipe(
      Stream.runForEach((event) =>
        Effect.flatMap(Clock.currentTimeMillis, (at) => Ref.update(log, (seen) => [...seen, [at, event] as const]))
      ),
      Effect.either,
      Effect.fork
    )
    return { fiber, log: Ref.get(log), requests: Effect.map(requests, (made) => made.length) }
  })

const tags = (log: ReadonlyArray<readonly [number, ModelEvent.ModelEvent]>, tag: ModelEvent.ModelEvent["_tag"]) =>
  log.filter(([, event]) => event._tag === tag).map(([at]) => at)

const failure = (result: Either.Either<void, ProviderError.ProviderError>) => {
  assert(Either.isLeft(result), "the stream was to fail")
  return result.left
}

describe("the loop", () => {
  it.scoped("tells of a drop at once, and then waits", () =>
    Effect.gen(function* () {
      const run = yield* play([dropped, answer], { retry: Schedule.spaced("10 seconds") })
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(tags(yield* run.log, "Superseded"), [0])
      assert.strictEqual(yield* run.requests, 1)
      const [, event] = (yield* run.log).find(([, { _tag }]) => _tag === "Superseded") ?? []
      assert(event?._tag === "Superseded")
      assert.strictEqual(event.retryAt, 10_000)
      assert.strictEqual(event.discarded.text, "Because of Rayle")
      assert.strictEqual(event.error.tag, "StreamDropped")
      yield* TestClock.adjust("1 seconds")
      assert.isTrue(Either.isRight(yield* Fiber.join(run.fiber)))
      assert.deepStrictEqual(tags(yield* run.log, "Finish"), [10_000])
    })
  )

  it.scoped("steps one schedule for the whole stream, also when every attempt delivers something", () =>
    Effect.gen(function* () {
      const retry = Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(3))
      const run = yield* play([dropped], { retry })
      yield* TestClock.adjust("1 hour")
      const error = failure(yield* Fiber.join(run.fiber))
      assert.strictEqual(yield* run.requests, 4)
      assert.strictEqual(error.attempt, 4)
      assert.strictEqual(error.attempts.length, 4)
      assert.deepStrictEqual(tags(yield* run.log, "ResponseStart"), [0, 1_000, 3_000, 7_000])
    })
  )

  it.scoped("gives each run of a stream a budget of its own", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* ScriptedProvider.make([dropped], { retry: Schedule.recurs(2) })
      const stream = provider.stream(request)
      for (const total of [3, 6]) {
        yield* Effect.flip(Stream.runDrain(stream))
        assert.strictEqual((yield* requests).length, total)
      }
    })
  )

  it.scoped("waits as long as the provider asks, where that is longer", () =>
    Effect.gen(function* () {
      const limited = ScriptedProvider.status(429, { retryAfterSeconds: 30 })
      const run = yield* play([limited, answer], { retry: Schedule.spaced("1 second") })
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(yield* run.requests, 1)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(run.fiber)
      assert.deepStrictEqual(tags(yield* run.log, "Finish"), [30_000])
    })
  )

  it.scoped("fails at once where the provider asks for more than the cap, and says how much", () =>
    Effect.gen(function* () {
      const run = yield* play([ScriptedProvider.status(429, { retryAfterSeconds: 3600 }), answer], {
        limits: { maxRetryAfter: "1 minute" }
      })
      const error = failure(yield* Fiber.join(run.fiber))
      assert.strictEqual(error._tag, "RateLimited")
      assert.strictEqual(error.retryAfterMillis, 3_600_000)
    })
  )

  it.scoped("keeps to its own bounds whatever the schedule says", () =>
    Effect.gen(function* () {
      const attempts = yield* play([dropped], { retry: Schedule.forever, limits: { maxAttempts: 5 } })
      failure(yield* Fiber.join(attempts.fiber))
      assert.strictEqual(yield* attempts.requests, 5)

      const elapsed = yield* play([dropped], {
        retry: Schedule.spaced("10 seconds"),
        limits: { maxAttempts: 100, maxElapsed: "35 seconds" }
      })
      yield* TestClock.adjust("1 hour")
      failure(yield* Fiber.join(elapsed.fiber))
      assert.strictEqual(yield* elapsed.requests, 4)
    })
  )

  it.scoped("does not repeat what cannot succeed", () =>
    Effect.gen(function* () {
      for (const [status, tag] of [
        [400, "InvalidRequest"],
        [401, "AuthenticationFailed"],
        [402, "QuotaExhausted"],
        [403, "PermissionDenied"],
        [404, "ModelNotFound"]
      ] as const) {
        const run = yield* play([ScriptedProvider.status(status), answer], { retry: Schedule.forever })
        assert.strictEqual(failure(yield* Fiber.join(run.fiber))._tag, tag)
        assert.strictEqual(yield* run.requests, 1)
      }
    })
  )

  it.scoped("repeats a malformed stream once only", () =>
    Effect.gen(function* () {
      const html = { ...answer, headers: { "content-type": "text/html" }, events: ["<html>proxy error</html>"] }
      const run = yield* play([html], { retry: Schedule.forever })
      assert.strictEqual(failure(yield* Fiber.join(run.fiber))._tag, "MalformedStream")
      assert.strictEqual(yield* run.requests, 2)
    })
  )

  it.scoped("says Superseded exactly once before each repeated ResponseStart", () =>
    Effect.gen(function* () {
      const run = yield* play(
        [dropped, ScriptedProvider.status(500), ScriptedProvider.drop(whole, { afterEvents: 0 }), dropped, answer],
        { retry: Schedule.forever }
      )
      yield* Fiber.join(run.fiber)
      const order = (yield* run.log)
        .map(([, { _tag }]) => _tag)
        .filter((tag) => tag === "ResponseStart" || tag === "Superseded" || tag === "Finish")
      assert.deepStrictEqual(order, [
        "ResponseStart",
        "Superseded",
        "ResponseStart",
        "Superseded",
        "ResponseStart",
        "Finish"
      ])
    })
  )

  it.scoped("carries the furthest output on the error that ends it", () =>
    Effect.gen(function* () {
      const further = ScriptedProvider.drop(whole, { afterEvents: 6 })
      const run = yield* play([further, dropped, ScriptedProvider.status(500)], { retry: Schedule.recurs(2) })
      const error = failure(yield* Fiber.join(run.fiber))
      assert.strictEqual(error._tag, "ServerError")
      assert.strictEqual(error.partial?.text, "Because of Rayleigh scat")
      assert.strictEqual(error.delivered, "text")
      assert.deepStrictEqual(
        error.attempts.map(({ delivered, error }) => [delivered, error?.tag]),
        [
          ["text", "StreamDropped"],
          ["text", "StreamDropped"],
          ["nothing", "ServerError"]
        ]
      )
    })
  )

  it.scoped("stops at once when interrupted while it waits, and asks no more", () =>
    Effect.gen(function* () {
      const run = yield* play([dropped, answer], { retry: Schedule.spaced("10 seconds") })
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(run.fiber)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* run.requests, 1)
    })
  )

  it.scoped("lets one call have a policy of its own", () =>
    Effect.gen(function* () {
      const run = yield* play([dropped], { retry: Schedule.recurs(5) }, { retry: Schedule.stop })
      failure(yield* Fiber.join(run.fiber))
      assert.strictEqual(yield* run.requests, 1)
    })
  )

  it.effect("provides what a schedule requires when the layer is built", () =>
    Effect.gen(function* () {
      class Patience extends Context.Tag("Patience")<Patience, number>() {}
      const retry: Schedule.Schedule<unknown, ProviderError.ProviderError, Patience> = Schedule.forever.pipe(
        Schedule.whileInputEffect(() => Effect.map(Patience, (patience) => patience > 0))
      )
      const layer = Layer.provide(ScriptedProvider.layer([dropped, answer], { retry }), Layer.succeed(Patience, 1))
      const { Provider } = yield* Effect.promise(() => import("effect-redial"))
      const response = yield* Effect.provide(Provider.generate(request), layer)
      assert.strictEqual(response.text, whole.text)
    })
  )
})

describe("deadlines", () => {
  const deadlines = { firstEvent: "60 seconds", idle: "20 seconds", total: "5 minutes" } as const
  const retry = Schedule.recurs(1)

  it.scoped("a first event that does not come is a stall that renews", () =>
    Effect.gen(function* () {
      const run = yield* play([ScriptedProvider.drop(whole, { afterEvents: 0, how: "stall" }), answer], {
        deadlines,
        retry
      })
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* run.requests, 1)
      yield* TestClock.adjust("1 seconds")
      yield* Fiber.join(run.fiber)
      const starts = (yield* run.log).flatMap(([, event]) => (event._tag === "ResponseStart" ? [event] : []))
      assert.deepStrictEqual(
        starts.map(({ attempt, generation }) => [attempt, generation.endsWith(".2")]),
        [[2, true]]
      )
    })
  )

  it.scoped("silence after output is a stall by the idle deadline, counted from the last byte", () =>
    Effect.gen(function* () {
      const run = yield* play([ScriptedProvider.drop(whole, { afterEvents: 5, how: "stall" }), answer], {
        deadlines,
        retry
      })
      yield* TestClock.adjust("19 seconds")
      assert.strictEqual(yield* run.requests, 1)
      yield* TestClock.adjust("1 seconds")
      yield* Fiber.join(run.fiber)
      const [, event] = (yield* run.log).find(([, { _tag }]) => _tag === "Superseded") ?? []
      assert(event?._tag === "Superseded" && event.error.tag === "StreamStalled")
    })
  )

  it.scoped("a slow consumer trips none of them", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* ScriptedProvider.make([answer], {
        deadlines: { ...deadlines, total: "30 seconds" }
      })
      const fiber = yield* provider.stream(request).pipe(
        Stream.runForEach(() => Effect.sleep("1 hour")),
        Effect.fork
      )
      yield* TestClock.adjust("100 hours")
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* requests).length, 1)
    })
  )

  it.scoped("the total is shared by all attempts and is not retried", () =>
    Effect.gen(function* () {
      const run = yield* play([ScriptedProvider.drop(whole, { afterEvents: 5, how: "stall" })], {
        deadlines: { ...deadlines, total: "50 seconds" },
        retry: Schedule.forever
      })
      yield* TestClock.adjust("10 minutes")
      const error = failure(yield* Fiber.join(run.fiber))
      assert(error._tag === "StreamStalled")
      assert.strictEqual(error.deadline, "total")
      assert.strictEqual(yield* run.requests, 3)
    })
  )
})

describe("StreamRetry.standard", () => {
  const delays = (schedule: Schedule.Schedule<unknown, ProviderError.ProviderError>, count: number) =>
    // The schedules here do not look at their input.
    Effect.map(
      Schedule.run(
        Schedule.delays(schedule),
        0,
        Array.from({ length: count }, () => undefined as never)
      ),
      (out) => Chunk.toReadonlyArray(out).map((delay) => Duration.toMillis(delay))
    )

  it.effect("doubles from the base to the cap, within 20% of jitter, for so many attempts", () =>
    Effect.gen(function* () {
      const waits = yield* delays(StreamRetry.standard({ attempts: 6, base: "1 second", cap: "4 seconds" }), 20)
      const expected = [1_000, 2_000, 4_000, 4_000, 4_000]
      for (const [at, wait] of waits.slice(0, 5).entries()) {
        const ideal = expected[at] ?? 0
        assert(wait >= ideal * 0.79 && wait <= Math.min(ideal * 1.21, 4_000), `wait ${at} was ${wait}`)
      }
    })
  )

  it.scoped("makes three attempts by default", () =>
    Effect.gen(function* () {
      const run = yield* play([dropped])
      yield* TestClock.adjust("1 hour")
      failure(yield* Fiber.join(run.fiber))
      assert.strictEqual(yield* run.requests, 3)
    })
  )
})
