/**
 * Tokens of one response, counted the same way for every vendor.
 *
 * `inputTokens` is everything the model read, cached or not, so `cacheReadTokens` and `cacheWriteTokens` are parts of
 * it. `outputTokens` is everything it wrote, so `reasoningTokens` is a part of it. A number that the provider did not
 * report is absent, never zero.
 *
 * OpenAI's protocols count this way. Anthropic Messages counts cache reads, cache writes and the rest of the input
 * separately; its decoder adds the three. [docs/usage.md](../../docs/usage.md) says which field of which vendor is
 * read, with sources.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const tokens = Schema.optional(Schema.Number)

/**
 * The tokens of a response. Each field is a whole number, and absent if the provider did not report it.
 *
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
  /** The part of `cacheWriteTokens` that is kept for five minutes. */
  cacheWrite5mTokens: tokens,
  /** The part of `cacheWriteTokens` that is kept for an hour. */
  cacheWrite1hTokens: tokens,
  /** The part of `outputTokens` that was spent on reasoning. */
  reasoningTokens: tokens
})

/**
 * @since 0.1.0
 * @category models
 */
export type Usage = typeof Usage.Type

/**
 * No number is known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unknown: Usage = {}

const plus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : a + b

/**
 * Adds two usages field by field. If only one side has a number, that number is kept.
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
export const add: {
  (that: Usage): (self: Usage) => Usage
  (self: Usage, that: Usage): Usage
} = dual(
  2,
  (self: Usage, that: Usage): Usage => ({
    inputTokens: plus(self.inputTokens, that.inputTokens),
    outputTokens: plus(self.outputTokens, that.outputTokens),
    cacheReadTokens: plus(self.cacheReadTokens, that.cacheReadTokens),
    cacheWriteTokens: plus(self.cacheWriteTokens, that.cacheWriteTokens),
    cacheWrite5mTokens: plus(self.cacheWrite5mTokens, that.cacheWrite5mTokens),
    cacheWrite1hTokens: plus(self.cacheWrite1hTokens, that.cacheWrite1hTokens),
    reasoningTokens: plus(self.reasoningTokens, that.reasoningTokens)
  })
)

/**
 * The price of a million tokens, in any currency. Prices change and differ by contract, so the library has none of its
 * own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Price {
  /** For input that was neither read from nor written to a cache. */
  readonly input: number
  /** For output, reasoning included. */
  readonly output: number
  /** Default: unknown, and so is the cost of a response that read from a cache. */
  readonly cacheRead?: number | undefined
  /** Default: unknown, and so is the cost of a response that wrote to a cache. */
  readonly cacheWrite?: number | undefined
  /**
   * For tokens that a cache keeps for an hour, if the vendor reports how many. Default: unknown, and so is the cost of
   * a response that wrote to such a cache.
   */
  readonly cacheWrite1h?: number | undefined
}

/**
 * What a response cost, in the currency of the price: each token once, at the price of its kind.
 *
 * ```
 * (inputTokens - cacheReadTokens - cacheWriteTokens) * input
 *   + cacheReadTokens * cacheRead
 *   + (cacheWriteTokens - cacheWrite1hTokens) * cacheWrite
 *   + cacheWrite1hTokens * cacheWrite1h
 *   + outputTokens * output
 * ```
 *
 * `None` if the cost is unknown: the provider did not report the input or the output, tokens of a kind have no price,
 * the parts are more than the whole, or a number is not a count. A part that was not reported counts as zero, so its
 * tokens are priced as other input.
 *
 * @example
 * ```ts
 * import { Usage } from "effect-redial"
 *
 * const cost = Usage.cost(
 *   { inputTokens: 10_000, cacheReadTokens: 8_000, outputTokens: 500 },
 *   { input: 3, output: 15, cacheRead: 0.3 }
 * )
 * // Option.some(0.0159)
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const cost: {
  (price: Price): (self: Usage) => Option.Option<number>
  (self: Usage, price: Price): Option.Option<number>
} = dual(2, (self: Usage, price: Price): Option.Option<number> => {
  const { cacheReadTokens: read = 0, cacheWriteTokens: written = 0, cacheWrite1hTokens: hour = 0 } = self
  const { inputTokens: input, outputTokens: output } = self
  if (input === undefined || output === undefined) return Option.none()
  if (![read, written, hour, input, output].every(Number.isSafeInteger)) return Option.none()
  const fresh = input - read - written
  const kinds: ReadonlyArray<readonly [tokens: number, price: number | undefined]> = [
    [fresh, price.input],
    [read, price.cacheRead],
    [written - hour, price.cacheWrite],
    [hour, price.cacheWrite1h],
    [output, price.output]
  ]
  let sum = 0
  for (const [tokens, perMillion] of kinds) {
    if (tokens === 0) continue
    if (tokens < 0 || perMillion === undefined) return Option.none()
    sum += tokens * perMillion
  }
  return Option.some(sum / 1_000_000)
})
