/**
 * Writes a request as Anthropic Messages params.
 */
import type * as Messages from "@anthropic-ai/sdk/resources/messages/messages"
import * as Either from "effect/Either"
import type { Fault } from "../../model/internal/fault.js"
import type { ModelRequest, ToolChoice } from "../../model/ModelRequest.js"
import type * as Prompt from "../../model/Prompt.js"
import type { Tool } from "../../model/Tool.js"
import { choosesNothing, invalid, ownOptions } from "./encode.js"
import { object } from "./json.js"

export type Params = Messages.MessageCreateParamsStreaming

/** The protocol wants a number; this is what a request gets that names none. */
const defaultMaxTokens = 8192

export const encode = (request: ModelRequest): Either.Either<Params, Fault> => {
  const options = ownOptions(request, "anthropic-messages", ["stream", "n"])
  if (Either.isLeft(options)) return Either.left(options.left)
  const messages = encodePrompt(request.prompt)
  if (Either.isLeft(messages)) return Either.left(messages.left)
  const tools = encodeTools(request.tools ?? [])
  if (Either.isLeft(tools)) return Either.left(tools.left)
  if (choosesNothing(request)) return invalid("toolChoice", "wants a tool, and there are none")
  const { maxOutputTokens, model, stopSequences, system, temperature, toolChoice, topP } = request
  return Either.right({
    model,
    max_tokens: maxOutputTokens ?? defaultMaxTokens,
    messages: messages.right,
    ...(system !== undefined && { system }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stopSequences !== undefined && { stop_sequences: [...stopSequences] }),
    ...(tools.right.length > 0 && { tools: tools.right }),
    ...(tools.right.length > 0 && toolChoice !== undefined && { tool_choice: encodeToolChoice(toolChoice) }),
    ...options.right,
    stream: true
  })
}

const encodeToolChoice = (choice: ToolChoice): Messages.ToolChoice => {
  switch (choice) {
    case "auto":
    case "none":
      return { type: choice }
    case "required":
      return { type: "any" }
    default:
      return { type: "tool", name: choice.tool }
  }
}

const encodeTools = (tools: ReadonlyArray<Tool>): Either.Either<Array<Messages.Tool>, Fault> => {
  const encoded: Array<Messages.Tool> = []
  for (const { description, name, parameters } of tools) {
    if (parameters.type !== "object") {
      return invalid("tools", `has "${name}", whose parameters are no object: wrap them in a Struct`)
    }
    encoded.push({
      name,
      ...(description !== undefined && { description }),
      input_schema: { ...parameters, type: "object" }
    })
  }
  return Either.right(encoded)
}

const encodePrompt = (prompt: Prompt.Prompt): Either.Either<Array<Messages.MessageParam>, Fault> => {
  const messages: Array<Messages.MessageParam> = []
  // The turn that tool results go into: more of them, and what the user says next, join it.
  let results: Array<Messages.ContentBlockParam> | undefined
  for (const [at, message] of prompt.entries()) {
    switch (message.role) {
      case "user":
        if (results !== undefined) results.push(...texts(message.content))
        else
          messages.push({
            role: "user",
            content: typeof message.content === "string" ? message.content : texts(message.content)
          })
        results = undefined
        break
      case "tool":
        if (results === undefined) {
          results = []
          messages.push({ role: "user", content: results })
        }
        results.push(...message.content.map(toolResult))
        break
      case "assistant": {
        const content = assistant(message.content)
        if (content === undefined) {
          return invalid("prompt", `has a tool call at position ${at} whose arguments are no object`)
        }
        if (content.length > 0) messages.push({ role: "assistant", content })
        results = undefined
        break
      }
    }
  }
  return messages.length === 0
    ? invalid("prompt", "has nothing that can be sent over this protocol")
    : Either.right(messages)
}

const texts = (content: string | ReadonlyArray<Prompt.TextPart>): Array<Messages.TextBlockParam> =>
  typeof content === "string"
    ? [{ type: "text", text: content }]
    : content.map(({ text }): Messages.TextBlockParam => ({ type: "text", text }))

const toolResult = ({ content, id, isError }: Prompt.ToolResultPart): Messages.ToolResultBlockParam => ({
  type: "tool_result",
  tool_use_id: id,
  content,
  ...(isError !== undefined && { is_error: isError })
})

/**
 * Left out: reasoning without a signature, which the vendor refuses; blank text, which it refuses too; and blocks of
 * other protocols. A message of which nothing remains is left out.
 */
const assistant = (
  content: string | ReadonlyArray<Prompt.AssistantPart>
): Array<Messages.ContentBlockParam> | undefined => {
  if (typeof content === "string") return texts(content)
  const blocks: Array<Messages.ContentBlockParam> = []
  for (const part of content) {
    switch (part.type) {
      case "text":
        if (part.text.trim() !== "") blocks.push({ type: "text", text: part.text })
        break
      case "reasoning":
        if (part.signature) blocks.push({ type: "thinking", thinking: part.text, signature: part.signature })
        break
      case "tool-call": {
        const input = object(part.arguments)
        if (input === undefined) return undefined
        blocks.push({ type: "tool_use", id: part.id, name: part.name, input })
        break
      }
      case "provider":
        provider(blocks, part)
        break
    }
  }
  return blocks
}

/** A block goes back as it came; a citation goes back into the text that it belongs to. */
const provider = (blocks: Array<Messages.ContentBlockParam>, { name, value }: Prompt.ProviderPart): void => {
  const block = object(value)
  const last = blocks.at(-1)
  if (block === undefined) return
  if (name === "citation") {
    if (last?.type !== "text") return
    // The decoder names a part so only where the vendor itself sent a citation.
    last.citations = [...(last.citations ?? []), block as unknown as Messages.TextCitationParam]
  } else if (block.type === name) {
    // The decoder names a part after its block, and what the vendor wrote the vendor reads.
    blocks.push(block as unknown as Messages.ContentBlockParam)
  }
}
