/**
 * A circuit breaker by its own: when it opens, that one probe is on its way at a time, that it never latches, and that it
 * does what a plain model of it does.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Clock, Duration, Effect, Either, Fiber, FastCheck as fc, Option, Stream, TestClock } from "effect"
import { type Admission, CircuitBreaker, InvalidOptions, ProviderError } from "effect-redial"
import { Recent } from "../../src/traffic/internal/recent.js"
import { type Did, type How, Model, type Options as ModelOptions } from "../support/traffic/circuitModel.js"
import { info } from "../support/traffic/info.js"
import { atEachOperation } from "../support/traffic/interrupting.js"
import { tagOf } from "../support/traffic/tagOf.js"

const attempt = { attempt: 1, startedAt: 0, endedAt: 0, delivered: "nothing" } as const
const succeeded: Admission.Outcome = { _tag: "Succeeded", attempt }
const failed = (
  error: ProviderError.ProviderError = new ProviderError.Overloaded(),
  blame: Admission.Blame = "provider"
): Admission.Outcome => ({ _tag: "Failed", attempt, error, blame })
const abandoned: Admission.Outcome = { _tag: "Abandoned" }

const begin = (permit: Admission.Permit) => permit.began?.({ headers: {} }) ?? Effect.void

/** Sends an attempt that ends so. */
const send = (breaker: CircuitBreaker.CircuitBreaker, outcome: Admission.Outcome) =>
  Effect.flatMap(breaker.admit(info), (permit) => permit.settle(outcome))

const opened = (options: CircuitBreaker.Options = {}) =>
  Effect.gen(function* () {
    const breaker = yield* CircuitBreaker.make({ failures: 1, ...options })
    yield* send(breaker, failed())
    return breaker
  })

const refusal = (breaker: CircuitBreaker.CircuitBreaker) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(breaker.admit(info))
    assert(error._tag === "CircuitOpen")
    return error
  })

describe("a closed circuit", () => {
  it.effect("opens after failures in a row, and says when the next probe is due", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ failures: 3, openFor: "4 seconds" })
      for (const outcome of [failed(), failed(), succeeded, failed(), failed()]) yield* send(breaker, outcome)
      assert.strictEqual(yield* tagOf(breaker), "Closed")
      yield* TestClock.adjust("1 second")
      yield* send(breaker, failed())
      assert.deepStrictEqual(yield* breaker.state, { _tag: "Open", since: 1_000, probeAt: 5_000 })
      yield* TestClock.adjust("1500 millis")
      const error = yield* refusal(breaker)
      assert.deepStrictEqual([error.probeAt, error.provider, error.model], [5_000, "vendor", "m"])
      assert.include(error.message, "due in 2.5 s")
    })
  )

  it.effect("is left closed by what is the fault of the request, a key or nobody", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ failures: 1, share: 0.01, atLeast: 1 })
      for (const blame of ["request", "key", "admission"] as const) {
        yield* send(breaker, failed(new ProviderError.InvalidRequest(), blame))
      }
      yield* send(breaker, abandoned)
      assert.strictEqual(yield* tagOf(breaker), "Closed")
      yield* send(breaker, failed(new ProviderError.StreamStalled(), "network"))
      assert.strictEqual(yield* tagOf(breaker), "Open")
    })
  )

  it.effect("counts no failure in a row across an answer that began in between", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ failures: 2, share: false })
      for (let at = 0; at < 10; at++) {
        yield* send(breaker, failed())
        yield* begin(yield* breaker.admit(info))
      }
      assert.strictEqual(yield* tagOf(breaker), "Closed")
    })
  )

  it.effect("takes a hundred streams that break together for one failure", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make()
      const permits = yield* Effect.replicateEffect(breaker.admit(info), 100)
      yield* Effect.forEach(permits, begin)
      yield* Effect.forEach(permits, (permit) => permit.settle(failed(new ProviderError.StreamDropped(), "network")))
      assert.strictEqual(yield* tagOf(breaker), "Closed")
    })
  )

  it.effect("opens by answers that begin and break, one after the other", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ share: false })
      for (let at = 0; at < 5; at++) {
        const permit = yield* breaker.admit(info)
        yield* begin(permit)
        yield* permit.settle(failed(new ProviderError.StreamStalled(), "network"))
      }
      assert.strictEqual(yield* tagOf(breaker), "Open")
    })
  )

  it.effect("opens by the share of failures in its window, once there are enough attempts", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ failures: false, share: 0.5, atLeast: 10, window: "10 seconds" })
      for (let at = 0; at < 9; at++) yield* send(breaker, failed())
      assert.strictEqual(yield* tagOf(breaker), "Closed")
      // Forgotten, since they are too old.
      yield* TestClock.adjust("10 seconds")
      for (let at = 0; at < 6; at++) yield* send(breaker, succeeded)
      for (let at = 0; at < 5; at++) yield* send(breaker, failed())
      assert.strictEqual(yield* tagOf(breaker), "Closed")
      yield* send(breaker, failed())
      assert.strictEqual(yield* tagOf(breaker), "Open")
    })
  )
})

