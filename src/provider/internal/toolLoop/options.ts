/** The options of one run of a loop. */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as ModelRequest from "../../../model/ModelRequest.js"
import type * as Usage from "../../../model/Usage.js"
import type { Delivery } from "../../../retry/Recovery.js"
import type { StreamOptions as AnswerOptions, CallOptions } from "../callOptions.js"
import type { Checkpoint, Result } from "./progress.js"

/**
 * The request of the first step. The loop adds its tools in each step. `toolChoice` also holds for each step: with a
 * forced call, only `stopWhen` ends the loop.
 *
 * @since 0.1.0
 * @category models
 */
export type Request = Omit<ModelRequest.Options, "tools">

/**
 * The options of one run of a loop.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out E = never, out R = never> extends Omit<CallOptions, "from"> {
  /** The most answers to request, including those before `from`. Default: 20. */
  readonly maxSteps?: number | undefined
  /** Whether to end a loop that would continue. Called when all calls of a step have their results. Default: never. */
  readonly stopWhen?: ((result: Result) => boolean) | undefined
  /** How many calls of a step run at once. Default: all of them. */
  readonly concurrency?: number | "unbounded" | undefined
  /** The price for `cost`. Default: none, and the cost is unknown. */
  readonly price?: Usage.Price | undefined
  /**
   * Stores the progress of the loop: after each answer and after each result, before it is emitted. The loop waits for
   * it, and fails if it fails. Storing a result is not interrupted. Default: nothing is stored.
   */
  readonly save?: ((checkpoint: Checkpoint) => Effect.Effect<unknown, E, R>) | undefined
  /**
   * Continues a loop, perhaps in another process. The conversation is that of the checkpoint, and the `prompt` of the
   * request is ignored. Existing results are not computed again. Default: a new loop.
   */
  readonly from?: Checkpoint | undefined
}

/**
 * The options of one run of a loop as a stream.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions<D extends Delivery = Delivery, out E = never, out R = never>
  extends Options<E, R>,
    Pick<AnswerOptions<D>, "delivery" | "raw"> {
  /**
   * Also stores the answer in progress, at most this often, as `Checkpoint.save` does. A loop that is killed in the
   * middle of an answer then continues in its middle. Default: not stored; the answer is requested anew.
   */
  readonly saveAnswer?: Duration.DurationInput | undefined
}
