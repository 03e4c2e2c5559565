/**
 * What a caller says of one run of a loop.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as ModelRequest from "../../../model/ModelRequest.js"
import type * as Usage from "../../../model/Usage.js"
import type { Delivery } from "../../../retry/Recovery.js"
import type { StreamOptions as AnswerOptions, CallOptions } from "../callOptions.js"
import type { Checkpoint, Result } from "./progress.js"

/**
 * What the first step asks. The tools are those of the loop, in each step. So is `toolChoice`: a model that must call a tool
 * is done only by `stopWhen`.
 *
 * @since 0.1.0
 * @category models
 */
export type Request = Omit<ModelRequest.Options, "tools">

/**
 * What may be set for one run of a loop.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out E = never, out R = never> extends Omit<CallOptions, "from"> {
  /** The most answers to ask for, those before `from` included. Default: 20. */
  readonly maxSteps?: number | undefined
  /** Whether a loop that would go on ends. Asked when all calls of a step have their results. Default: never. */
  readonly stopWhen?: ((result: Result) => boolean) | undefined
  /** How many calls of a step run at once. Default: all of them. */
  readonly concurrency?: number | "unbounded" | undefined
  /** For `cost`. Default: none, and the cost is not known. */
  readonly price?: Usage.Price | undefined
  /**
   * Stores how far the loop is: after each answer and after each result, before anybody is told of it. The loop waits for
   * it, and fails where it fails. It is not interrupted in the middle of storing a result. Default: nothing is stored.
   */
  readonly save?: ((checkpoint: Checkpoint) => Effect.Effect<unknown, E, R>) | undefined
  /**
   * Goes on where a loop was, perhaps in another process. The conversation is that of the checkpoint, and the `prompt` of
   * the request is not read. Results that are there are not made again. Default: a new loop.
   */
  readonly from?: Checkpoint | undefined
}

/**
 * What may be set for one run of a loop as a stream.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions<D extends Delivery = Delivery, out E = never, out R = never>
  extends Options<E, R>,
    Pick<AnswerOptions<D>, "delivery" | "raw"> {
  /**
   * Also stores the answer that is under way, no sooner than this after the last time, as `Checkpoint.save` does. A loop
   * that is killed in the middle of an answer then goes on in its middle. Default: not stored, and asked for anew.
   */
  readonly saveAnswer?: Duration.DurationInput | undefined
}
