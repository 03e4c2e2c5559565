/**
 * Limits what retries add to the load of a provider. One request that fails is retried at once. When most requests fail, a
 * retry of each would multiply the load of a vendor that is already in trouble, and would make its outage longer.
 *
 * A budget is a bucket of tokens, shared by all requests of a provider. A retry takes one token. Tokens come from two
 * sources: each answer that begins adds `share` of a token, which is forgotten over a `window`; and a small `reserve` fills
 * up with time, for programs that send little. Where no token is left, the request ends with the error of its last attempt,
 * whose `stoppedBy` is `retry-budget`.
 *
 * A retry after an attempt whose answer had begun takes nothing, unless `charge` is `all`: when a proxy restarts and cuts
 * 500 streams at once, each of them had been accepted, and each goes on. How often one request may do that is for its
 * schedule and its limits.
 *
 * Every provider has a budget with the defaults. They follow Finagle (20%, a window of 10 seconds) and the AWS SDKs (what
 * fails twice pays for itself, what works fills the bucket):
 *
 * - `share` 0.2: in a lasting outage nothing begins, so nothing is added. While a part of the answers fails, retries add a
 *   fifth at most of what works
 * - `reserve` 10, in a minute: a program that sends one request now and then has all the retries of its schedule
 *
 * @example
 * ```ts
 * import { Provider, RetryBudget, Vendors } from "effect-redial"
 * import { Redacted } from "effect"
 *
 * const careful = Provider.layer(Vendors.minimax, {
 *   apiKey: Redacted.make("..."),
 *   retryBudget: RetryBudget.make({ share: 0.1, reserve: 5 })
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { InvalidOptions } from "../client/InvalidOptions.js"
import { checkTimes } from "../client/internal/checkTime.js"

/**
 * A bucket of tokens that retries take from. One value can be shared by several providers.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryBudget {
  /** The tokens that are left; a retry needs a whole one. */
  readonly level: Effect.Effect<number>
  /** Takes a token for a retry, or for a request that a program sends in addition. False where none is left. */
  readonly spend: (retry?: {
    /** The attempt before it had begun an answer. Default: false. */
    readonly answered?: boolean | undefined
  }) => Effect.Effect<boolean>
  /**
   * An answer began, `now` in milliseconds since the epoch. A provider says so of each of its attempts. Gives the tokens that
   * are left then.
   */
  readonly unsafeEarn: (now: number) => number
}

/**
 * What may be set for a budget.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What each answer that begins adds, in tokens: 0 or more. Default: 0.2. */
  readonly share?: number | undefined
  /** How long what was added lasts: it fades, and a third of it is left after this. Default: 10 seconds. */
  readonly window?: Duration.DurationInput | undefined
  /** The tokens that time alone brings, and that a new budget has: 0 or more. Default: 10. */
  readonly reserve?: number | undefined
  /** How long an empty reserve takes to be full. Default: 1 minute. */
  readonly refill?: Duration.DurationInput | undefined
  /** Whose retries take a token: those of attempts without an answer, or of all. Default: `unanswered`. */
  readonly charge?: "unanswered" | "all" | undefined
}

/**
 * Makes a budget, which is full at first.
 *
 * Fails with `InvalidOptions` where a number is negative or no number, or a time is no time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<RetryBudget, InvalidOptions> =>
  Effect.gen(function* () {
    const { charge = "unanswered", refill = "1 minute", reserve = 10, share = 0.2, window = "10 seconds" } = options
    for (const [option, value] of Object.entries({ reserve, share })) {
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
        return yield* invalid(option, `is ${value}: it must be a number from 0 on`)
      }
    }
    yield* checkTimes({ refill, window }, invalid, "more")
    return new Bucket(
      share,
      Duration.toMillis(window),
      reserve,
      Duration.toMillis(refill),
      charge,
      yield* Clock.currentTimeMillis
    )
  })

const invalid = (option: string, problem: string): InvalidOptions =>
  new InvalidOptions({ module: "RetryBudget", option, problem })

class Bucket implements RetryBudget {
  private earned = 0
  private kept: number

  constructor(
    private readonly share: number,
    private readonly window: number,
    private readonly reserve: number,
    private readonly refill: number,
    private readonly charge: "unanswered" | "all",
    private at: number
  ) {
    this.kept = reserve
  }

  readonly level = Effect.map(Clock.currentTimeMillis, (now) => {
    this.pass(now)
    return this.kept + this.earned
  })

  readonly unsafeEarn = (now: number): number => {
    this.pass(now)
    this.earned += this.share
    return this.kept + this.earned
  }

  readonly spend: RetryBudget["spend"] = ({ answered = false } = {}) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (answered && this.charge === "unanswered") return true
      this.pass(now)
      if (this.earned + this.kept < 1) return false
      // What fades is spent first.
      const faded = Math.min(1, this.earned)
      this.earned -= faded
      this.kept -= 1 - faded
      return true
    })

  /** A clock that was set back adds nothing and takes nothing. */
  private pass(now: number): void {
    const passed = Math.max(0, now - this.at)
    this.at = now
    this.earned *= Math.exp(-passed / this.window)
    this.kept = Math.min(this.reserve, this.kept + (this.reserve * passed) / this.refill)
  }
}
