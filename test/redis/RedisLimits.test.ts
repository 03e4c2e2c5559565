/**
 * Rates in a real Redis, which is killed, frozen and started again. What several processes do is in test/fleet.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, HashMap, Logger, LogLevel } from "effect"
import { Limits, Provider, Vendors } from "effect-redial"
import { RedisLimits } from "effect-redial/redis"
import * as RedisServer from "../support/redis/redisServer.js"
import { attempt, mostWithin, succeeded } from "../support/traffic/attempts.js"

if (RedisServer.missing !== undefined) console.log(`tests with a real Redis are skipped: ${RedisServer.missing}`)

/** What was logged at INFO or above. */
const logged = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ annotations, logLevel, message }) => {
    if (!LogLevel.greaterThanEqual(logLevel, LogLevel.Info)) return
    lines.push(`${logLevel.label} ${message}${HashMap.has(annotations, "cause") ? " (with its cause)" : ""}`)
  })
  return { lines, layer: Logger.replace(Logger.defaultLogger, logger) }
}

const away = "WARN Redis is away: the limits of k are local until it is back (with its cause)"
const back = "INFO Redis is back: the limits of k are shared again"

const store = (port: number, share = 0.5) => RedisLimits.make({ redis: { port }, key: "k", share, timeout: "1 second" })

const limits = (port: number, options: Limits.Options, share?: number) =>
  Limits.make({ maxWait: "2 minutes", ...options, store: store(port, share) })

/** Sends until it is interrupted, and notes when. */
const sending = ({ admit }: Limits.Limits, sent: Array<{ readonly at: number; readonly amount: number }>) =>
  Effect.forever(
    Effect.flatMap(admit(attempt()), ({ settle }) => {
      sent.push({ at: performance.now(), amount: 1 })
      return settle(succeeded())
    })
  )

const sockets = Effect.sync(() => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length)

const until = (condition: () => boolean) =>
  Effect.repeat(Effect.sleep("10 millis"), { until: condition }).pipe(Effect.timeout("10 seconds"))

