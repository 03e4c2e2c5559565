/**
 * A retry budget: what it allows over any interval, that a lone failure is retried at once, and what becomes of providers in
 * an outage.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, FastCheck as fc, Redacted, Schedule, Stream, TestClock } from "effect"
import { InvalidOptions, Provider, RetryBudget, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { cutTogether } from "../support/traffic/cutTogether.js"

const protocol = "anthropic-messages" as const
const request = { model: "m", prompt: "Why is the sky blue?" }
const text = "Because air scatters blue light most."
const answer = Reply.stream(Wire.answer(protocol, { text }))
const overloaded = Reply.status(529, { body: Wire.errorBody(protocol) })

/** A clock that a test sets. */
const manual = () => {
  const time = { now: 0 }
  const clock: Clock.Clock = Object.assign(Object.create(Clock.make()), {
    unsafeCurrentTimeMillis: () => time.now,
    currentTimeMillis: Effect.sync(() => time.now)
  })
  const run = <A, E>(effect: Effect.Effect<A, E>): A => Effect.runSync(Effect.withClock(effect, clock))
  return { time, run }
}

describe("a retry budget", () => {
  const step = fc.oneof(
    fc.record({ wait: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({ answers: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ retries: fc.integer({ min: 1, max: 20 }) })
  )
  const options = fc.record({
    share: fc.constantFrom(0, 0.1, 0.2, 1),
    reserve: fc.constantFrom(0, 1, 10),
    refill: fc.constantFrom(1_000, 60_000),
    window: fc.constantFrom(100, 10_000)
  })

  it("allows no more, over any interval, than its reserve, what time refilled, and a share of what was answered", () => {
    fc.assert(
      fc.property(options, fc.array(step, { maxLength: 60 }), (options, steps) => {
        const { run, time } = manual()
        const budget = run(RetryBudget.make(options))
        const { refill, reserve, share, window } = options
        const log: Array<{ readonly at: number; readonly answers: number; readonly retries: number }> = []
        for (const step of steps) {
          if ("wait" in step) time.now += step.wait
          else if ("answers" in step) {
            for (let n = 0; n < step.answers; n++) budget.unsafeEarn(time.now)
            log.push({ at: time.now, answers: step.answers, retries: 0 })
          } else {
            let retries = 0
            for (let n = 0; n < step.retries; n++) if (run(budget.spend())) retries++
            log.push({ at: time.now, answers: 0, retries })
          }
        }
        for (const [from, first] of log.entries()) {
          // What was earned before the interval is in the bucket at its beginning.
          let most = reserve
          for (const { answers, at } of log.slice(0, from)) most += answers * share * Math.exp((at - first.at) / window)
          let retries = 0
          for (const { answers, at, retries: more } of log.slice(from)) {
            most += answers * share
            retries += more
            const refilled = (reserve * (at - first.at)) / refill
            assert.isAtMost(retries, most + refilled + 1e-6, `from ${first.at} to ${at}`)
          }
        }
      }),
      { numRuns: 2_000 }
    )
  })

  it("refuses only where less than one token is left", () => {
    fc.assert(
      fc.property(options, fc.array(step, { maxLength: 40 }), (options, steps) => {
        const { run, time } = manual()
        const budget = run(RetryBudget.make(options))
        for (const step of steps) {
          if ("wait" in step) time.now += step.wait
          else if ("answers" in step) for (let n = 0; n < step.answers; n++) budget.unsafeEarn(time.now)
          else {
            for (let n = 0; n < step.retries; n++) {
              const before = run(budget.level)
              const isPaid = run(budget.spend())
              assert.strictEqual(isPaid, before >= 1)
              assert.closeTo(run(budget.level), isPaid ? before - 1 : before, 1e-9)
            }
          }
        }
      })
    )
  })

  it.effect("fills up with time, and forgets what answers added", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make()
      assert.strictEqual(yield* budget.level, 10)
      for (let n = 0; n < 10; n++) assert.isTrue(yield* budget.spend())
      assert.isFalse(yield* budget.spend())
      yield* TestClock.adjust("6 seconds")
      assert.closeTo(yield* budget.level, 1, 1e-9)
      for (let n = 0; n < 5; n++) budget.unsafeEarn(yield* Clock.currentTimeMillis)
      assert.closeTo(yield* budget.level, 2, 1e-9)
      yield* TestClock.adjust("10 seconds")
      assert.closeTo(yield* budget.level, 1 + 10 / 6 + Math.exp(-1), 1e-9)
      yield* TestClock.adjust("10 minutes")
      assert.closeTo(yield* budget.level, 10, 1e-9)
    })
  )

  it.effect("takes nothing for a retry of an answer that had begun, unless all are charged", () =>
    Effect.gen(function* () {
      const lenient = yield* RetryBudget.make({ reserve: 0 })
      assert.isTrue(yield* lenient.spend({ answered: true }))
      assert.isFalse(yield* lenient.spend())
      const strict = yield* RetryBudget.make({ reserve: 1, charge: "all" })
      assert.isTrue(yield* strict.spend({ answered: true }))
      assert.isFalse(yield* strict.spend({ answered: true }))
    })
  )

  it.effect("takes and adds nothing where the clock is set back", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(60_000)
      const budget = yield* RetryBudget.make()
      for (let n = 0; n < 10; n++) yield* budget.spend()
      yield* TestClock.setTime(0)
      assert.closeTo(yield* budget.level, 0, 1e-9)
      yield* TestClock.adjust("6 seconds")
      assert.closeTo(yield* budget.level, 1, 1e-9)
    })
  )

  const wrong: ReadonlyArray<readonly [RetryBudget.Options, string]> = [
    [{ share: -1 }, "share"],
    [{ share: Number.NaN }, "share"],
    [{ reserve: Number.POSITIVE_INFINITY }, "reserve"],
    [{ window: 0 }, "window"],
    [{ refill: Number.NaN }, "refill"]
  ]
  for (const [options, option] of wrong) {
    it.effect(`with ${option}: ${Object.values(options)} is refused`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(RetryBudget.make(options))
        assert.instanceOf(error, InvalidOptions.InvalidOptions)
        assert.deepStrictEqual([error.module, error.option], ["RetryBudget", option])
      })
    )
  }

  it.effect("that lasts for ever, and is never refilled, has its reserve", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({
        reserve: 1,
        refill: Duration.infinity,
        window: Duration.infinity
      })
      assert.isTrue(yield* budget.spend())
      yield* TestClock.adjust("365 days")
      assert.isFalse(yield* budget.spend())
      for (let n = 0; n < 5; n++) budget.unsafeEarn(yield* Clock.currentTimeMillis)
      yield* TestClock.adjust("365 days")
      assert.isTrue(yield* budget.spend())
    })
  )
})

