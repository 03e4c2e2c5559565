/**
 * Writes a request as Chat Completions params.
 */
import * as Either from "effect/Either"
import type * as Chat from "openai/resources/chat/completions/completions"
import type { ModelRequest, OutputSchema, ToolChoice } from "../../model/ModelRequest.js"
import type { Tool } from "../../model/Tool.js"
import { encodePrompt } from "./chatEncodePrompt.js"
import { choosesNothing, type Encoded, each, invalid, onlyWithout, ownOptions } from "./encode.js"
import { isStrict } from "./strict.js"

export type Params = Chat.ChatCompletionCreateParamsStreaming

/** What the decoder depends on. */
const refusedOptions = ["stream", "stream_options", "n", "logprobs", "top_logprobs"]

/** The longest name of a tool. */
const longestName = 64

export const encode = (request: ModelRequest): Encoded<Params> =>
  Either.gen(function* () {
    yield* onlyWithout(request, "Chat Completions", ["topK"])
    if (choosesNothing(request)) yield* invalid("toolChoice", "wants a tool, and there are none")
    const options = yield* ownOptions(request, "chat-completions", refusedOptions)
    const messages = yield* encodePrompt(request)
    const tools = yield* each(request.tools ?? [], encodeTool)
    const effort = yield* encodeEffort(request)
    const { frequencyPenalty, maxOutputTokens, metadata, model, output, parallelToolCalls } = request
    const { presencePenalty, seed, serviceTier, stopSequences, temperature, toolChoice, topP, user } = request
    return {
      model,
      messages,
      ...(maxOutputTokens !== undefined && { max_completion_tokens: maxOutputTokens }),
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
      ...(seed !== undefined && { seed }),
      ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
      ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
      ...(stopSequences !== undefined && stopSequences.length > 0 && { stop: [...stopSequences] }),
      ...(tools.length > 0 && { tools }),
      ...(tools.length > 0 && toolChoice !== undefined && { tool_choice: encodeToolChoice(toolChoice) }),
      ...(tools.length > 0 && parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
      ...(effort !== undefined && { reasoning_effort: effort }),
      ...(output !== undefined && { response_format: encodeOutput(output) }),
      ...(user !== undefined && { safety_identifier: user }),
      ...(metadata !== undefined && { metadata: { ...metadata } }),
      // The many vendors of this protocol have tiers of their own, which only they can check.
      ...(serviceTier !== undefined && { service_tier: serviceTier as NonNullable<Params["service_tier"]> }),
      ...options,
      stream: true,
      stream_options: { include_usage: true }
    }
  })

const encodeToolChoice = (choice: ToolChoice): Chat.ChatCompletionToolChoiceOption =>
  typeof choice === "string" ? choice : { type: "function", function: { name: choice.tool } }

const encodeTool = ({ description, name, parameters }: Tool): Encoded<Chat.ChatCompletionFunctionTool> =>
  name.length > longestName
    ? invalid("tools", `has "${name}": over Chat Completions a name has at most ${longestName} characters`)
    : Either.right({
        type: "function",
        function: { name, ...(description !== undefined && { description }), parameters: { ...parameters } }
      })

const encodeEffort = ({ reasoning }: ModelRequest) => {
  if (reasoning?.budgetTokens !== undefined) {
    return invalid("reasoning.budgetTokens", "cannot be said over Chat Completions: give an `effort` instead")
  }
  if (reasoning?.summary !== undefined) {
    return invalid("reasoning.summary", "cannot be said over Chat Completions: leave it out")
  }
  return Either.right(reasoning?.effort)
}

/** Strict where it can be: vendors refuse other schemas in strict mode. */
const encodeOutput = ({ name, schema }: OutputSchema): NonNullable<Params["response_format"]> => ({
  type: "json_schema",
  json_schema: { name: name ?? "answer", schema: { ...schema }, strict: isStrict(schema) }
})