describe.skipIf(RedisServer.missing !== undefined)("rates in Redis", () => {
  it.scopedLive("are shared by all who give the same key, and by nobody else", () =>
    Effect.gen(function* () {
      const { port } = yield* RedisServer.make
      const options: Limits.Options = { requestsPerMinute: 3 }
      const [a, b] = [yield* limits(port, options), yield* limits(port, options)]
      const other = yield* Limits.make({
        ...options,
        store: RedisLimits.make({ redis: { port }, key: "other", share: 1 })
      })
      for (const { admit } of [a, b, a]) yield* admit(attempt())
      const fourth = yield* Effect.fork(b.admit(attempt()))
      yield* other.admit(attempt())
      yield* Effect.sleep("200 millis")
      assert.strictEqual(yield* b.queued, 1)
      yield* Fiber.interrupt(fourth)
      assert.strictEqual(yield* b.queued, 0)
    })
  )

  it.scopedLive("let a burst through at once, and are never more than the limit in any window", () =>
    Effect.gen(function* () {
      const { port } = yield* RedisServer.make
      const options: Limits.Options = { requestsPerMinute: 40, per: "1 second" }
      const sent: Array<{ readonly at: number; readonly amount: number }> = []
      for (let i = 0; i < 3; i++) yield* Effect.forkScoped(sending(yield* limits(port, options), sent))
      const began = performance.now()
      yield* Effect.sleep("4200 millis")
      assert.isAtMost(mostWithin(sent, 1_000), 40)
      assert.isAtLeast(sent.filter(({ at }) => at < sent[0]!.at + 4_000).length, 0.9 * 4 * 40)
      assert.isAtLeast(sent.filter(({ at }) => at - began < 500).length, 36)
    })
  )

  it.scopedLive("of tokens are shared by their estimates, and what is given back is used", () =>
    Effect.gen(function* () {
      const { port } = yield* RedisServer.make
      const estimate = () => 400
      const options: Limits.Options = { tokensPerMinute: 1_000, maxWait: "300 millis", estimate }
      const [a, b] = [yield* limits(port, options), yield* limits(port, options)]
      const first = yield* a.admit(attempt())
      yield* b.admit(attempt())
      assert.strictEqual((yield* Effect.flip(a.admit(attempt())))._tag, "LimitReached")
      assert.strictEqual((yield* Effect.flip(b.admit(attempt())))._tag, "LimitReached")
      yield* first.settle(succeeded({ inputTokens: 10, outputTokens: 30 }))
      yield* a.admit(attempt())
    })
  )

  it.scopedLive(
    "go on locally while Redis is away, at the share, with one warning and nobody lost; then are shared again",
    () => {
      const { layer, lines } = logged()
      return Effect.gen(function* () {
        const redis = yield* RedisServer.make
        const options: Limits.Options = { requestsPerMinute: 20, per: "1 second" }
        const sent: Array<{ readonly at: number; readonly amount: number }> = []
        const one = yield* limits(redis.port, options)
        const fiber = yield* Effect.fork(sending(one, sent))
        yield* until(() => sent.length > 30)
        yield* redis.kill
        const killed = performance.now()
        yield* Effect.sleep("4 seconds")
        const alone = sent.filter(({ at }) => at > killed + 1_100)
        assert.isAtMost(mostWithin(alone, 1_000), 10)
        assert.isAtLeast(alone.length, 15)
        assert.deepStrictEqual(lines, [away])
        yield* redis.start
        yield* until(() => lines.includes(back))
        const returned = performance.now()
        yield* Effect.sleep("6 seconds")
        assert.isAtMost(
          mostWithin(
            sent.filter(({ at }) => at > returned),
            1_000
          ),
          20
        )
        // They come in bursts of 20, one in each window, and three windows lie within four seconds; the share would be 40.
        assert.isAtLeast(sent.filter(({ at }) => at > returned + 2_000).length, 58)
        assert.deepStrictEqual(lines, [away, back])
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual([yield* one.queued, yield* one.running], [0, 0])
      }).pipe(Effect.provide(layer))
    }
  )

  it.scopedLive("do not hang with a Redis that answers nothing", () => {
    const { layer, lines } = logged()
    return Effect.gen(function* () {
      const redis = yield* RedisServer.make
      const one = yield* limits(redis.port, { requestsPerMinute: 1_000 })
      yield* one.admit(attempt())
      yield* redis.freeze
      const [took] = yield* Effect.timed(one.admit(attempt()))
      assert.isBelow(Duration.toMillis(took), 2_500)
      yield* Effect.sleep("1 second")
      assert.deepStrictEqual(lines, [away])
      yield* redis.thaw
      yield* until(() => lines.includes(back))
      yield* one.admit(attempt())
      assert.deepStrictEqual(lines, [away, back])
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("are made while Redis is away, and are shared as soon as it is there", () => {
    const { layer, lines } = logged()
    return Effect.gen(function* () {
      const redis = yield* RedisServer.make
      yield* redis.kill
      const one = yield* limits(redis.port, { requestsPerMinute: 4 }, 0.25)
      yield* one.admit(attempt())
      const second = yield* Effect.fork(one.admit(attempt()))
      yield* Effect.sleep("300 millis")
      assert.strictEqual(yield* one.queued, 1)
      assert.deepStrictEqual(lines, [away])
      yield* Fiber.interrupt(second)
      yield* redis.start
      yield* until(() => lines.includes(back))
    }).pipe(Effect.provide(layer))
  })

  it.live("leave no connection behind, also where Redis answers nothing", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const redis = yield* RedisServer.make
        const use = Effect.scoped(
          Effect.flatMap(limits(redis.port, { requestsPerMinute: 9 }), ({ admit }) => admit(attempt()))
        )
        yield* Effect.sleep("50 millis")
        const before = yield* sockets
        yield* use
        yield* Effect.sleep("50 millis")
        assert.isAtMost(yield* sockets, before)
        const [took] = yield* Effect.timed(
          Effect.scoped(Effect.zipRight(limits(redis.port, { requestsPerMinute: 9 }), redis.freeze))
        )
        assert.isBelow(Duration.toMillis(took), 4_000)
      })
    )
  )
})

describe("the options", () => {
  const bad: ReadonlyArray<readonly [Partial<RedisLimits.Options>, string]> = [
    [{ key: "" }, "key"],
    [{ share: 0 }, "share"],
    [{ share: 2 }, "share"],
    [{ timeout: 0 }, "timeout"]
  ]
  for (const [options, option] of bad) {
    it.effect(`that cannot work are refused when the provider is made: ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const store = RedisLimits.make({ redis: {}, key: "k", share: 1, ...options })
        const live = Provider.make(Vendors.ollama, { auth: "none", admission: Limits.make({ store }) })
        const exit = yield* Effect.exit(Effect.scoped(live))
        assert(Exit.isFailure(exit) && exit.cause._tag === "Fail")
        assert.deepStrictEqual([exit.cause.error.module, exit.cause.error.option], ["RedisLimits", option])
      })
    )
  }
})
