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

export interface Budget {
  /** When the next attempt may start, in milliseconds since the epoch; undefined where there is none. */
  readonly spend: (error: ProviderError.ProviderError, movedForward: boolean) => Effect.Effect<number | undefined>
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
    return {
      spend: (error, movedForward) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          if (movedForward) {
            continued++
            malformed = 0
            state = schedule.initial
          } else attempts++
          // Also where there is no further attempt: the step renews the client that failed, for whoever comes next.
          const [nextState, , decision] = yield* schedule.step(now, error, state)
          state = nextState
          if (error._tag === "MalformedStream") malformed++
          const wait = waitOf(decision, now, error)
          return wait === undefined ||
            !ProviderError.isRetryable(error) ||
            malformed > 1 ||
            attempts >= maxAttempts ||
            continued > maxContinued ||
            (error.retryAfterMillis ?? 0) > maxRetryAfter ||
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
