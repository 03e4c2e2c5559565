/**
 * What a caller says of one call: what may be set for it, and which object is wanted.
 */
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
 * What may be set for one call.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions {
  /** Override the provider's deadlines, field by field. */
  readonly deadlines?: Deadlines.Options | undefined
  /** Replaces the provider's policy. */
  readonly retry?: Schedule.Schedule<unknown, ProviderError.ProviderError> | undefined
  /** Override the provider's bounds around its policy, field by field. */
  readonly limits?: StreamRetry.Limits | undefined
  /**
   * Sent in place of the provider's own key, over the same connections: so one provider serves many tenants. `Credentials`
   * of another host fail the call with `InvalidRequest`. Default: the provider's `apiKey`.
   */
  readonly credential?: Redacted.Redacted | Credentials | undefined
  /**
   * Sent with each attempt of this call: a beta, the id of a trace. They replace the provider's and the vendor's own headers
   * of the same name, apart from `anthropic-beta`, a list to which they add. Credentials do not belong here: one that would
   * hold a key, or that cannot be sent, is an `InvalidRequest`. Their values are put into no error and no span. Default:
   * none.
   */
  readonly headers?: Headers.Input | undefined
  /**
   * Continues an answer that another call began, perhaps in another process or at another provider: the stream gives what
   * follows the checkpoint, and the response is the whole answer. A server that keeps the answer is asked for the rest of
   * it, for which the request must be the same. Default: a new answer.
   */
  readonly from?: Checkpoint | undefined
}

/**
 * What may be set for one call of `stream`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions<D extends Delivery = Delivery> extends CallOptions {
  /** What happens when a stream breaks after output was delivered. Default: `restart`; with `from`, `resume`. */
  readonly delivery?: D | undefined
  /**
   * Gives each event of the wire as a `Raw` event, too, in its order and before what it means: for a proxy, or for fields
   * that this library does not model. Not with the delivery `hold`, which shows nothing before the end. Default: false.
   */
  readonly raw?: ([D] extends ["hold"] ? false : boolean) | undefined
}

/**
 * What may be set for one call of `streamText`.
 *
 * @since 0.1.0
 * @category models
 */
export interface TextOptions extends CallOptions {
  /** What happens when a stream breaks after text was delivered. Text cannot be taken back. Default: `resume`. */
  readonly delivery?: Exclude<Delivery, "restart"> | undefined
}

/**
 * A request for an object. Tools are there for the calls that its conversation already has: it makes no new ones.
 *
 * @since 0.1.0
 * @category models
 */
export type ObjectRequest = Omit<ModelRequest.Options, "output" | "toolChoice">

/**
 * The object that is wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectOptions<A, I, R> {
  /** Vendors want an object: anything else is asked for as the field `value` of one, and given back without it. */
  readonly schema: Schema.Schema<A, I, R>
  /** Letters, digits, `_` and `-`. Default: `answer`. */
  readonly name?: string | undefined
  /** What the object is, for the model. Default: the schema's own description. */
  readonly description?: string | undefined
  /** How it is asked for. Default: as the provider's other objects. */
  readonly structuredOutput?: StructuredOutput | undefined
  /**
   * How often the model is shown what is wrong with its answer and asked for another one, each time by a request of its
   * own. An answer that was refused or cut is not asked for again. Default: 0.
   */
  readonly repair?: number | undefined
}

/**
 * The list that is wanted, element by element.
 *
 * @since 0.1.0
 * @category models
 */
export interface ElementOptions<A, I, R> extends Omit<ObjectOptions<A, I, R>, "schema" | "repair"> {
  /** What one element is. */
  readonly element: Schema.Schema<A, I, R>
}

/**
 * An object, once the schema has checked it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectResponse<out A> {
  readonly value: A
  /** The answer that it was in, with its usage and attempts. */
  readonly response: ModelResponse
  /** The answers before it that were no object, with what they cost; empty where no correction was asked for. */
  readonly repairs: ReadonlyArray<Rejected>
}
