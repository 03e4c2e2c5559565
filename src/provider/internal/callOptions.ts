/** The options of one call, and of an object that is requested. */
import type * as Headers from "@effect/platform/Headers"
import type * as Redacted from "effect/Redacted"
import type * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import type { Credentials } from "../../client/Credentials.js"
import type { Checkpoint } from "../../model/Checkpoint.js"
import type { Rejected } from "../../model/InvalidOutput.js"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type { ModelResponse } from "../../model/ModelResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import type * as Deadlines from "../../retry/Deadlines.js"
import type { Delivery } from "../../retry/Recovery.js"
import type * as StreamRetry from "../../retry/StreamRetry.js"
import type { StructuredOutput } from "../../vendors/Vendor.js"

/**
 * The options of one call.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions {
  /** Override the provider's deadlines, field by field. */
  readonly deadlines?: Deadlines.Options | undefined
  /** Replaces the provider's policy. */
  readonly retry?: Schedule.Schedule<unknown, ProviderError.ProviderError> | undefined
  /** Override the provider's limits around its policy, field by field. */
  readonly limits?: StreamRetry.Limits | undefined
  /**
   * Sent in place of the provider's own key, over the same connections, so one provider serves many tenants.
   * `Credentials` of another host fail the call with `InvalidRequest`. Default: the provider's `apiKey`.
   */
  readonly credential?: Redacted.Redacted | Credentials | undefined
  /**
   * Sent with each attempt of this call: a beta, a trace id. They replace headers of the same name of the provider and
   * the vendor, except `anthropic-beta`, a list to which they add. Credentials do not belong here: a header that would
   * hold a key, or that cannot be sent, is an `InvalidRequest`. Errors and spans never contain their values. Default:
   * none.
   */
  readonly headers?: Headers.Input | undefined
  /**
   * Continues an answer that another call began, perhaps in another process or at another provider. The stream gives
   * what follows the checkpoint, and the response is the whole answer. If a server keeps the answer, it is asked for
   * the rest; this requires the same request. Default: a new answer.
   */
  readonly from?: Checkpoint | undefined
}

/**
 * The options of one call of `stream`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions<D extends Delivery = Delivery> extends CallOptions {
  /** What happens when a stream breaks after output was delivered. Default: `restart`; with `from`, `resume`. */
  readonly delivery?: D | undefined
  /**
   * Also gives each event of the wire as a `Raw` event, in order and before the events that it means: for a proxy, or
   * for fields that this library does not model. Not with the delivery `hold`, which shows nothing before the end.
   * Default: false.
   */
  readonly raw?: ([D] extends ["hold"] ? false : boolean) | undefined
}

/**
 * The options of one call of `streamText`.
 *
 * @since 0.1.0
 * @category models
 */
export interface TextOptions extends CallOptions {
  /** What happens when a stream breaks after text was delivered. Text cannot be taken back. Default: `resume`. */
  readonly delivery?: Exclude<Delivery, "restart"> | undefined
}

/**
 * A request for an object. Its tools are for the calls that the conversation already contains: the model makes no new
 * ones.
 *
 * @since 0.1.0
 * @category models
 */
export type ObjectRequest = Omit<ModelRequest.Options, "output" | "toolChoice">

/**
 * The requested object.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectOptions<A, I, R> {
  /**
   * The Schema of the object. Vendors require an object at the root: anything else is sent as the field `value` of one,
   * and unwrapped.
   */
  readonly schema: Schema.Schema<A, I, R>
  /** Letters, digits, `_` and `-`. Default: `answer`. */
  readonly name?: string | undefined
  /** A description of the object, for the model. Default: the schema's own description. */
  readonly description?: string | undefined
  /** How the object is requested. Default: like the provider's other objects. */
  readonly structuredOutput?: StructuredOutput | undefined
  /**
   * How often the model is shown what is wrong with its answer and asked for another one, each time in a separate
   * request. A refused or cut answer is not repaired. Default: 0.
   */
  readonly repair?: number | undefined
}

/**
 * The requested list, by element.
 *
 * @since 0.1.0
 * @category models
 */
export interface ElementOptions<A, I, R> extends Omit<ObjectOptions<A, I, R>, "schema" | "repair"> {
  /** The Schema of one element. */
  readonly element: Schema.Schema<A, I, R>
}

/**
 * An object, decoded by its Schema.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectResponse<out A> {
  readonly value: A
  /** The answer that contained it, with its usage and attempts. */
  readonly response: ModelResponse
  /** Earlier answers that were not the object, with their usage; empty if no correction was requested. */
  readonly repairs: ReadonlyArray<Rejected>
}
