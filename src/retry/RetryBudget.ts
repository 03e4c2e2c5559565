/**
 * Limits how much load retries add to a provider. If few requests fail, all of them are retried. If most requests fail,
 * retrying each would multiply the load of a vendor in trouble, and prolong its outage.
 *
 * A budget is a bucket of tokens, shared by all requests of a provider. A retry takes one token. Tokens come from two
 * sources: each answer that begins adds `share` of a token, which fades over a `window`; and a small `reserve` refills
 * with time, for programs that send little. If no token is left, the request ends with the error of its last attempt,
 * whose `stoppedBy` is `retry-budget`.
 *
 * A retry after an attempt whose answer had begun takes nothing, unless `charge` is `all`: when a proxy restarts and
 * cuts 500 streams at once, each of them had been accepted, and each continues. The schedule and the limits bound how
 * often one request may do that.
 *
 * Every provider has a budget with the defaults. They follow Finagle (20%, a window of 10 seconds) and the AWS SDKs (a
 * failed retry pays for itself, a success fills the bucket):
 *
 * - `share` 0.2: in a lasting outage no answer begins, so nothing is added. While some answers fail, retries add at
 *   most a fifth of what works
 * - `reserve` 10, refilled in a minute: a program that sends a request now and then has all the retries of its schedule
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
  /** The tokens left; a retry needs a whole one. */
  readonly level: Effect.Effect<number>
  /** Takes a token for a retry, or for an additional request of a program. False if none is left. */
  readonly spend: (retry?: {
    /** Whether the answer of the attempt before had begun. Default: false. */
    readonly answered?: boolean | undefined
  }) => Effect.Effect<boolean>
  /**
   * Reports that an answer began, at `now` in milliseconds since the epoch. A provider calls it for each of its
   * attempts. Returns the tokens that are left.
   */
  readonly unsafeEarn: (now: number) => number
}

/**
 * The options of a budget.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How many tokens each answer that begins adds: 0 or more. Default: 0.2. */
  readonly share?: number | undefined
  /** How fast added tokens fade: after this time, a third of them is left. Default: 10 seconds. */
  readonly window?: Duration.DurationInput | undefined
  /** How many tokens time alone adds, and a new budget has: 0 or more. Default: 10. */
  readonly reserve?: number | undefined
  /** How long an empty reserve takes to refill. Default: 1 minute. */
  readonly refill?: Duration.DurationInput | undefined
  /** Which retries take a token: those after attempts without an answer, or all. Default: `unanswered`. */
  readonly charge?: "unanswered" | "all" | undefined
}

/**
 * Makes a budget, full at first.
 *
 * Fails with `InvalidOptions` if a number is negative or not a number, or a time is not a duration.
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
      // Fading tokens are spent first.
      const faded = Math.min(1, this.earned)
      this.earned -= faded
      this.kept -= 1 - faded
      return true
    })

  /** A clock that was set back adds nothing and removes nothing. */
  private pass(now: number): void {
    const passed = Math.max(0, now - this.at)
    this.at = now
    this.earned *= Math.exp(-passed / this.window)
    this.kept = Math.min(this.reserve, this.kept + (this.reserve * passed) / this.refill)
  }
}
