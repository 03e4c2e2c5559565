/**
 * A store for `Limits`, with which a fleet of processes shares its rates through Redis. It needs the optional peers
 * `@effect/experimental` and `ioredis`.
 *
 * The laws, for any number of processes with the same `key` and limits:
 *
 * - in any interval of length `per`, the fleet sends at most `requestsPerMinute` requests, and at least 90% of them
 *   while there is enough to send. Only the clock of Redis counts, so the clocks of the processes may differ
 * - estimated tokens are shared in the same way. They are taken in hundredths of the quota
 * - while Redis is away, each process keeps to its `share` of the rates, and logs one warning. No request is lost, and
 *   waiting requests continue. When Redis is back, the rates are shared again, and the process logs that. During the
 *   first window, each process also keeps to its share, because a restarted Redis does not know what was sent
 *
 * Between the loss of Redis and the end of that window, a fleet with an uneven load may exceed the limit, because the
 * processes do not know of each other. Each process always limits its concurrency by itself.
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
 * The options of `make`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The options of `ioredis`, which say where Redis is. This module sets how it reconnects. */
  readonly redis: RedisOptions
  /** The name of the quota in Redis. All processes that share the quota give the same key and the same limits. */
  readonly key: string
  /**
   * The part of each rate that this process uses while Redis is away, above 0 and at most 1: 1/4 for one of four
   * processes.
   */
  readonly share: number
  /** How long a command may take before Redis counts as away. Default: 1 second. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * Makes a store for `Limits.make`. It stays connected until the scope closes, which is the scope of the provider that
 * uses it. It is not an error if Redis cannot be reached yet: the limits are local until it can.
 *
 * Fails with `InvalidOptions` if `key` is empty, `share` is not above 0 and at most 1, or `timeout` is not a duration.
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
