/**
 * Tokens of one response, counted the same way for every vendor.
 *
 * The arithmetic: `inputTokens` is everything the model read, cached or not, so `cacheReadTokens` and
 * `cacheWriteTokens` are parts of it; `outputTokens` is everything it wrote, so `reasoningTokens` is a part of it.
 * A number that the provider did not report is absent, never zero.
 *
 * OpenAI's protocols count so by themselves. Anthropic Messages counts what came from a cache, what went into one and the
 * rest of the input apart; its decoder adds the three. Which field of which vendor is read, and where that is documented,
 * is in docs/usage.md.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const tokens = Schema.optional(Schema.Number)

/**
 * The tokens of a response. Each field is a whole number, and absent where the provider did not report it.
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
 * What a million tokens cost, in any currency. Prices change and differ by contract, so the library has none of its own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Price {
  /** For input that no cache had a part in. */
  readonly input: number
  /** Reasoning is output and costs the same. */
  readonly output: number
  /** Default: unknown, and so is the cost of a response that read from a cache. */
  readonly cacheRead?: number | undefined
  /** Default: unknown, and so is the cost of a response that wrote to a cache. */
  readonly cacheWrite?: number | undefined
  /**
   * For what a cache keeps for an hour, where the vendor says how much that is. Default: unknown, and so is the cost of a
   * response that wrote to such a cache.
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
 * None where that is not known: the provider did not report the input or the output, there were tokens of a kind without
 * a price, the parts are more than the whole, or a number does not count anything. A part that was not reported counts as nothing, so its tokens cost what
 * other input does.
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
