/**
 * Tokens of one response, counted the same way for every vendor.
 *
 * The arithmetic: `inputTokens` is everything the model read, cached or not, so `cacheReadTokens` and
 * `cacheWriteTokens` are parts of it; `outputTokens` is everything it wrote, so `reasoningTokens` is a part of it.
 * A number that the provider did not report is absent, never zero.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const tokens = Schema.optional(Schema.Number)

/**
 * @since 0.1.0
 * @category schemas
 */
export const Usage = Schema.Struct({
  /** Tokens read by the model, cached ones included. */
  inputTokens: tokens,
  /** Tokens written by the model, reasoning included. */
  outputTokens: tokens,
  /** The part of `inputTokens` that was served from a cache. */
  cacheReadTokens: tokens,
  /** The part of `inputTokens` that was written to a cache. */
  cacheWriteTokens: tokens,
  /** The part of `outputTokens` that was spent on reasoning. */
  reasoningTokens: tokens
})

/**
 * @since 0.1.0
 * @category models
 */
export type Usage = typeof Usage.Type

/**
 * Nothing is known about the cost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unknown: Usage = {}

const plus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : a + b

/**
 * Adds two usages field by field. A field known on one side only keeps that side's number.
 *
 * @example
 * ```ts
 * import { Usage } from "effect-redial"
 *
 * const total = Usage.add({ inputTokens: 10, outputTokens: 5 }, { outputTokens: 7 })
 * // { inputTokens: 10, outputTokens: 12, ... }
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const add = (self: Usage, that: Usage): Usage => ({
  inputTokens: plus(self.inputTokens, that.inputTokens),
  outputTokens: plus(self.outputTokens, that.outputTokens),
  cacheReadTokens: plus(self.cacheReadTokens, that.cacheReadTokens),
  cacheWriteTokens: plus(self.cacheWriteTokens, that.cacheWriteTokens),
  reasoningTokens: plus(self.reasoningTokens, that.reasoningTokens)
})
