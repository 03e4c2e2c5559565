/**
 * Writes a request as Chat Completions params.
 */
import * as Either from "effect/Either"
import type * as Chat from "openai/resources/chat/completions/completions"
import type { Fault } from "../../model/internal/fault.js"
import type { ModelRequest, ToolChoice } from "../../model/ModelRequest.js"
import type * as Prompt from "../../model/Prompt.js"
import type { Tool } from "../../model/Tool.js"
import { choosesNothing, invalid, ownOptions } from "./encode.js"
import { stringify } from "./json.js"

export type Params = Chat.ChatCompletionCreateParamsStreaming

export const encode = (request: ModelRequest): Either.Either<Params, Fault> => {
  const options = ownOptions(request, "chat-completions", ["stream", "n", "stream_options"])
  if (Either.isLeft(options)) return Either.left(options.left)
  const messages = encodePrompt(request)
  if (Either.isLeft(messages)) return Either.left(messages.left)
  const tools = (request.tools ?? []).map(encodeTool)
  if (choosesNothing(request)) return invalid("toolChoice", "wants a tool, and there are none")
  const { maxOutputTokens, model, stopSequences, temperature, toolChoice, topP } = request
  return Either.right({
    model,
    messages: messages.right,
    ...(maxOutputTokens !== undefined && { max_completion_tokens: maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stopSequences !== undefined && { stop: [...stopSequences] }),
    ...(tools.length > 0 && { tools }),
    ...(tools.length > 0 && toolChoice !== undefined && { tool_choice: encodeToolChoice(toolChoice) }),
    ...options.right,
    stream: true,
    stream_options: { include_usage: true }
  })
}

const encodeToolChoice = (choice: ToolChoice): Chat.ChatCompletionToolChoiceOption =>
  typeof choice === "string" ? choice : { type: "function", function: { name: choice.tool } }

const encodeTool = ({ description, name, parameters }: Tool): Chat.ChatCompletionFunctionTool => ({
  type: "function",
  function: { name, ...(description !== undefined && { description }), parameters: { ...parameters } }
})

const encodePrompt = ({
  prompt,
  system
}: ModelRequest): Either.Either<Array<Chat.ChatCompletionMessageParam>, Fault> => {
  const messages: Array<Chat.ChatCompletionMessageParam> = []
  for (const [at, message] of prompt.entries()) {
    switch (message.role) {
      case "user":
        messages.push({ role: "user", content: texts(message.content) })
        break
      case "tool":
        messages.push(...message.content.map(toolResult))
        break
      case "assistant": {
        const encoded = assistant(message.content)
        if (encoded === undefined) {
          return invalid("prompt", `has a tool call at position ${at} whose arguments cannot be written as JSON`)
        }
        if (encoded.content || encoded.tool_calls) messages.push(encoded)
        break
      }
    }
  }
  if (messages.length === 0) return invalid("prompt", "has nothing that can be sent over this protocol")
  if (system !== undefined) messages.unshift({ role: "system", content: system })
  return Either.right(messages)
}

/** Many vendors take a string only, so one part goes as one. */
const texts = (
  content: string | ReadonlyArray<Prompt.TextPart>
): string | Array<Chat.ChatCompletionContentPartText> => {
  if (typeof content === "string") return content
  return content.length === 1 ? content[0]!.text : content.map(({ text }) => ({ type: "text", text }))
}

/** The protocol has no mark for a failed tool: the content says that it failed. */
const toolResult = ({ content, id }: Prompt.ToolResultPart): Chat.ChatCompletionToolMessageParam => ({
  role: "tool",
  tool_call_id: id,
  content
})

/**
 * Left out: reasoning and blocks that are not modelled, for which the protocol has no field. A message of which nothing
 * remains is left out.
 */
const assistant = (
  content: string | ReadonlyArray<Prompt.AssistantPart>
): Chat.ChatCompletionAssistantMessageParam | undefined => {
  if (typeof content === "string") return { role: "assistant", content }
  let text = ""
  const calls: Array<Chat.ChatCompletionMessageFunctionToolCall> = []
  for (const part of content) {
    if (part.type === "text") text += part.text
    if (part.type !== "tool-call") continue
    const json = stringify(part.arguments)
    if (json === undefined) return undefined
    calls.push({ id: part.id, type: "function", function: { name: part.name, arguments: json } })
  }
  return {
    role: "assistant",
    content: text === "" ? null : text,
    ...(calls.length > 0 && { tool_calls: calls })
  }
}
