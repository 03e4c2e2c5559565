/**
 * What Anthropic will stop serving. Source: the lists of `@anthropic-ai/sdk` 1.12, which does not export them and
 * writes matches to the console. A test compares them with those of the installed SDK.
 */
import type { Params } from "./encode.js"

/** Models, and when they end. */
export const models: ReadonlyMap<string, string> = new Map([
  ["claude-sonnet-4-5", "November 30th, 2026"],
  ["claude-sonnet-4-5-20250929", "November 30th, 2026"]
])

/** Models that think better without a budget. */
export const adaptive: ReadonlySet<string> = new Set(["claude-mythos-preview", "claude-opus-4-6"])

/** As a sentence; undefined if there is nothing to warn about. */
export const deprecationOf = ({ model, thinking }: Params): string | undefined => {
  const end = models.get(model)
  if (end !== undefined) {
    return `The model ${model} is deprecated and ends on ${end}: see https://docs.anthropic.com/en/docs/resources/model-deprecations`
  }
  return thinking?.type === "enabled" && adaptive.has(model)
    ? `The model ${model} should think without a budget: give an \`effort\` and no \`budgetTokens\`.`
    : undefined
}
