/**
 * Rates that a fleet of processes shares through Redis: a store for `Limits`. It needs `@effect/experimental` and `ioredis`.
 *
 * The laws, for any number of processes with the same `key` and limits:
 *
 * - in any stretch of time as long as `per`, the fleet sends never more requests than `requestsPerMinute`, and uses at least
 *   90% of them while there is enough to send. Only the clock of Redis counts, so those of the processes may differ
 * - tokens are taken in hundredths of the quota. They are shared in the same way, as far as they were estimated
 * - where Redis is away, each process keeps to its `share` of the rates, and logs one warning. No request is lost, and those
 *   that wait go on. Where it is back, the rates are shared again, and one line says so; for the first window each process
 *   keeps to its share as well, since a Redis that was started again has forgotten what was sent
 *
 * Between the loss of Redis and the end of that window, a fleet whose processes do not send alike may send more than the
 * limit, for nobody can tell them. Concurrency is always limited by each process for itself.
 *
 * @example
 * ```ts
 * import { Limits, Provider, Vendors } from "effect-redial"
 * import { RedisLimits } from "effect-redial/redis"
 * import { Redacted } from "effect"
 *
 * // One of four processes.
 * const store = RedisLimits.make({ redis: { host: "redis.internal" }, key: "minimax", share: 1 / 4 })
 *
 * const live = Provider.layer(Vendors.minimax, {
 *   apiKey: Redacted.make("..."),
 *   admission: Limits.make({ requestsPerMinute: 60, store })
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RedisOptions } from "ioredis"
import { InvalidOptions } from "../client/InvalidOptions.js"
import { checkTimes } from "../client/internal/checkTime.js"
import type { Store } from "../traffic/Limits.js"
import { Connection } from "./internal/connection.js"
import { SharedQuota } from "./internal/sharedQuota.js"

/**
 * What a store in Redis is told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Where Redis is: the options of `ioredis`. How it connects again is decided here. */
  readonly redis: RedisOptions
  /** What names the quota in Redis; all processes that share it give the same one, and the same limits. */
  readonly key: string
  /** The part of each rate that this process keeps to while Redis is away, up to 1: one of four processes has 1/4. */
  readonly share: number
  /** How long a command may take until Redis counts as away. Default: 1 second. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * Makes a store for `Limits.make`, which is connected until the scope closes: that of the provider whose option it is. A
 * Redis that is not there yet is no error; the limits are local until it is.
 *
 * Fails with `InvalidOptions` where `key` is empty, `share` is no part, or `timeout` is no time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Store, InvalidOptions, Scope.Scope> =>
  Effect.gen(function* () {
    const { key, redis, share, timeout = "1 second" } = options
    if (typeof key !== "string" || key === "") return yield* invalid("key", "is empty: name the quota that is shared")
    if (!(share > 0 && share <= 1)) return yield* invalid("share", `is ${share}: it must be more than 0, and at most 1`)
    yield* checkTimes({ timeout }, invalid, "more")
    const connection = yield* Connection.make({ redis, key, timeout: Duration.decode(timeout) })
    return { quota: (quota) => Effect.succeed(new SharedQuota({ connection, key, share }, quota)) }
  })

const invalid = (option: string, problem: string): InvalidOptions =>
  new InvalidOptions({ module: "RedisLimits", option, problem })
