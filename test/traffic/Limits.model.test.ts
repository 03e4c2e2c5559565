/**
 * Random programs against `Limits`: attempts come, are interrupted, end, and cost more or less than was thought, in time
 * that the test lets pass. After each, the laws must hold for what was permitted, and nothing may be left of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, FastCheck, Fiber, TestClock, TestContext } from "effect"
import { type Admission, Limits } from "effect-redial"
import { SlidingLog } from "../../src/traffic/internal/slidingLog.js"
import { attempt, mostWithin, succeeded } from "../support/traffic/attempts.js"

type Step =
  | { readonly do: "ask"; readonly tokens: number; readonly runs: number; readonly costs: number | undefined }
  | { readonly do: "interrupt"; readonly pick: number }
  | { readonly do: "pass"; readonly millis: number }

const steps: FastCheck.Arbitrary<ReadonlyArray<Step>> = FastCheck.array(
  FastCheck.oneof(
    {
      weight: 5,
      arbitrary: FastCheck.record({
        do: FastCheck.constant("ask" as const),
        tokens: FastCheck.integer({ min: 0, max: 50 }),
        runs: FastCheck.integer({ min: 0, max: 3_000 }),
        costs: FastCheck.option(FastCheck.integer({ min: 0, max: 50 }), { nil: undefined })
      })
    },
    {
      weight: 2,
      arbitrary: FastCheck.record({ do: FastCheck.constant("interrupt" as const), pick: FastCheck.nat(1_000) })
    },
    {
      weight: 3,
      arbitrary: FastCheck.record({
        do: FastCheck.constant("pass" as const),
        millis: FastCheck.oneof(FastCheck.integer({ min: 0, max: 300 }), FastCheck.constantFrom(1_000, 1_050, 2_100))
      })
    }
  ),
  { minLength: 1, maxLength: 40 }
)

/** A store that takes its time, as one over a network does, and keeps what it gave to an attempt that was interrupted. */
const slowly = (quota: Limits.Quota): Limits.Quota => ({
  take: (amount) =>
    Effect.zipRight(Effect.sleep("3 millis"), Effect.zipLeft(quota.take(amount), Effect.sleep("2 millis")))
})

const options = {
  concurrency: 3,
  requestsPerMinute: 5,
  tokensPerMinute: 100,
  per: "1 second",
  maxWait: "20 seconds"
} as const

interface Asked {
  readonly fiber: Fiber.RuntimeFiber<void, unknown>
  permittedAt: number | undefined
}

const play = (program: ReadonlyArray<Step>, store?: Effect.Effect<Limits.Store>) =>
  Effect.gen(function* () {
    const estimate = ({ maxOutputTokens = 0 }) => maxOutputTokens
    const limits = yield* Limits.make({ ...options, estimate, store })
    const asked: Array<Asked> = []
    const permitted: Array<{ readonly at: number; readonly amount: number; readonly of: number }> = []
    let running = 0
    let mostRunning = 0
    const one = (of: number, { costs, runs, tokens }: Extract<Step, { do: "ask" }>) =>
      Effect.acquireUseRelease(
        // As a provider asks: it can be interrupted while it waits.
        Effect.interruptible(limits.admit(attempt({ maxOutputTokens: tokens }))),
        () =>
          Effect.gen(function* () {
            permitted.push({ at: yield* Clock.currentTimeMillis, amount: tokens, of })
            mostRunning = Math.max(mostRunning, ++running)
            yield* Effect.sleep(runs)
          }),
        (permit: Admission.Permit, exit) => {
          running--
          return permit.settle(
            Exit.isSuccess(exit)
              ? succeeded(costs === undefined ? undefined : { outputTokens: Math.min(costs, tokens) })
              : { _tag: "Abandoned" }
          )
        }
      )
    for (const step of program) {
      if (step.do === "ask") {
        asked.push({ fiber: yield* Effect.fork(one(asked.length, step)), permittedAt: undefined })
        yield* Effect.yieldNow()
      } else if (step.do === "interrupt") {
        const { fiber } = asked[step.pick % asked.length] ?? {}
        if (fiber !== undefined) yield* Effect.fork(Fiber.interrupt(fiber))
      } else yield* TestClock.adjust(step.millis)
    }
    yield* TestClock.adjust("25 seconds")
    const exits = yield* Effect.forEach(asked, ({ fiber }) => Fiber.await(fiber))
    assert.deepStrictEqual([yield* limits.queued, yield* limits.running], [0, 0], "nothing is left")
    assert.strictEqual(running, 0)
    assert.isAtMost(mostRunning, options.concurrency)
    assert.isAtMost(
      mostWithin(
        permitted.map(({ at }) => ({ at, amount: 1 })),
        1_000
      ),
      options.requestsPerMinute
    )
    assert.deepStrictEqual(
      permitted.map(({ of }) => of),
      [...permitted.map(({ of }) => of)].sort((a, b) => a - b),
      "in turn"
    )
    // Nobody waits for ever: who was not interrupted was permitted, or refused after its longest wait.
    for (const exit of exits)
      if (Exit.isFailure(exit)) assert.notStrictEqual(exit.cause._tag, "Die", String(exit.cause))
    // And whoever comes now goes at once.
    yield* Effect.timeout(limits.admit(attempt()), "1 second").pipe(
      Effect.fork,
      Effect.tap(() => TestClock.adjust("1 second")),
      Effect.flatMap(Fiber.join)
    )
  }).pipe(Effect.provide(TestContext.TestContext), Effect.runPromise)

