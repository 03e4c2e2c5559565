/**
 * When to retry, and over which connections. A policy is an Effect `Schedule` whose input is the error of the failed
 * attempt.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Schedule from "effect/Schedule"
import type { Renewable } from "../client/Renewable.js"
import { isTransport, type ProviderError } from "../model/ProviderError.js"

/**
 * Exponential back-off with jitter.
 *
 * @example
 * ```ts
 * import { Provider, StreamRetry, Vendors } from "effect-redial"
 * import { Redacted } from "effect"
 *
 * const patient = Provider.layer(Vendors.minimax, {
 *   apiKey: Redacted.make("..."),
 *   retry: StreamRetry.standard({ attempts: 6, cap: "30 seconds" })
 * })
 * ```
 *
 * @since 0.1.0
 * @category schedules
 */
export const standard = (options?: {
  /** All attempts, including the first. Default: 3. */
  readonly attempts?: number | undefined
  /** The first wait, before a jitter of ±20%. Default: 500 milliseconds. */
  readonly base?: Duration.DurationInput | undefined
  /** The longest wait. Default: 8 seconds. */
  readonly cap?: Duration.DurationInput | undefined
}): Schedule.Schedule<unknown, ProviderError> => {
  const cap = Duration.decode(options?.cap ?? "8 seconds")
  return Schedule.exponential(options?.base ?? "500 millis").pipe(
    Schedule.jittered,
    Schedule.modifyDelay((_, delay) => Duration.min(delay, cap)),
    Schedule.intersect(Schedule.recurs(Math.max(0, (options?.attempts ?? 3) - 1)))
  )
}

/**
 * Makes a schedule re-acquire the client that failed. For a transport error it renews that client, at the generation
 * that failed, before it decides. It does so for every such error, even if the schedule is done; otherwise the next
 * caller would get the broken connections.
 *
 * A generation of another renewable is left alone, so the policy of one provider cannot affect another's client. The
 * outcome of the renewal does not change the decision: if no new client can be built, the old one stays in use.
 *
 * @example
 * ```ts
 * import { AnthropicClient, StreamRetry } from "effect-redial"
 * import { Effect, Schedule } from "effect"
 *
 * const policy = Effect.map(AnthropicClient.AnthropicClient, (client) =>
 *   Schedule.recurs(4).pipe(StreamRetry.reacquiring(client.connections))
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const reacquiring: {
  <A, E>(
    renewable: Renewable<A, E>
  ): <Out, R>(schedule: Schedule.Schedule<Out, ProviderError, R>) => Schedule.Schedule<Out, ProviderError, R>
  <Out, R, A, E>(
    schedule: Schedule.Schedule<Out, ProviderError, R>,
    renewable: Renewable<A, E>
  ): Schedule.Schedule<Out, ProviderError, R>
} = dual(
  2,
  <Out, R, A, E>(
    schedule: Schedule.Schedule<Out, ProviderError, R>,
    renewable: Renewable<A, E>
  ): Schedule.Schedule<Out, ProviderError, R> =>
    Schedule.makeWithState(schedule.initial, (now, error, state) =>
      Effect.zipRight(
        isTransport(error) && error.generation !== undefined ? renewable.renew(error.generation) : Effect.void,
        schedule.step(now, error, state)
      )
    )
)

/**
 * Bounds around every policy, for the whole request, whatever routes it takes. An attempt that a provider refused and
 * another route replaces at once counts for none of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  /** Attempts that brought nothing that is kept, whatever the schedule says. Default: 10. */
  readonly maxAttempts?: number | undefined
  /**
   * Attempts that broke after they moved the answer forward, which means that a later one continues their text. Each of
   * them resets the schedule. Default: 25.
   */
  readonly maxContinued?: number | undefined
  /** No attempt starts later than this after the request began. Default: 60 minutes. */
  readonly maxElapsed?: Duration.DurationInput | undefined
  /** The longest wait that a provider may ask for; a longer one ends the request with its error. Default: 5 minutes. */
  readonly maxRetryAfter?: Duration.DurationInput | undefined
}
