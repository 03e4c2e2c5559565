/**
 * Whether and when there is another attempt: the schedule of the request, within limits that no schedule can lift.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as Intervals from "effect/ScheduleIntervals"
import * as ProviderError from "../../model/ProviderError.js"
import type { RetryBudget } from "../RetryBudget.js"
import type { Limits } from "../StreamRetry.js"

/** What is known of the failed attempt, besides its error. */
export interface Failed {
  readonly error: ProviderError.ProviderError
  /** It moved the answer forward, and a later one continues that. */
  readonly kept: boolean
  /** Another attempt follows at once, without asking the schedule: by another key, or by another route. */
  readonly free: "another key" | "another route" | undefined
  /** Its answer had begun. */
  readonly answered: boolean
}

/** The decision after an error. */
export type Verdict =
  /** The next attempt may start then, in milliseconds since the epoch. */
  | { readonly startAt: number; readonly stoppedBy?: undefined }
  /** There is none; `stoppedBy` if the schedule and the limits would have allowed one. */
  | { readonly startAt: undefined; readonly stoppedBy: "retry-budget" | undefined }

export interface Policy {
  /**
   * Steps the schedule on every error, including the last one: its step renews the client that failed, for whoever
   * comes next. The retry budget is asked last, because it is shared: it must not pay for an attempt that does not
   * happen.
   */
  readonly step: (failed: Failed, now: number, isPossible: boolean) => Effect.Effect<Verdict>
  /** The longest wait that a provider may ask for, in milliseconds. */
  readonly maxRetryAfter: number
}

const over: Verdict = { startAt: undefined, stoppedBy: undefined }
const unpaid: Verdict = { startAt: undefined, stoppedBy: "retry-budget" }

/** The longest delay of a timer. If a schedule or a provider asks for more, there is no next attempt. */
const MOST_WAIT = 2 ** 31 - 1

export const make = (
  reacquiring: Schedule.Schedule<unknown, ProviderError.ProviderError>,
  limits: Limits,
  budget: RetryBudget | undefined
): Effect.Effect<Policy> =>
  Effect.map(Clock.currentTimeMillis, (startedAt) => {
    const { maxAttempts = 10, maxContinued = 25 } = limits
    const maxElapsed = Duration.toMillis(limits.maxElapsed ?? "60 minutes")
    const maxRetryAfter = Duration.toMillis(limits.maxRetryAfter ?? "5 minutes")
    let state: unknown = reacquiring.initial
    let attempts = 0
    let continued = 0
    let malformed = 0

    const count = ({ error, free, kept }: Failed): void => {
      if (kept) continued++
      else if (free !== "another route") attempts++
      if (error._tag === "MalformedStream") malformed = kept ? 1 : malformed + 1
      else if (kept) malformed = 0
    }

    const isSpent = (wait: number, now: number): boolean =>
      malformed > 1 ||
      attempts >= maxAttempts ||
      continued > maxContinued ||
      now + wait - startedAt > maxElapsed ||
      wait > MOST_WAIT

    return {
      maxRetryAfter,
      step: (failed, now, isPossible) =>
        Effect.gen(function* () {
          const { answered, error, free, kept } = failed
          count(failed)
          // An attempt that moved the answer forward resets the schedule.
          const [next, , decision] = yield* reacquiring.step(now, error, kept ? reacquiring.initial : state)
          if (free === undefined) state = next
          else if (kept) state = reacquiring.initial
          const wait = free === undefined ? waitOf(decision, now, error, maxRetryAfter) : 0
          if (!isPossible || wait === undefined || isSpent(wait, now)) return over
          // A failing key says nothing about the provider, and the number of keys is limited.
          const isFree = budget === undefined || free === "another key"
          return isFree || (yield* budget.spend({ answered })) ? { startAt: now + wait } : unpaid
        })
    }
  })

/** The longer of the schedule's and the provider's wait; undefined if one of them allows no further attempt. */
const waitOf = (
  decision: ScheduleDecision.ScheduleDecision,
  now: number,
  error: ProviderError.ProviderError,
  maxRetryAfter: number
): number | undefined => {
  const asked = error.retryAfterMillis ?? 0
  if (ScheduleDecision.isDone(decision) || !ProviderError.isRetryable(error) || !(asked <= maxRetryAfter))
    return undefined
  const delay = Intervals.start(decision.intervals) - now
  // A delay that is not a number means no delay.
  return Math.max(0, Number.isNaN(delay) ? 0 : delay, asked)
}
