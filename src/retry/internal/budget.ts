/**
 * Whether there is another attempt, and when: the user's schedule within the limits of the whole request.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as Intervals from "effect/ScheduleIntervals"
import * as ProviderError from "../../model/ProviderError.js"
import type { Limits } from "../StreamRetry.js"

/** What is known of the attempt that failed, besides its error. */
export interface Spent {
  /** It moved the answer forward, and a later one goes on with that. */
  readonly kept: boolean
  /** Another key is there, so there is nothing to wait for, and nothing that a schedule could say. */
  readonly anotherKey: boolean
}

export interface Budget {
  /** When the next attempt may start, in milliseconds since the epoch; undefined where there is none. */
  readonly spend: (error: ProviderError.ProviderError, now: number, spent: Spent) => Effect.Effect<number | undefined>
  /** The longest wait that a provider may ask for, in milliseconds. */
  readonly maxRetryAfter: number
}

export const make = (
  schedule: Schedule.Schedule<unknown, ProviderError.ProviderError>,
  limits: Limits
): Effect.Effect<Budget> =>
  Effect.map(Clock.currentTimeMillis, (startedAt) => {
    const { maxAttempts = 10, maxContinued = 25 } = limits
    const maxElapsed = Duration.toMillis(limits.maxElapsed ?? "60 minutes")
    const maxRetryAfter = Duration.toMillis(limits.maxRetryAfter ?? "5 minutes")
    let state: unknown = schedule.initial
    let attempts = 0
    let continued = 0
    let malformed = 0

    /** Also where there is no further attempt: the step renews the client that failed, for whoever comes next. */
    const step = (error: ProviderError.ProviderError, now: number): Effect.Effect<number | undefined> =>
      Effect.map(schedule.step(now, error, state), ([nextState, , decision]) => {
        state = nextState
        const patient = ProviderError.isRetryable(error) && (error.retryAfterMillis ?? 0) <= maxRetryAfter
        return patient ? waitOf(decision, now, error) : undefined
      })

    return {
      maxRetryAfter,
      spend: (error, now, { anotherKey, kept }) =>
        Effect.gen(function* () {
          if (kept) {
            continued++
            malformed = 0
            state = schedule.initial
          } else attempts++
          if (error._tag === "MalformedStream") malformed++
          const wait = anotherKey ? 0 : yield* step(error, now)
          return wait === undefined ||
            malformed > 1 ||
            attempts >= maxAttempts ||
            continued > maxContinued ||
            now + wait - startedAt > maxElapsed
            ? undefined
            : now + wait
        })
    }
  })

/** The larger of what the schedule and the provider want; undefined where the schedule is done. */
const waitOf = (
  decision: ScheduleDecision.ScheduleDecision,
  now: number,
  error: ProviderError.ProviderError
): number | undefined =>
  ScheduleDecision.isDone(decision)
    ? undefined
    : Math.max(0, Intervals.start(decision.intervals) - now, error.retryAfterMillis ?? 0)