const slow = Effect.gen(function* () {
  const { memory } = yield* Effect.promise(() => import("../../src/traffic/internal/memoryStore.js"))
  const store: Limits.Store = { quota: (quota) => Effect.map(memory.quota(quota), slowly) }
  return store
})

describe("any program of attempts", () => {
  it("keeps the laws of Limits", async () => {
    await FastCheck.assert(
      FastCheck.asyncProperty(steps, (program) => play(program)),
      { numRuns: 30, seed: 1 }
    )
  }, 60_000)

  it("keeps them with a store that takes its time", async () => {
    await FastCheck.assert(
      FastCheck.asyncProperty(steps, (program) => play(program, slow)),
      { numRuns: 25, seed: 2 }
    )
  }, 60_000)
})

describe("a sliding log", () => {
  it("never gives more than the limit in any stretch of the window, and says when there is enough", () => {
    const takes = FastCheck.array(
      FastCheck.tuple(FastCheck.integer({ min: 0, max: 400 }), FastCheck.integer({ min: 1, max: 10 }))
    )
    FastCheck.assert(
      FastCheck.property(takes, (takes) => {
        const log = new SlidingLog(10, 1_000)
        const taken: Array<{ readonly at: number; readonly amount: number }> = []
        let now = 0
        for (const [pause, amount] of takes) {
          now += pause
          const wait = log.wait(amount, now)
          if (wait > 0) assert.isAbove(log.wait(amount, now + wait - 1), 0, "not earlier than it says")
          now += wait
          assert.strictEqual(log.wait(amount, now), 0, "not later either")
          log.take(amount, now)
          taken.push({ at: now, amount })
        }
        assert.isAtMost(mostWithin(taken, 999), 10)
      }),
      { numRuns: 2_000, seed: 3 }
    )
  })

  it("remembers no more for a limit of a million than for one of a hundred", () => {
    const log = new SlidingLog(1_000_000, 60_000)
    for (let now = 0; now < 300_000; now++) for (let i = 0; i < 10; i++) if (log.wait(1, now) === 0) log.take(1, now)
    assert.isAtMost(Reflect.get(log, "entries").length, 130)
  })

  it("takes back what was too much, unless it is over anyway", () => {
    const log = new SlidingLog(10, 1_000)
    const entry = log.take(10, 0)
    assert.strictEqual(log.wait(4, 0), 1_000)
    log.correct(entry, -4)
    assert.strictEqual(log.wait(4, 0), 0)
    assert.strictEqual(log.wait(10, 1_000), 0)
    log.correct(entry, 20)
    assert.strictEqual(log.wait(10, 1_000), 0)
  })
})
