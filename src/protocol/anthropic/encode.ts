/**
 * Writes a request as Anthropic Messages params.
 */
import type * as Messages from "@anthropic-ai/sdk/resources/messages/messages"
import * as Either from "effect/Either"
import type { ModelRequest, Reasoning, ToolChoice } from "../../model/ModelRequest.js"
import type { Tool } from "../../model/Tool.js"
import {
  choosesNothing,
  type Encoded,
  each,
  invalid,
  onlySupported,
  onlyWithout,
  ownOptions
} from "../internal/encode.js"
import type { AnthropicMessages as Quirks } from "../Quirks.js"
import { encodePrompt } from "./encodePrompt.js"

/** The wire takes these from every model that samples; the SDK's types leave them out, since newer models refuse them. */
interface Sampling {
  temperature?: number
  top_p?: number
  top_k?: number
}

/**
 * A request in the SDK's own terms: what `messages.create` takes.
 *
 * @since 0.1.0
 * @category models
 */
export type Params = Messages.MessageCreateParamsStreaming & Sampling

/** The protocol wants a number; this is what a request gets that names none, beside a budget to think with. */
const defaultMaxTokens = 8192

/** The least that the protocol lets a model think with. */
const leastBudget = 1024

export const encode = (request: ModelRequest, quirks: Quirks = {}): Encoded<Params> =>
  Either.gen(function* () {
    yield* onlyWithout(request, "Anthropic Messages", ["seed", "frequencyPenalty", "presencePenalty", "metadata"])
    yield* onlySupported(request, quirks)
    if (choosesNothing(request)) yield* invalid("toolChoice", "wants a tool, and there are none")
    const options = yield* ownOptions(request, "anthropic-messages", ["stream"])
    const { messages, system } = yield* encodePrompt(request)
    const tools = yield* each(request.tools ?? [], encodeTool)
    const toolChoice = tools.length > 0 ? encodeToolChoice(request) : undefined
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
      ...(tools.length > 0 && { tools }),
      ...(toolChoice !== undefined && { tool_choice: toolChoice }),
      ...(thinking !== undefined && { thinking }),
      ...(config !== undefined && { output_config: config }),
      ...(user !== undefined && { metadata: { user_id: user } }),
      ...(tier !== undefined && { service_tier: tier }),
      ...options,
      stream: true
    }
  })

const encodeTool = ({ description, name, parameters }: Tool): Encoded<Messages.Tool> =>
  parameters.type === "object"
    ? Either.right({
        name,
        ...(description !== undefined && { description }),
        input_schema: { ...parameters, type: "object" }
      })
    : invalid("tools", `has "${name}", whose parameters are no object: wrap them in a Struct`)

/** Only the choice can say that tools are not to be called side by side; a choice of none calls none. */
const encodeToolChoice = ({ parallelToolCalls, toolChoice }: ModelRequest): Messages.ToolChoice | undefined => {
  if (toolChoice === "none") return { type: "none" }
  if (parallelToolCalls !== false) return toolChoice === undefined ? undefined : chosen(toolChoice)
  return { ...chosen(toolChoice ?? "auto"), disable_parallel_tool_use: true }
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

/** A budget is thinking of the older kind, an effort alone is thinking of the newer one. */
const encodeThinking = (request: ModelRequest, quirks: Quirks): Encoded<Messages.ThinkingConfigParam | undefined> => {
  const { maxOutputTokens, reasoning } = request
  if (reasoning === undefined) return Either.right(undefined)
  const { budgetTokens, effort, summary } = reasoning
  if (summary !== undefined) {
    return invalid(
      "reasoning.summary",
      "cannot be said over Anthropic Messages, which shows the thinking: leave it out"
    )
  }
  if (budgetTokens === undefined) {
    if (effort === undefined) return Either.right(undefined)
    if (effort === "none") return Either.right({ type: "disabled" })
    // The SDK's type wants a budget with `enabled`, which the vendors of this quirk do not.
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
  Either.map(encodeEffort(reasoning), (effort) =>
    effort === undefined && output === undefined
      ? undefined
      : {
          ...(effort !== undefined && { effort }),
          ...(output !== undefined && { format: { type: "json_schema" as const, schema: { ...output.schema } } })
        }
  )

const encodeEffort = (reasoning: Reasoning | undefined) => {
  switch (reasoning?.effort) {
    case undefined:
    case "none":
      return Either.right(undefined)
    case "minimal":
      return invalid("reasoning.effort", "is `minimal`, which Anthropic Messages has no word for: say `low` or `none`")
    default:
      return Either.right(reasoning?.effort)
  }
}

const serviceTier = ({ serviceTier: tier }: ModelRequest): Encoded<"auto" | "standard_only" | undefined> =>
  tier === undefined || tier === "auto" || tier === "standard_only"
    ? Either.right(tier)
    : invalid("serviceTier", `is "${tier}": over Anthropic Messages it is "auto" or "standard_only"`)
