/**
 * Writes a request as Responses params.
 */
import * as Either from "effect/Either"
import type { ModelRequest, OutputSchema } from "../../model/ModelRequest.js"
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
  systemParts,
  vendorToolNamed
} from "../internal/encode.js"
import { strictForm } from "../internal/strict.js"
import type { Responses as Quirks } from "../Quirks.js"
import type { Responses } from "../sdk/openai.js"
import { encodeInput } from "./input.js"

/**
 * A request in the SDK's own terms: the parameters of `responses.create`.
 *
 * @since 0.1.0
 * @category models
 */
export type Params = Responses.ResponseCreateParamsStreaming

/** What the protocol has no field for. */
const unsayable = ["topK", "seed", "frequencyPenalty", "presencePenalty"] as const

const refusedOptions = {
  ...commonlyRefused,
  input: promptRefused,
  top_logprobs: "the library depends on it: leave it out"
}

/**
 * Fields of Responses for `providerOptions`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderOptions
  extends Partial<Omit<Responses.ResponseCreateParamsStreaming, "stream" | "model" | "input" | "top_logprobs">> {}

const encrypted: Responses.ResponseIncludable = "reasoning.encrypted_content"
const logprobs: Responses.ResponseIncludable = "message.output_text.logprobs"

export const encode = (request: ModelRequest, quirks: Quirks = {}): Encoded<Params> =>
  Either.gen(function* () {
    yield* onlyWithout(request, "Responses", unsayable)
    if (request.stopSequences?.length) yield* onlyWithout(request, "Responses", ["stopSequences"])
    yield* onlySupported(request, quirks)
    const options = yield* ownOptions(request, "responses", refusedOptions)
    if (options?.include?.includes(logprobs))
      yield* invalid("providerOptions", `includes \`${logprobs}\`: leave it out`)
    const input = yield* encodeInput(request.prompt)
    const reasoning = yield* encodeReasoning(request)
    const system = systemParts(request).map(({ text }) => text)
    const instructions = system.length > 0 ? system.join("\n\n") : undefined
    yield* onlyOneSystem("instructions", instructions, options?.instructions)
    const tools = yield* encodeTools<Responses.Tool>(request, "responses", encodeTool, options?.tools)
    yield* onlyWithTools(request, tools)
    const toolChoice = tools.length > 0 ? yield* encodeToolChoice(request) : undefined
    const { maxOutputTokens, metadata, model, output, parallelToolCalls } = request
    const { serviceTier, temperature, topP, user } = request
    return {
      model,
      input,
      // An answer that is written in the background must be stored, or nobody could fetch it.
      store: options?.background === true,
      ...(handsOutReasoning(request) && { include: [encrypted] }),
      ...(instructions !== undefined && { instructions }),
      ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
      ...(toolChoice !== undefined && { tool_choice: toolChoice }),
      ...(tools.length > 0 && parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
      ...(user !== undefined && { [quirks.user ?? "safety_identifier"]: user }),
      ...(metadata !== undefined && { metadata: { ...metadata } }),
      // The vendors of this protocol have their own tiers, which only they can check.
      ...(serviceTier !== undefined && { service_tier: serviceTier as NonNullable<Params["service_tier"]> }),
      ...options,
      ...(tools.length > 0 && { tools }),
      // These fields hold several settings, so they are merged field by field.
      ...(reasoning !== undefined && { reasoning: { ...reasoning, ...said(options?.reasoning ?? {}) } }),
      ...(output !== undefined && { text: { format: encodeOutput(output), ...said(options?.text ?? {}) } }),
      stream: true
    }
  })

/** The last models without reasoning: OpenAI answers them that they have nothing to encrypt. */
const unreasoning = /(^|\/)(gpt-3|gpt-4|chatgpt-)|-chat(-|$)/

const handsOutReasoning = ({ model, reasoning }: ModelRequest): boolean =>
  reasoning !== undefined || !unreasoning.test(model)

const encodeReasoning = ({ reasoning }: ModelRequest): Encoded<Params["reasoning"]> => {
  if (reasoning === undefined) return Either.right(undefined)
  const { budgetTokens, effort, summary } = reasoning
  if (budgetTokens !== undefined) {
    return invalid("reasoning.budgetTokens", "is not supported over Responses: give an `effort` instead")
  }
  return Either.right({ ...(effort !== undefined && { effort }), ...(summary !== undefined && { summary }) })
}

const encodeToolChoice = (request: ModelRequest): Encoded<Params["tool_choice"]> => {
  const { toolChoice } = request
  if (typeof toolChoice !== "object") return Either.right(toolChoice)
  const { tool: name } = toolChoice
  const definition = vendorToolNamed(request, name)
  // The protocol's own constructor typed the definition.
  return definition === undefined
    ? Either.right({ type: "function", name })
    : chosen(name, definition as Responses.Tool)
}

/** Each type of tool is named differently, and some cannot be named at all. */
const chosen = (name: string, tool: Responses.Tool): Encoded<NonNullable<Params["tool_choice"]>> => {
  switch (tool.type) {
    case "function":
    case "custom":
      return Either.right({ type: tool.type, name })
    case "mcp":
      return Either.right({ type: "mcp", server_label: tool.server_label })
    case "web_search_preview":
    case "web_search_preview_2025_03_11":
    case "file_search":
    case "computer":
    case "computer_use_preview":
    case "code_interpreter":
    case "image_generation":
    case "shell":
    case "apply_patch":
    case "programmatic_tool_calling":
      return Either.right({ type: tool.type })
    case "web_search":
    case "web_search_2025_08_26":
      // It has no choice of its own: it is required, and no other tool is allowed.
      return Either.right({ type: "allowed_tools", mode: "required", tools: [{ type: tool.type }] })
    default:
      return invalid("toolChoice", `names "${name}", but Responses cannot force a call of such a tool: use "required"`)
  }
}

/** Not strict: any JSON Schema may describe a tool, and its arguments are decoded here. */
const encodeTool = ({ description, name, parameters }: Tool): Encoded<Responses.Tool> =>
  Either.right({
    type: "function",
    name,
    ...(description !== undefined && { description }),
    parameters: { ...parameters },
    strict: false
  })

/** Strict if possible: the vendor refuses other schemas in strict mode. */
const encodeOutput = ({ name, schema }: OutputSchema): Responses.ResponseFormatTextJSONSchemaConfig => {
  const strict = strictForm(schema)
  return {
    type: "json_schema",
    name: name ?? "answer",
    schema: { ...(strict ?? schema) },
    strict: strict !== undefined
  }
}