describe("an open circuit", () => {
  it.effect("stays open for as long as the provider asked, and no longer than its longest time", () =>
    Effect.gen(function* () {
      const after = (retryAfterMillis: number) => failed(new ProviderError.Overloaded({ retryAfterMillis }))
      for (const [asked, probeAt] of [
        [1_000, 5_000],
        [20_000, 20_000],
        [3_600_000, 60_000],
        [Number.NaN, 5_000]
      ] as const) {
        const breaker = yield* CircuitBreaker.make({ failures: 1 })
        yield* send(breaker, after(asked))
        const state = yield* breaker.state
        assert.deepStrictEqual(state, { _tag: "Open", since: 0, probeAt })
      }
    })
  )

  it.effect("is not moved by what was sent before it opened: neither by failures nor by a success", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ failures: 1 })
      const old = yield* Effect.replicateEffect(breaker.admit(info), 10)
      yield* send(breaker, failed())
      const before = yield* breaker.state
      yield* TestClock.adjust("1 second")
      for (const [at, permit] of old.entries()) {
        if (at % 2 === 0) yield* begin(permit)
        yield* permit.settle(at % 3 === 0 ? succeeded : failed())
      }
      assert.strictEqual(yield* breaker.state, before)
    })
  )

  it.effect("sends one probe when its time has come, and refuses all others", () =>
    Effect.gen(function* () {
      const breaker = yield* opened()
      yield* TestClock.adjust("5 seconds")
      const tries = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.either(breaker.admit(info)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(tries.filter(Either.isRight).length, 1)
      assert.isUndefined((yield* refusal(breaker)).probeAt)
      assert.deepStrictEqual(yield* breaker.state, { _tag: "HalfOpen", since: 5_000 })
    })
  )

  it.effect("closes with the first event of a probe, or with its response only", () =>
    Effect.gen(function* () {
      for (const provenBy of ["first-event", "response"] as const) {
        const breaker = yield* opened({ provenBy })
        yield* TestClock.adjust("5 seconds")
        const probe = yield* breaker.admit(info)
        yield* begin(probe)
        assert.strictEqual(yield* tagOf(breaker), provenBy === "response" ? "HalfOpen" : "Closed")
        yield* probe.settle(succeeded)
        assert.strictEqual(yield* tagOf(breaker), "Closed")
      }
    })
  )

  it.effect("opens for longer with each probe that fails, up to its longest time, until an answer is proven", () =>
    Effect.gen(function* () {
      const breaker = yield* opened({ openFor: "1 second", longest: "5 seconds" })
      const waits: Array<number> = []
      const probe = (outcome: Admission.Outcome) =>
        Effect.gen(function* () {
          const state = yield* breaker.state
          assert(state._tag === "Open")
          waits.push(state.probeAt - state.since)
          yield* TestClock.setTime(state.probeAt)
          yield* send(breaker, outcome)
        })
      for (const outcome of [failed(), failed(), failed(), failed(), succeeded]) yield* probe(outcome)
      yield* send(breaker, failed())
      yield* probe(succeeded)
      assert.deepStrictEqual(waits, [1_000, 2_000, 4_000, 5_000, 5_000, 1_000])
    })
  )

  it.effect("goes on to grow where a probe began and nothing was ever proven", () =>
    Effect.gen(function* () {
      const breaker = yield* opened({ openFor: "1 second" })
      yield* TestClock.adjust("1 second")
      const probe = yield* breaker.admit(info)
      yield* begin(probe)
      yield* probe.settle(failed(new ProviderError.StreamDropped(), "network"))
      assert.deepStrictEqual(yield* breaker.state, { _tag: "Open", since: 1_000, probeAt: 3_000 })
    })
  )

  it.effect(
    "never latches: a probe that is abandoned, or is the fault of its request, leaves its place to the next",
    () =>
      Effect.gen(function* () {
        const breaker = yield* opened()
        yield* TestClock.adjust("5 seconds")
        for (const outcome of [abandoned, failed(new ProviderError.InvalidRequest(), "request"), abandoned]) {
          yield* send(breaker, outcome)
        }
        const probe = yield* breaker.admit(info)
        assert.isUndefined((yield* refusal(breaker)).probeAt)
        yield* begin(probe)
        assert.strictEqual(yield* tagOf(breaker), "Closed")
      })
  )

  it.effect("never latches: a probe that nobody pulls is waited for so long, and may still close it later", () =>
    Effect.gen(function* () {
      const breaker = yield* opened({ probeTimeout: "10 seconds" })
      yield* TestClock.adjust("5 seconds")
      const first = yield* breaker.admit(info)
      yield* TestClock.adjust("9999 millis")
      yield* refusal(breaker)
      yield* TestClock.adjust("1 millis")
      const second = yield* breaker.admit(info)
      yield* refusal(breaker)
      // It is not the probe any more, so its failure says nothing.
      yield* first.settle(failed())
      assert.strictEqual(yield* tagOf(breaker), "HalfOpen")
      yield* begin(second)
      assert.strictEqual(yield* tagOf(breaker), "Closed")

      const other = yield* opened({ probeTimeout: "10 seconds" })
      yield* TestClock.adjust("5 seconds")
      const slow = yield* other.admit(info)
      yield* TestClock.adjust("10 seconds")
      yield* send(other, failed())
      assert.strictEqual(yield* tagOf(other), "Open")
      yield* begin(slow)
      assert.strictEqual(yield* tagOf(other), "Closed")
    })
  )

  it.effect("never latches: a clock that is set back ends the wait", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000)
      const breaker = yield* opened()
      yield* TestClock.setTime(5_000)
      const probe = yield* breaker.admit(info)
      yield* TestClock.setTime(0)
      yield* breaker.admit(info)
      yield* begin(probe)
      assert.strictEqual(yield* tagOf(breaker), "Closed")
    })
  )

  it.effect("never latches: an interruption between any two operations of what asks frees the probe", () =>
    Effect.gen(function* () {
      const due = Effect.tap(opened(), TestClock.adjust("5 seconds"))
      const operations = yield* atEachOperation(
        Effect.map(due, (admission) => ({ admission, info })),
        (_, breaker) => breaker.admit(info)
      )
      assert.isAbove(operations, 20)
    })
  )
})

