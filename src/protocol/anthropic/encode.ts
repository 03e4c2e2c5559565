/**
 * Writes a request as Anthropic Messages params.
 */

import * as Either from "effect/Either"
import type { ModelRequest, Reasoning, ToolChoice } from "../../model/ModelRequest.js"
import type { Tool } from "../../model/Tool.js"
import {
  commonlyRefused,
  type Encoded,
  encodeTools,
  invalid,
  onlyOneSystem,
  onlySupported,
  onlyWithout,
  onlyWithTools,
  ownOptions,
  promptRefused,
  said,
  vendorToolNamed
} from "../internal/encode.js"
import type { AnthropicMessages as Quirks } from "../Quirks.js"
import type { Beta, Messages } from "../sdk/anthropic.js"
import { encodePrompt } from "./encodePrompt.js"
import { cacheControl } from "./encodeShared.js"
import { outputSchema } from "./outputSchema.js"

/** The wire accepts these for every model that samples; the SDK's types omit them, because newer models refuse them. */
interface Sampling {
  temperature?: number
  top_p?: number
  top_k?: number
}

/**
 * A request in the SDK's own terms: the parameters of `messages.create` and of its beta. The same endpoint takes both,
 * if a header names the beta.
 *
 * @since 0.1.0
 * @category models
 */
export type Params = Omit<Beta.MessageCreateParamsStreaming, "betas"> & Sampling

/**
 * Fields of Anthropic Messages for `providerOptions`, including those of betas: `mcp_servers`, `context_management`,
 * `container`. Name the beta in the header `anthropic-beta`, in `headers` of the call or of the provider.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderOptions
  extends Partial<Omit<Beta.MessageCreateParamsStreaming, "stream" | "model" | "messages" | "betas">> {}

const refusedOptions = {
  ...commonlyRefused,
  messages: promptRefused,
  betas: "betas belong in the header `anthropic-beta`: put it into the `headers` of the call or of the provider"
}

/** The protocol requires a number; this is the default, in addition to a budget for thinking. */
const defaultMaxTokens = 8192

/** The smallest budget for thinking that the protocol accepts. */
const leastBudget = 1024

export const encode = (request: ModelRequest, quirks: Quirks = {}): Encoded<Params> =>
  Either.gen(function* () {
    yield* onlyWithout(request, "Anthropic Messages", ["seed", "frequencyPenalty", "presencePenalty", "metadata"])
    yield* onlySupported(request, quirks)
    const options = yield* ownOptions(request, "anthropic-messages", refusedOptions)
    const { messages, system } = yield* encodePrompt(request, quirks)
    yield* onlyOneSystem("system", system, options?.system)
    const tools = yield* encodeTools<Beta.BetaToolUnion>(request, "anthropic-messages", encodeTool, options?.tools)
    yield* onlyWithTools(request, tools)
    const toolChoice = tools.length > 0 ? yield* encodeToolChoice(request) : undefined
    const thinking = yield* encodeThinking(request, quirks)
    const config = yield* outputConfig(request)
    const tier = yield* serviceTier(request)
    const { maxOutputTokens, model, reasoning, stopSequences, temperature, topK, topP, user } = request
    return {
      model,
      max_tokens: maxOutputTokens ?? defaultMaxTokens + (reasoning?.budgetTokens ?? 0),
      messages,
      ...(system !== undefined && { system }),
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
      ...(topK !== undefined && { top_k: topK }),
      ...(stopSequences !== undefined && stopSequences.length > 0 && { stop_sequences: [...stopSequences] }),
      ...(toolChoice !== undefined && { tool_choice: toolChoice }),
      ...(thinking !== undefined && { thinking }),
      ...(user !== undefined && { metadata: { user_id: user } }),
      ...(tier !== undefined && { service_tier: tier }),
      ...options,
      ...(tools.length > 0 && { tools }),
      // These fields hold several settings, so they are merged field by field.
      ...(config !== undefined && { output_config: { ...config, ...said(options?.output_config ?? {}) } }),
      stream: true
    }
  })