describe("a provider with a retry budget", () => {
  const provider = (url: string, options: Pick<Provider.ServiceOptions, "retryBudget" | "retry"> = {}) =>
    Provider.make(Vendors.custom({ id: "vendor", protocol, baseUrl: url }), {
      apiKey: Redacted.make("key"),
      retry: Schedule.recurs(2),
      ...options
    })

  it.scoped("retries a lone failure at once, as often as its schedule says", () =>
    Effect.gen(function* () {
      const busy = ScriptedProvider.status(529)
      const { provider, requests } = yield* ScriptedProvider.make([busy, busy, ScriptedProvider.answer({ text })], {
        retry: Schedule.recurs(2)
      })
      const response = yield* provider.generate(request)
      assert.deepStrictEqual([response.text, (yield* requests).length], [text, 3])
    })
  )

  it.scoped("ends a request whose retry it refuses with the error of its last attempt, which says so", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* ScriptedProvider.make([ScriptedProvider.status(529)], {
        retry: Schedule.recurs(2),
        retryBudget: RetryBudget.make({ reserve: 1 })
      })
      const error = yield* Effect.flip(provider.generate(request))
      assert.deepStrictEqual([error._tag, error.stoppedBy, error.attempt], ["Overloaded", "retry-budget", 2])
      assert.include(error.message, "not retried: the retry budget is spent")
      assert.strictEqual((yield* requests).length, 2)
    })
  )

  it.scoped("does not say so where the schedule is done, and takes nothing then", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({ reserve: 2 })
      const { provider } = yield* ScriptedProvider.make([ScriptedProvider.status(529)], {
        retry: Schedule.recurs(1),
        retryBudget: Effect.succeed(budget)
      })
      const error = yield* Effect.flip(provider.generate(request))
      assert.isUndefined(error.stoppedBy)
      assert.closeTo(yield* budget.level, 1, 1e-9)
    })
  )

  it.scopedLive("in a total outage sends at most 1.2 requests for each that is asked for", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([overloaded])
      const service = yield* provider(server.url)
      const asked = 300
      const errors = yield* Effect.all(Effect.replicate(Effect.flip(service.generate(request)), asked), {
        concurrency: 20
      })
      const { requests } = yield* server.stats
      assert.isAtMost(requests / asked, 1.2)
      // The reserve, and what a few seconds refill of it.
      assert.isAtLeast(requests, asked + 10)
      assert.isAtMost(requests, asked + 15)
      assert.isAtLeast(errors.filter(({ stoppedBy }) => stoppedBy === "retry-budget").length, asked - 15)

      const without = yield* FaultServer.make([overloaded])
      const careless = yield* provider(without.url, { retryBudget: false })
      yield* Effect.all(Effect.replicate(Effect.flip(careless.generate(request)), 20), { concurrency: 20 })
      assert.strictEqual((yield* without.stats).requests, 60)
    })
  )

  it.scopedLive("in a partial outage adds a fifth of what is answered, and its reserve", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ index }) => (index % 2 === 0 ? overloaded : answer))
      const service = yield* provider(server.url)
      const asked = 200
      const results = yield* Effect.all(Effect.replicate(Effect.either(service.generate(request)), asked), {
        concurrency: 10
      })
      const answered = results.filter(({ _tag }) => _tag === "Right").length
      const { requests } = yield* server.stats
      assert.isAtMost(requests - asked, 0.2 * answered + 15)
      assert.isAtMost(requests / asked, 1.2)
    })
  )

  it.scopedLive("lets a hundred streams go on that were cut at once in the middle of their answers", () =>
    Effect.gen(function* () {
      const { gate, server } = yield* cutTogether(text)
      const service = yield* provider(server.url)
      const reading = Effect.all(Effect.replicate(Stream.mkString(service.streamText(request)), 100), {
        concurrency: "unbounded"
      })
      const fiber = yield* Effect.fork(reading)
      yield* server.awaitStats(({ requests }) => requests === 100)
      yield* gate.open
      assert.deepStrictEqual(new Set(yield* fiber), new Set([text]))
      assert.strictEqual((yield* server.stats).requests, 200)
    })
  )

  it.scoped("shares it with another one that is given the same", () =>
    Effect.gen(function* () {
      const shared = Effect.succeed(yield* RetryBudget.make({ reserve: 2 }))
      const sent: Array<number> = []
      for (let n = 0; n < 3; n++) {
        const { provider, requests } = yield* ScriptedProvider.make([ScriptedProvider.status(529)], {
          retry: Schedule.recurs(1),
          retryBudget: shared
        })
        yield* Effect.flip(provider.generate(request))
        sent.push((yield* requests).length)
      }
      assert.deepStrictEqual(sent, [2, 2, 1])
    })
  )
})
