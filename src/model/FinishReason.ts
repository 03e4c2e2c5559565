/**
 * Why a model stopped, in one vocabulary, together with the vendor's own word.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Why a model stopped.
 *
 * - `stop`: the model was done, or wrote a stop sequence
 * - `length`: the output token limit or the context window cut the answer
 * - `tool-calls`: the model waits for the results of its tool calls
 * - `content-filter`: the vendor's filter cut the answer
 * - `refusal`: the model declined
 * - `pause`: the vendor paused a long turn; send the response back to continue it
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
 * Why a model stopped, and the vendor's word for it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FinishReason = Schema.Struct({
  reason: Reason,
  /** The vendor's own word; absent if a complete stream gave none. */
  raw: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type FinishReason = typeof FinishReason.Type