describe("the changes of a circuit", () => {
  it.effect("are its state at first, and then each other one, for each who asks", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ failures: 1 })
      const watch = Effect.fork(Stream.runCollect(Stream.take(breaker.changes, 4)))
      const watchers = yield* Effect.all([watch, watch])
      yield* TestClock.adjust(0)
      yield* send(breaker, failed())
      yield* TestClock.adjust("5 seconds")
      yield* send(breaker, succeeded)
      for (const watcher of watchers) {
        const tags = Chunk.toReadonlyArray(yield* Fiber.join(watcher)).map(({ _tag }) => _tag)
        assert.deepStrictEqual(tags, ["Closed", "Open", "HalfOpen", "Closed"])
      }
    })
  )

  it.scoped("are bounded for one who does not read them", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ failures: 1, growth: 1 })
      const pull = yield* Stream.toPull(breaker.changes)
      yield* pull
      for (let at = 0; at < 100; at++) {
        yield* send(breaker, failed())
        yield* TestClock.adjust("5 seconds")
      }
      let seen = 0
      while (Option.isSome(yield* Effect.timeoutOption(pull, 0).pipe(Effect.zipLeft(TestClock.adjust(0))))) {
        if (++seen > 200) break
      }
      assert.isAtMost(seen, 65)
    })
  )
})

