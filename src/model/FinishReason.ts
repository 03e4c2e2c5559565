/**
 * Why a model stopped, in one vocabulary, with the vendor's own word kept beside it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Why a model stopped.
 *
 * - `stop`: the model was done, or wrote a stop sequence
 * - `length`: the output token limit or the context window cut it
 * - `tool-calls`: it waits for the results of its tool calls
 * - `content-filter`: the vendor's filter cut it
 * - `refusal`: the model declined
 * - `pause`: the vendor paused a long turn; send the response back to go on
 * - `other`: a word that this library does not know; see `raw`
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Literal("stop", "length", "tool-calls", "content-filter", "refusal", "pause", "other")

/**
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

/**
 * Why a model stopped, and what its vendor calls that.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FinishReason = Schema.Struct({
  reason: Reason,
  /** The vendor's own word; absent where a stream was complete and gave none. */
  raw: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type FinishReason = typeof FinishReason.Type
