/**
 * Permission to send an attempt. A provider asks its admission before each attempt, and reports to it how the attempt
 * ended. `CircuitBreaker` and `Limits` are admissions, and a program can write its own.
 *
 * Four laws hold for every admission; the provider ensures them:
 *
 * - permission is asked for once per attempt, before a key is chosen and before a connection is leased
 * - a permit is settled exactly once, even if the consumer is interrupted, something dies, or the scope closes
 * - a consumer that stops while the attempt waits leaves the queue. A pull that is interrupted and made again does not:
 *   the attempt keeps its place
 * - a refused attempt is never sent: the refusal is its error, and the request treats it like any other error
 *
 * @example
 * ```ts
 * import { Provider, ProviderError, Vendors, type Admission } from "effect-redial"
 * import { Effect, Redacted, Ref } from "effect"
 *
 * // Stops a program that would send more than 1,000 requests.
 * const atMost = (most: number): Effect.Effect<Admission.Admission> =>
 *   Effect.map(Ref.make(0), (sent) => ({
 *     admit: (attempt) =>
 *       Effect.flatMap(
 *         Ref.getAndUpdate(sent, (n) => n + 1),
 *         (before) =>
 *           before < most
 *             ? Effect.succeed({ settle: () => Effect.void })
 *             : new ProviderError.LimitReached({ provider: attempt.provider, description: `${most} requests were sent` })
 *       )
 *   }))
 *
 * const live = Provider.layer(Vendors.minimax, { apiKey: Redacted.make("..."), admission: atMost(1_000) })
 * ```
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Blame } from "../model/internal/traits.js"
import type * as ModelRequest from "../model/ModelRequest.js"
import type * as ModelResponse from "../model/ModelResponse.js"
import type { ProviderError } from "../model/ProviderError.js"
import { All } from "./internal/permits.js"

export type { Blame } from "../model/internal/traits.js"

/**
 * Decides whether an attempt may be sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface Admission {
  /**
   * Waits for permission, or refuses with an error. Interruption leaves the queue and holds nothing. The request's
   * schedule retries a retryable error; `CircuitOpen` and `LimitReached` end the request.
   *
   * Grant the permission in the last step of the effect, and make that step synchronous: between two steps an interruption
   * can come, and nobody would give the permission back.
   */
  readonly admit: (attempt: AttemptInfo) => Effect.Effect<Permit, ProviderError>
}

/**
 * The attempt to be sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface AttemptInfo {
  readonly provider: string
  readonly protocol: string
  readonly model: string
  /** Counted from 1 within its request; more than 1 is a retry. */
  readonly attempt: number
  /** The request of the caller. An attempt that continues an answer also sends that answer. */
  readonly request: ModelRequest.ModelRequest
}

/**
 * Permission for one attempt.
 *
 * @since 0.1.0
 * @category models
 */
export interface Permit {
  /** Called when the first event of the answer came, before the consumer gets it: at most once, and before `settle`. */
  readonly began?: ((answer: Began) => Effect.Effect<void>) | undefined
  /** Called exactly once with how the attempt ended, once its connection is free. It cannot be interrupted. */
  readonly settle: (outcome: Outcome) => Effect.Effect<void>
}

/**
 * What is known once an answer begins.
 *
 * @since 0.1.0
 * @category models
 */
export interface Began {
  /** The headers of the answer that are kept, including rate limits. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * How an attempt ended.
 *
 * - `Succeeded`: the end of the answer was proven
 * - `Failed`: with this error; `blame` says who can do something about it
 * - `Abandoned`: the consumer stopped, or its fiber was interrupted or died. It says nothing about the provider
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | { readonly _tag: "Succeeded"; readonly attempt: ModelResponse.Attempt }
  | {
      readonly _tag: "Failed"
      readonly attempt: ModelResponse.Attempt
      readonly error: ProviderError
      readonly blame: Blame
    }
  | { readonly _tag: "Abandoned" }

/**
 * Combines several admissions. They are asked in order, so put those that refuse at once before those that wait. If a
 * later one refuses, or the wait for it is interrupted, the earlier permits are settled as `Abandoned`. All of them are
 * told the outcome, the last one first.
 *
 * @example
 * ```ts
 * import { Admission } from "effect-redial"
 *
 * declare const breaker: Admission.Admission
 * declare const limits: Admission.Admission
 *
 * const both = Admission.all([breaker, limits])
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const all = (admissions: ReadonlyArray<Admission>): Admission => new All(admissions)
