/**
 * Writes a request as Chat Completions params.
 */
import * as Either from "effect/Either"
import type { ModelRequest, OutputSchema } from "../../model/ModelRequest.js"
import type { Tool } from "../../model/Tool.js"
import {
  commonlyRefused,
  type Encoded,
  encodeTools,
  invalid,
  onlySupported,
  onlyWithout,
  onlyWithTools,
  ownOptions,
  promptRefused,
  vendorToolNamed
} from "../internal/encode.js"
import { strictForm } from "../internal/strict.js"
import type { ChatCompletions as Quirks } from "../Quirks.js"
import type { Chat } from "../sdk/openai.js"
import { encodePrompt } from "./encodePrompt.js"
import { encodeReasoning } from "./reasoning.js"

/**
 * A request in the SDK's own terms: the parameters of `chat.completions.create`.
 *
 * @since 0.1.0
 * @category models
 */
export type Params = Chat.ChatCompletionCreateParamsStreaming

const decided = "the library depends on it: leave it out"

const refusedOptions = {
  ...commonlyRefused,
  messages: promptRefused,
  stream_options: decided,
  n: decided,
  logprobs: decided,
  top_logprobs: decided
}

/**
 * Fields of Chat Completions for `providerOptions`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderOptions
  extends Partial<
    Omit<
      Chat.ChatCompletionCreateParamsStreaming,
      "stream" | "model" | "messages" | "stream_options" | "n" | "logprobs" | "top_logprobs"
    >
  > {}

/** The longest name of a tool. */
const longestName = 64

export const encode = (request: ModelRequest, quirks: Quirks = {}): Encoded<Params> =>
  Either.gen(function* () {
    yield* onlyWithout(request, "Chat Completions", ["topK"])
    yield* onlySupported(request, quirks)
    const options = yield* ownOptions(request, "chat-completions", refusedOptions)
    const messages = yield* encodePrompt(request, quirks)
    const tools = yield* encodeTools<Chat.ChatCompletionTool>(request, "chat-completions", encodeTool, options?.tools)
    yield* onlyWithTools(request, tools)
    const choice = tools.length > 0 ? yield* encodeToolChoice(request, quirks) : undefined
    const reasoning = yield* encodeReasoning(request, quirks.reasoning)
    const { frequencyPenalty, maxOutputTokens, metadata, model, output, parallelToolCalls } = request
    const { presencePenalty, seed, serviceTier, stopSequences, temperature, topP, user } = request
    return {
      model,
      messages,
      ...(maxOutputTokens !== undefined && { [quirks.maxTokens ?? "max_completion_tokens"]: maxOutputTokens }),
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
      ...(seed !== undefined && { [quirks.seed ?? "seed"]: seed }),
      ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
      ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
      ...(stopSequences !== undefined && stopSequences.length > 0 && { stop: [...stopSequences] }),
      ...(choice !== undefined && { tool_choice: choice }),
      ...(tools.length > 0 && parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
      ...reasoning,
      ...(output !== undefined && { response_format: encodeOutput(output) }),
      ...(user !== undefined && { [quirks.user ?? "safety_identifier"]: user }),
      ...(metadata !== undefined && { metadata: { ...metadata } }),
      // The many vendors of this protocol have their own tiers, which only they can check.
      ...(serviceTier !== undefined && { service_tier: serviceTier as NonNullable<Params["service_tier"]> }),
      ...options,
      ...(tools.length > 0 && { tools }),
      stream: true,
      ...(quirks.streamOptions !== false && { stream_options: { include_usage: true } })
    }
  })

const encodeToolChoice = (
  request: ModelRequest,
  quirks: Quirks
): Encoded<Chat.ChatCompletionToolChoiceOption | undefined> => {
  const { toolChoice } = request
  if (typeof toolChoice === "object") {
    const definition = vendorToolNamed(request, toolChoice.tool)
    return definition === undefined || "function" in definition
      ? Either.right({ type: "function", function: { name: toolChoice.tool } })
      : invalid("toolChoice", `names "${toolChoice.tool}", which is not a function: use "required"`)
  }
  // A vendor's own word is not in the SDK's types.
  return Either.right(toolChoice === "required" ? ((quirks.required ?? toolChoice) as "required") : toolChoice)
}

const encodeTool = ({ description, name, parameters }: Tool): Encoded<Chat.ChatCompletionFunctionTool> =>
  name.length > longestName
    ? invalid("tools", `has "${name}": over Chat Completions a name has at most ${longestName} characters`)
    : Either.right({
        type: "function",
        function: { name, ...(description !== undefined && { description }), parameters: { ...parameters } }
      })

/** Strict if possible: vendors refuse other schemas in strict mode. */
const encodeOutput = ({ name, schema }: OutputSchema): NonNullable<Params["response_format"]> => {
  const strict = strictForm(schema)
  return {
    type: "json_schema",
    json_schema: { name: name ?? "answer", schema: { ...(strict ?? schema) }, strict: strict !== undefined }
  }
}
