/** The usage of attempts: together, and for each provider and model. */
import * as Option from "effect/Option"
import type { Attempt } from "../ModelResponse.js"
import { add, cost, type Price, type Usage } from "../Usage.js"

/** The usage of the selected attempts, among all attempts of a response. */
export const usageOf = (
  attempts: ReadonlyArray<Attempt>,
  isWanted: (attempt: Attempt) => boolean
): { readonly usage: Usage; readonly exact: boolean } => {
  let usage: Usage = {}
  let exact = true
  for (const [at, attempt] of attempts.entries()) {
    if (!isWanted(attempt)) continue
    if (attempt.usage !== undefined) usage = add(usage, attempt.usage)
    // A cursor continues the same answer, whose usage comes at its end.
    if (costUnknown(attempt) && attempts[at + 1]?.route !== "cursor") exact = false
  }
  return { usage, exact }
}

/** An attempt that broke after its answer may have begun has no complete usage. */
const costUnknown = ({ delivered, error, usage, usageIsPartial }: Attempt): boolean => {
  switch (error?.tag) {
    // Events alone do not tell how an attempt ended that was cut off together with its program.
    case undefined:
      return usageIsPartial === true || usage?.inputTokens === undefined || usage.outputTokens === undefined
    case "StreamDropped":
    case "StreamTruncated":
    case "StreamStalled":
    case "MalformedStream":
      return true
    default:
      return usageIsPartial === true || delivered !== "nothing"
  }
}

/**
 * The usage of one response at one provider, with one model.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderUsage {
  /** Absent if an attempt does not name its provider: an older version stored it. */
  readonly provider: string | undefined
  readonly model: string | undefined
  /** How many attempts were made there. */
  readonly attempts: number
  readonly usage: Usage
  /** As in `totalUsage`. */
  readonly exact: boolean
}

/**
 * The usage of a response for each provider and model, in the order in which they were first asked; more than one if a
 * `Fallback` used several providers. Together they are `totalUsage`.
 *
 * @example
 * ```ts
 * import { ModelResponse, Provider } from "effect-redial"
 * import { Effect } from "effect"
 *
 * const paid = Provider.generate({ model: "any", prompt: "Why is the sky blue?" }).pipe(
 *   Effect.map(ModelResponse.usageByProvider),
 *   Effect.map((all) => all.map(({ model, provider, usage }) => `${provider} ${model}: ${usage.outputTokens} tokens`))
 * )
 * ```
 *
 * @since 0.1.0
 * @category usage
 */
export const usageByProvider = (response: {
  readonly attempts: ReadonlyArray<Attempt>
}): ReadonlyArray<ProviderUsage> => {
  const { attempts } = response
  const keys = new Set(attempts.map(keyOf))
  return [...keys].map((key) => {
    const own = attempts.filter((attempt) => keyOf(attempt) === key)
    return {
      provider: own[0]?.provider,
      model: own[0]?.model,
      attempts: own.length,
      ...usageOf(attempts, (attempt) => keyOf(attempt) === key)
    }
  })
}

const keyOf = ({ model, provider }: Attempt): string => JSON.stringify([provider, model])

/**
 * The cost at one provider, in the currency of its price.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderCost extends ProviderUsage {
  /** A lower bound if `exact` is false. None if the cost is unknown, or the model has no price: see `Usage.cost`. */
  readonly cost: Option.Option<number>
}

/**
 * What a response cost at each provider and model. A provider that only refused cost nothing.
 *
 * @example
 * ```ts
 * import { ModelResponse, type Usage } from "effect-redial"
 *
 * const prices: Record<string, Usage.Price> = { "claude-sonnet-5-5": { input: 3, output: 15 }, "gpt-5": { input: 1.25, output: 10 } }
 *
 * const costs = (response: ModelResponse.ModelResponse) =>
 *   ModelResponse.costByProvider(response, ({ model = "" }) => prices[model])
 * ```
 *
 * @since 0.1.0
 * @category usage
 */
export const costByProvider = (
  response: { readonly attempts: ReadonlyArray<Attempt> },
  priceOf: (asked: Pick<ProviderUsage, "provider" | "model">) => Price | undefined
): ReadonlyArray<ProviderCost> =>
  usageByProvider(response).map((asked) => {
    const isFree = asked.exact && Object.values(asked.usage).every((tokens) => tokens === undefined)
    const price = priceOf(asked)
    const paid = price === undefined ? Option.none<number>() : cost(asked.usage, price)
    return { ...asked, cost: isFree ? Option.some(0) : paid }
  })
