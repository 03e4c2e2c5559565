/**
 * What may be set for a provider, whatever its client is.
 */
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type { InvalidOptions } from "../../client/InvalidOptions.js"
import type * as ProviderError from "../../model/ProviderError.js"
import type { Price } from "../../model/Usage.js"
import type { Admission } from "../../retry/Admission.js"
import type * as Deadlines from "../../retry/Deadlines.js"
import type { Ask } from "../../retry/internal/continuation/ask.js"
import type { RetryBudget } from "../../retry/RetryBudget.js"
import type * as StreamRetry from "../../retry/StreamRetry.js"
import type { StructuredOutput } from "../../vendors/Vendor.js"

/**
 * How a provider survives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Resilience<out R = never> {
  /** When to try again. The client that failed is always renewed where that is called for. Default: `StreamRetry.standard()`. */
  readonly retry?: Schedule.Schedule<unknown, ProviderError.ProviderError, R> | undefined
  /** Bounds around any policy. */
  readonly limits?: StreamRetry.Limits | undefined
  readonly deadlines?: Deadlines.Options | undefined
  /**
   * Makes what has a say before each attempt: a circuit breaker, limits, or an own one. What it makes lives as long as the
   * provider; one that is made elsewhere is shared by giving it to several, as `Effect.succeed(limits)`. Default: none.
   */
  readonly admission?: Effect.Effect<Admission, InvalidOptions, R> | undefined
  /**
   * Makes the bucket that limits what retries add to the load of the provider. `false`: no such limit. Default:
   * `RetryBudget.make()`, whose documentation says why.
   */
  readonly retryBudget?: Effect.Effect<RetryBudget, InvalidOptions> | false | undefined
}

/**
 * What may be set for a provider, whatever its client is.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServiceOptions<out R = never> extends Resilience<R> {
  /**
   * The words that ask a model, in the user's name, to continue its own message after a drop: only with `resume`, and only
   * where there is no better route. They must ask it to write `marker`, then `anchor` character for character, and then
   * to go on; and if nothing was missing, to write marker, anchor, and marker again. Text is joined only where the model
   * did that. `false`: models are not asked, and such text fails with what was delivered. Default: plain English.
   *
   * @example
   * ```ts
   * import type { Provider } from "effect-redial"
   *
   * const continuation: Provider.ServiceOptions["continuation"] = ({ anchor, marker }) =>
   *   `Your last message was cut off after these words: ${anchor}\nWrite ${marker}, those words exactly, and then the rest.
   *    If nothing was missing, write ${marker}, those words, and ${marker} again.`
   * ```
   */
  readonly continuation?: ((ask: Ask) => string) | false | undefined
  /**
   * How objects are asked for. Default: what the vendor is known to take, else `native` for a schema that its structured
   * output takes, and `tool` for any other.
   */
  readonly structuredOutput?: StructuredOutput | undefined
  /**
   * What a million tokens of each model cost, by the name by which requests ask for it, so that spans and metrics say what
   * requests cost. The library has no prices of its own: they change, and differ by contract. Default: none.
   *
   * @example
   * ```ts
   * import type { Provider } from "effect-redial"
   *
   * const prices: Provider.ServiceOptions["prices"] = { "claude-sonnet-5-5": { input: 3, output: 15, cacheRead: 0.3 } }
   * ```
   */
  readonly prices?: Readonly<Record<string, Price>> | undefined
}
