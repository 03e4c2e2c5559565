/** The events of a loop. */
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type * as Prompt from "../../../model/Prompt.js"
import type { Result } from "./progress.js"

/**
 * An event of an answer, with its step, counted from 1.
 *
 * @since 0.1.0
 * @category events
 */
export interface Model<out A extends ModelEvent = ModelEvent> {
  readonly _tag: "Model"
  readonly step: number
  readonly event: A
}

/**
 * A call has its result. Results come in the order in which they are ready.
 *
 * @since 0.1.0
 * @category events
 */
export interface ToolResult {
  readonly _tag: "ToolResult"
  readonly step: number
  readonly call: Prompt.ToolCallPart
  /** As the model is told. With `isError`, the call failed, was refused or did not fit. */
  readonly result: Prompt.ToolResultPart
}

/**
 * The loop is done. It comes once and last.
 *
 * @since 0.1.0
 * @category events
 */
export interface End {
  readonly _tag: "End"
  readonly result: Result
}

/**
 * Any event of a loop, discriminated by `_tag`.
 *
 * @since 0.1.0
 * @category events
 */
export type Event<A extends ModelEvent = ModelEvent> = Model<A> | ToolResult | End
