/**
 * Limits what a program sends: concurrent attempts, requests per minute and tokens per minute. An attempt above a limit
 * waits in a queue, first come, first served. If the queue is full or the wait would be too long, it is refused with
 * `LimitReached`.
 *
 * The laws:
 *
 * - at most `concurrency` attempts run at the same time
 * - any interval of length `per` has at most `requestsPerMinute` requests, and at most `tokensPerMinute` estimated
 *   tokens. At least 90% of each is used while there is enough to send
 * - an attempt takes from all limits at once, in the order in which attempts came
 * - an interrupted attempt frees what it held for the next one
 *
 * Requests are counted when they are permitted, but the vendor counts them when they arrive. So `per` is lengthened by
 * 6%: the laws also hold at the vendor if the times of travel differ by less than that, which is 3.6 seconds for a
 * minute.
 *
 * @example
 * ```ts
 * import { Limits, Provider, Vendors } from "effect-redial"
 * import { Redacted } from "effect"
 *
 * const live = Provider.layer(Vendors.minimax, {
 *   apiKey: Redacted.make("..."),
 *   admission: Limits.make({ concurrency: 8, requestsPerMinute: 60, tokensPerMinute: 40_000 })
 * })
 * ```
 *
 * A fleet of processes shares its rates through `effect-redial/redis`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Types from "effect/Types"
import { InvalidOptions } from "../client/InvalidOptions.js"
import { checkTimes } from "../client/internal/checkTime.js"
import type * as ModelRequest from "../model/ModelRequest.js"
import type { Admission } from "../retry/Admission.js"
import { Admitter } from "./internal/admitter.js"
import { memory } from "./internal/memoryStore.js"

/**
 * An admission whose queue can be inspected.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits extends Admission {
  /** How many attempts wait for permission. */
  readonly queued: Effect.Effect<number>
  /** How many permitted attempts have not ended. */
  readonly running: Effect.Effect<number>
}

/**
 * The options of `make`. A limit that is not given does not apply.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out R = never> {
  /** The most concurrent attempts, 1 or more. An attempt runs until its answer has ended. */
  readonly concurrency?: number | undefined
  /** The most requests in any interval of length `per`, 1 or more. Each attempt is one request. */
  readonly requestsPerMinute?: number | undefined
  /**
   * The most tokens, input and output, in any interval of length `per`, 1 or more. They are estimated before the
   * attempt, and corrected with the vendor's usage when the answer has ended. An attempt whose estimate is above this
   * limit is refused at once, because no wait would help.
   */
  readonly tokensPerMinute?: number | undefined
  /** The interval of the rates, for vendors that do not count per minute. Default: 1 minute. */
  readonly per?: Duration.DurationInput | undefined
  /**
   * Estimates the tokens of a request: 0 or more. Default: a quarter of the characters of its prompt, system, tools and
   * schema, plus `maxOutputTokens`, or 1,000 if that is not given. Files do not count.
   */
  readonly estimate?: ((request: ModelRequest.ModelRequest) => number) | undefined
  /**
   * Whether to follow what the vendor reports about its limits. All attempts then wait until a `retry-after` has
   * passed, and until a limit without remaining requests or tokens is reset (`anthropic-ratelimit-*` of Anthropic,
   * `x-ratelimit-*` of OpenAI and Groq). A wait is at most 10 minutes. Use it for providers with one key, because
   * vendors report the limits of a key; a 429 for one of several keys delays nobody. Default: false.
   */
  readonly adaptive?: boolean | undefined
  /** The most attempts that wait; further ones are refused. 0: none waits. Default: 1,000. */
  readonly maxQueue?: number | undefined
  /** The longest wait of an attempt. If the wait is known to be longer, it is refused at once. Default: 2 minutes. */
  readonly maxWait?: Duration.DurationInput | undefined
  /** Makes the store that counts the rates. Concurrency always counts this process alone. Default: in memory. */
  readonly store?: Effect.Effect<Store, InvalidOptions, R> | undefined
}

/**
 * Counts rates. `effect-redial/redis` has a store that a fleet shares.
 *
 * @since 0.1.0
 * @category stores
 */
export interface Store {
  /** Makes a quota, which lives as long as the store. */
  readonly quota: (options: QuotaOptions) => Effect.Effect<Quota>
}

/**
 * Describes a quota.
 *
 * @since 0.1.0
 * @category stores
 */
export interface QuotaOptions {
  /** What is counted. The limit of requests must hold exactly. That of tokens need not, because they are estimates. */
  readonly name: "requests" | "tokens"
  /** The most in any interval of length `per`. */
  readonly limit: number
  readonly per: Duration.Duration
}

/**
 * One rate. `take` is never called concurrently.
 *
 * @since 0.1.0
 * @category stores
 */
export interface Quota {
  /**
   * Takes an amount that is used at once. If there is not enough, takes nothing, and returns in how many milliseconds
   * there may be. It never fails and never hangs. After an interruption, the amount may remain taken.
   */
  readonly take: (amount: number) => Effect.Effect<Taken | number>
}

/**
 * An amount that was taken from a quota.
 *
 * @since 0.1.0
 * @category stores
 */
export interface Taken {
  /** Replaces the amount by what was really used; 0 gives all of it back. */
  readonly correct: (amount: number) => void
}

/**
 * Makes limits. To share one value among several providers, pass `Effect.succeed(limits)` to each.
 *
 * Fails with `InvalidOptions` if a limit is not a whole number in its range, or a time is not a duration.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R = never>(options: Options<R>): Effect.Effect<Limits, InvalidOptions, Types.NoInfer<R>> =>
  Effect.gen(function* () {
    const { concurrency, maxQueue = 1_000, maxWait = "2 minutes", per = "1 minute" } = options
    const { requestsPerMinute, tokensPerMinute } = options
    for (const [option, value] of Object.entries({ concurrency, requestsPerMinute, tokensPerMinute })) {
      if (value !== undefined && !isWhole(value, 1)) return yield* invalid(option, `is ${value}: ${whole} from 1 on`)
    }
    if (!isWhole(maxQueue, 0)) return yield* invalid("maxQueue", `is ${maxQueue}: ${whole} from 0 on`)
    yield* checkTimes({ maxWait }, invalid)
    yield* checkTimes({ per }, invalid, "more")
    const duration = Duration.decode(per)
    if (!Duration.isFinite(duration)) return yield* invalid("per", "must be finite")
    const store = yield* options.store ?? Effect.succeed(memory)
    const quota = (name: QuotaOptions["name"], limit: number | undefined) =>
      limit === undefined ? Effect.succeed(undefined) : store.quota({ name, limit, per: duration })
    return new Admitter({
      concurrency: concurrency ?? Number.POSITIVE_INFINITY,
      requests: yield* quota("requests", requestsPerMinute),
      tokens: yield* quota("tokens", tokensPerMinute),
      mostTokens: tokensPerMinute ?? Number.POSITIVE_INFINITY,
      estimate: options.estimate,
      adaptive: options.adaptive ?? false,
      maxQueue,
      maxWait: Duration.toMillis(maxWait)
    })
  })

const whole = "it must be a whole number"

const isWhole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least

const invalid = (option: string, problem: string): InvalidOptions =>
  new InvalidOptions({ module: "Limits", option, problem })