const encodeTool = ({ cache, description, name, parameters }: Tool): Encoded<Messages.Tool> =>
  parameters.type === "object"
    ? Either.right({
        name,
        ...(description !== undefined && { description }),
        input_schema: { ...parameters, type: "object" },
        ...cacheControl(cache)
      })
    : invalid("tools", `has "${name}", whose parameters are not an object: wrap them in a Struct`)

/** Only the choice can forbid parallel calls; a choice of none calls none. */
const encodeToolChoice = (request: ModelRequest): Encoded<Messages.ToolChoice | undefined> => {
  const { parallelToolCalls, toolChoice } = request
  if (toolChoice === "none") return Either.right({ type: "none" })
  if (typeof toolChoice === "object") {
    const definition = vendorToolNamed(request, toolChoice.tool)
    if (definition !== undefined && !("name" in definition)) {
      return invalid(
        "toolChoice",
        `names "${toolChoice.tool}", a set of tools, of which one must be named: use "required"`
      )
    }
  }
  if (parallelToolCalls === false)
    return Either.right({ ...chosen(toolChoice ?? "auto"), disable_parallel_tool_use: true })
  return Either.right(toolChoice === undefined ? undefined : chosen(toolChoice))
}

const chosen = (choice: Exclude<ToolChoice, "none">): Exclude<Messages.ToolChoice, Messages.ToolChoiceNone> => {
  switch (choice) {
    case "auto":
      return { type: "auto" }
    case "required":
      return { type: "any" }
    default:
      return { type: "tool", name: choice.tool }
  }
}

/** A budget asks for the older kind of thinking, an effort alone for the newer kind. */
const encodeThinking = (request: ModelRequest, quirks: Quirks): Encoded<Messages.ThinkingConfigParam | undefined> => {
  const { maxOutputTokens, reasoning } = request
  if (reasoning === undefined) return Either.right(undefined)
  const { budgetTokens, effort, summary } = reasoning
  if (summary !== undefined) {
    return invalid(
      "reasoning.summary",
      "is not supported over Anthropic Messages, which shows the thinking: leave it out"
    )
  }
  if (budgetTokens === undefined) {
    if (effort === undefined) return Either.right(undefined)
    if (effort === "none") return Either.right({ type: "disabled" })
    // The SDK's type requires a budget with `enabled`; the vendors of this quirk do not.
    return Either.right({ type: quirks.thinking ?? "adaptive" } as Messages.ThinkingConfigAdaptive)
  }
  if (budgetTokens < leastBudget) {
    return invalid(
      "reasoning.budgetTokens",
      `is ${budgetTokens}: over Anthropic Messages it is at least ${leastBudget}`
    )
  }
  if (maxOutputTokens !== undefined && budgetTokens >= maxOutputTokens) {
    return invalid(
      "reasoning.budgetTokens",
      `is ${budgetTokens}, and thinking counts as output: it must be below maxOutputTokens, which is ${maxOutputTokens}`
    )
  }
  return Either.right({ type: "enabled", budget_tokens: budgetTokens })
}

const outputConfig = ({ output, reasoning }: ModelRequest): Encoded<Messages.OutputConfig | undefined> =>
  Either.gen(function* () {
    const effort = yield* encodeEffort(reasoning)
    const schema = output === undefined ? undefined : yield* outputSchema(output.schema)
    if (effort === undefined && schema === undefined) return undefined
    return {
      ...(effort !== undefined && { effort }),
      ...(schema !== undefined && { format: { type: "json_schema" as const, schema: { ...schema } } })
    }
  })

const encodeEffort = (reasoning: Reasoning | undefined) => {
  switch (reasoning?.effort) {
    case undefined:
    case "none":
      return Either.right(undefined)
    case "minimal":
      return invalid(
        "reasoning.effort",
        "is `minimal`, which is not supported over Anthropic Messages: use `low` or `none`"
      )
    default:
      return Either.right(reasoning?.effort)
  }
}

const serviceTier = ({ serviceTier: tier }: ModelRequest): Encoded<"auto" | "standard_only" | undefined> =>
  tier === undefined || tier === "auto" || tier === "standard_only"
    ? Either.right(tier)
    : invalid("serviceTier", `is "${tier}": over Anthropic Messages it is "auto" or "standard_only"`)
