/**
 * Limits what a program sends: attempts at once, requests and tokens per minute. What is too much waits in a queue, first
 * come, first served, and is refused with `LimitReached` where the queue is full or the wait would be too long.
 *
 * The laws:
 *
 * - no more attempts at once than `concurrency`
 * - in any stretch of time as long as `per`, never more requests than `requestsPerMinute`, and no more tokens than
 *   `tokensPerMinute` as far as they were estimated. At least 90% of either is used while there is enough to send
 * - an attempt takes what it needs of all limits together, in the order in which the attempts came
 * - what an interrupted attempt had is free for the next one
 *
 * Requests are counted when they are permitted, and `per` is taken as 6% longer, so that the law also holds where the vendor
 * counts, as long as the times to get there differ by less than that: by 3.6 seconds for a minute.
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
 * An admission whose queue can be looked at.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits extends Admission {
  /** How many attempts wait. */
  readonly queued: Effect.Effect<number>
  /** How many attempts are permitted and have not ended. */
  readonly running: Effect.Effect<number>
}

/**
 * What may be limited. What is not given is not limited.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out R = never> {
  /** The most attempts at once, 1 or more. An attempt runs until its answer has ended. */
  readonly concurrency?: number | undefined
  /** The most requests in any stretch of `per`, 1 or more. Each attempt is one. */
  readonly requestsPerMinute?: number | undefined
  /**
   * The most tokens in any stretch of `per`, read and written, 1 or more. They are estimated before, and corrected by the
   * vendor's usage when the answer has ended. An attempt that is estimated at more than this is refused at once, since no
   * wait would help.
   */
  readonly tokensPerMinute?: number | undefined
  /** What the rates are counted over, for vendors that count otherwise. Default: 1 minute. */
  readonly per?: Duration.DurationInput | undefined
  /**
   * The tokens that a request may cost, as a number from 0 on. Default: a quarter of the characters of its prompt, system,
   * tools and schema, and `maxOutputTokens`, or 1,000 where that is not given. Files count for nothing.
   */
  readonly estimate?: ((request: ModelRequest.ModelRequest) => number) | undefined
  /**
   * Follows what the vendor says of its own limits: all attempts wait out a `retry-after`, and the reset of a limit of which
   * nothing remains (`anthropic-ratelimit-*` of Anthropic, `x-ratelimit-*` of OpenAI and Groq). At most 10 minutes are
   * believed. For a provider with one key, since such words are about a key; a 429 to one of several keys holds back nobody.
   * Default: false.
   */
  readonly adaptive?: boolean | undefined
  /** The most attempts that wait; one more is refused. 0: none waits. Default: 1,000. */
  readonly maxQueue?: number | undefined
  /** The longest that an attempt waits. One that is known to have to wait for longer is refused at once. Default: 2 minutes. */
  readonly maxWait?: Duration.DurationInput | undefined
  /** Makes what counts the rates; concurrency is always of this process. Default: they are counted in this process. */
  readonly store?: Effect.Effect<Store, InvalidOptions, R> | undefined
}

/**
 * Counts rates. `effect-redial/redis` has one that a fleet shares.
 *
 * @since 0.1.0
 * @category stores
 */
export interface Store {
  /** A quota of this name, which lives as long as the store. */
  readonly quota: (options: QuotaOptions) => Effect.Effect<Quota>
}

/**
 * What a quota is.
 *
 * @since 0.1.0
 * @category stores
 */
export interface QuotaOptions {
  /** What is counted. Of requests, none more than the limit may be taken; the amount of tokens is an estimate anyway. */
  readonly name: "requests" | "tokens"
  /** The most in any stretch of `per`. */
  readonly limit: number
  readonly per: Duration.Duration
}

/**
 * One rate. Only one attempt at a time asks it.
 *
 * @since 0.1.0
 * @category stores
 */
export interface Quota {
  /**
   * Takes an amount, which is to be used at once. Or takes nothing, and says in how many milliseconds there may be enough.
   * It never fails and never hangs. An interruption may leave the amount taken.
   */
  readonly take: (amount: number) => Effect.Effect<Taken | number>
}

/**
 * What was taken of a quota.
 *
 * @since 0.1.0
 * @category stores
 */
export interface Taken {
  /** It was so much after all; 0 gives it back. */
  readonly correct: (amount: number) => void
}

/**
 * Makes limits. One value can be shared by several providers, as `Effect.succeed(limits)`.
 *
 * Fails with `InvalidOptions` where a number is not one that can be counted, or a time is no time.
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
