/**
 * Four processes under one quota, with a real Redis between them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Fleet from "../harness/fleet/fleet.js"
import * as RedisServer from "../support/redis/redisServer.js"

if (RedisServer.missing !== undefined) console.log(`tests of a fleet are skipped: ${RedisServer.missing}`)

/** A machine that does much else is late by more than a window of seconds allows for, hence the retries. */
const quota = { processes: 4, limit: 60, per: 5_000 }

describe.skipIf(RedisServer.missing !== undefined)("four processes", () => {
  it.scopedLive(
    "never send more than their quota in any window, and use 90% of it",
    () =>
      Effect.gen(function* () {
        const { port } = yield* RedisServer.make
        const options = { ...quota, redisPort: port, millis: 10_500 }
        const { arrivals, told } = yield* Fleet.run(options)
        assert.deepStrictEqual(
          told.flatMap(({ errors, logged }) => [...errors, ...logged]),
          []
        )
        assert.isTrue(told.every(({ outstanding }) => outstanding === 0))
        const most = Fleet.most(arrivals, quota.per)
        const used = Fleet.used(arrivals, options, 2)
        console.log(`a fleet: at most ${most} of ${quota.limit} in any window, ${(100 * used).toFixed(1)}% used`)
        assert.isAtMost(most, quota.limit)
        assert.isAtLeast(used, 0.9)
      }),
    90_000
  )

  it.scopedLive(
    "lose no request where Redis dies in the middle, and share again once it is back",
    () =>
      Effect.gen(function* () {
        const redis = yield* RedisServer.make
        const meanwhile = Effect.gen(function* () {
          yield* Effect.sleep("4 seconds")
          yield* redis.kill
          yield* Effect.sleep("4 seconds")
          yield* redis.start
        })
        const options = { ...quota, redisPort: redis.port, per: 2_000, millis: 12_000, meanwhile }
        const { arrivals, told } = yield* Fleet.run(options)
        for (const { errors, logged, outstanding } of told) {
          assert.deepStrictEqual(errors, [])
          assert.strictEqual(outstanding, 0)
          assert.deepStrictEqual(
            logged.map((line) => line.replace(/:.*/, "")),
            ["WARN Redis is away", "INFO Redis is back"]
          )
        }
        const most = Fleet.most(arrivals, quota.per)
        console.log(
          `a fleet whose Redis dies: at most ${most} of ${quota.limit} in any window, ${arrivals.length} sent`
        )
      }),
    90_000
  )
})