describe("the options of a circuit breaker", () => {
  const wrong: ReadonlyArray<readonly [CircuitBreaker.Options, string]> = [
    [{ failures: 0 }, "failures"],
    [{ failures: 1.5 }, "failures"],
    [{ failures: Number.NaN }, "failures"],
    [{ share: 0 }, "share"],
    [{ share: 1.1 }, "share"],
    [{ failures: false, share: false }, "share"],
    [{ atLeast: 0 }, "atLeast"],
    [{ growth: 0.5 }, "growth"],
    [{ growth: Number.POSITIVE_INFINITY }, "growth"],
    [{ window: 0 }, "window"],
    [{ openFor: -1 }, "openFor"],
    [{ openFor: Duration.infinity }, "openFor"],
    [{ longest: "1 second" }, "longest"],
    [{ probeTimeout: Number.NaN }, "probeTimeout"]
  ]
  for (const [options, option] of wrong) {
    it.effect(`are refused: ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(CircuitBreaker.make(options))
        assert.instanceOf(error, InvalidOptions.InvalidOptions)
        assert.deepStrictEqual([error.module, error.option], ["CircuitBreaker", option])
      })
    )
  }
})

describe("a circuit breaker and a plain model of it", () => {
  const command: fc.Arbitrary<Did> = fc.oneof(
    { weight: 5, arbitrary: fc.constant({ _tag: "Send" } as const) },
    {
      weight: 6,
      arbitrary: fc.record({
        _tag: fc.constant("Settle" as const),
        which: fc.nat(20),
        how: fc.constantFrom<How>("succeeded", "failed", "failed", "failed", "excused", "abandoned")
      })
    },
    { weight: 3, arbitrary: fc.record({ _tag: fc.constant("Begin" as const), which: fc.nat(20) }) },
    { weight: 3, arbitrary: fc.record({ _tag: fc.constant("Wait" as const), millis: fc.nat(3_000) }) }
  )
  const outcomes: Record<How, Admission.Outcome> = {
    succeeded,
    failed: failed(),
    excused: failed(new ProviderError.InvalidRequest(), "request"),
    abandoned
  }
  const options: fc.Arbitrary<ModelOptions> = fc.record({
    failures: fc.constantFrom(1, 2, 3, false as const),
    share: fc.constantFrom(0.5, 0.8),
    atLeast: fc.integer({ min: 1, max: 6 }),
    window: fc.constant(4_000),
    openFor: fc.constant(1_000),
    growth: fc.constantFrom(1, 2),
    longest: fc.constant(3_000),
    probeTimeout: fc.constantFrom(500, 5_000),
    provenBy: fc.constantFrom("first-event" as const, "response" as const)
  })

  const plan = fc.record({ options, commands: fc.array(command, { maxLength: 80 }) })

  /** Plays the commands to both. */
  const play = (
    { commands, options }: { readonly commands: ReadonlyArray<Did>; readonly options: ModelOptions },
    wait: (millis: number) => Effect.Effect<void>
  ) =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make(options)
      const model = new Model(options)
      const permits: Array<Admission.Permit | undefined> = []
      let now = 0
      for (const did of commands) {
        const which = permits.length === 0 || !("which" in did) ? -1 : did.which % permits.length
        const permit = permits[which]
        switch (did._tag) {
          case "Wait":
            yield* wait(did.millis)
            now += did.millis
            break
          case "Send": {
            const sent = yield* Effect.either(breaker.admit(info))
            assert.strictEqual(Either.isRight(sent), model.send(now), `sent at ${now}`)
            if (Either.isRight(sent)) permits.push(sent.right)
            break
          }
          case "Begin":
            if (permit !== undefined && model.begin(which, now)) yield* begin(permit)
            break
          case "Settle":
            if (permit === undefined) break
            permits[which] = undefined
            model.settle(which, did.how, now)
            yield* permit.settle(outcomes[did.how])
        }
        assert.deepStrictEqual(yield* breaker.state, model.state())
      }
    })

  it.effect.prop(
    "are in the same state after each command, by the test clock",
    { plan },
    ({ plan }) => Effect.zipRight(TestClock.setTime(0), play(plan, TestClock.adjust)),
    { fastCheck: { numRuns: 30 } }
  )

  it("are in the same state after each command, over many runs", () => {
    fc.assert(
      fc.property(plan, (plan) => {
        let now = 0
        const clock = Object.assign(Object.create(Clock.make()), {
          unsafeCurrentTimeMillis: () => now,
          currentTimeMillis: Effect.sync(() => now)
        })
        const wait = (millis: number) =>
          Effect.sync(() => {
            now += millis
          })
        Effect.runSync(Effect.withClock(play(plan, wait), clock))
      }),
      { numRuns: 3_000 }
    )
  })
})

describe("the counts of a window", () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 700 }), fc.boolean())

  it("are those of the attempts in its last ten parts", () => {
    fc.assert(
      fc.property(fc.integer({ min: -5_000, max: 5_000 }), fc.array(step, { maxLength: 60 }), (start, steps) => {
        const recent = new Recent(1_000)
        const all: Array<readonly [number, boolean]> = []
        let now = start
        for (const [passed, isGood] of steps) {
          now += passed
          recent.add(isGood, now)
          all.push([now, isGood])
          const inside = all.filter(([at]) => Math.floor(now / 100) - Math.floor(at / 100) < 10)
          const good = inside.filter(([, isGood]) => isGood).length
          assert.deepStrictEqual(recent.counts(now), { good, bad: inside.length - good })
        }
      })
    )
  })

  it("begin anew where the clock is set back", () => {
    const recent = new Recent(1_000)
    recent.add(false, 10_000)
    recent.add(true, 5_000)
    assert.deepStrictEqual(recent.counts(5_000), { good: 1, bad: 0 })
  })
})
