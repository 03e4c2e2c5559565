/** Writes a conversation as Chat Completions accept it. */
import * as Either from "effect/Either"
import type { ModelRequest } from "../../model/ModelRequest.js"
import type * as Prompt from "../../model/Prompt.js"
import {
  dataUrl,
  type Encoded,
  each,
  invalid,
  isOfAnother,
  isVisible,
  onlyUncited,
  systemParts
} from "../internal/encode.js"
import { stringify } from "../internal/json.js"
import type { ChatCompletions as Quirks } from "../Quirks.js"
import type { Chat } from "../sdk/openai.js"
import { replayed, replayedCall } from "./replay.js"

export const encodePrompt = (request: ModelRequest, quirks: Quirks): Encoded<Array<Chat.ChatCompletionMessageParam>> =>
  Either.gen(function* () {
    const messages: Array<Chat.ChatCompletionMessageParam> = []
    for (const [at, message] of request.prompt.entries()) {
      switch (message.role) {
        case "system":
          messages.push({ role: "system", content: texts(message.content) })
          break
        case "developer":
          messages.push({ role: quirks.developer ?? "developer", content: texts(message.content) })
          break
        case "user":
          messages.push({ role: "user", content: yield* userContent(message.content) })
          break
        case "tool":
          messages.push(...(yield* each(message.content.filter(isOwn), result)))
          break
        case "assistant":
          messages.push(...(yield* assistant(message.content, at, quirks)))
          break
      }
    }
    if (messages.length === 0) yield* invalid("prompt", "has nothing that can be sent over Chat Completions")
    const system = systemParts(request)
    if (system.length > 0) messages.unshift({ role: "system", content: texts(system) })
    return messages
  })

const textPart = ({ text }: Prompt.TextPart): Chat.ChatCompletionContentPartText => ({ type: "text", text })

/** Many vendors accept only a string, so a single part is sent as one. */
const texts = (
  content: string | ReadonlyArray<Prompt.TextPart>
): string | Array<Chat.ChatCompletionContentPartText> => {
  if (typeof content === "string") return content
  return content.length === 1 ? content[0]!.text : content.map(textPart)
}

const userContent = (
  content: string | ReadonlyArray<Prompt.UserPart>
): Encoded<string | Array<Chat.ChatCompletionContentPart>> => {
  if (typeof content === "string") return Either.right(content)
  const [first, ...others] = content
  if (first?.type === "text" && others.length === 0) return Either.right(first.text)
  return Either.map(each(content, userPart), (parts) => parts.flat())
}

const userPart = (part: Prompt.UserPart): Encoded<ReadonlyArray<Chat.ChatCompletionContentPart>> => {
  switch (part.type) {
    case "text":
      return Either.right([textPart(part)])
    case "image":
      return Either.right([
        {
          type: "image_url",
          image_url: { url: "url" in part.source ? part.source.url : dataUrl(part.source) }
        }
      ])
    case "document":
      return documentParts(part)
  }
}

/** The protocol has no field for the context of a document: it is sent as text before the document. */
const documentParts = (part: Prompt.DocumentPart): Encoded<ReadonlyArray<Chat.ChatCompletionContentPart>> =>
  Either.gen(function* () {
    yield* onlyUncited(part, "Chat Completions")
    const document = yield* documentPart(part)
    return part.context === undefined ? [document] : [{ type: "text", text: part.context }, document]
  })

/** The protocol has files but no text files: a text is sent as text, under its name. */
const documentPart = ({ name, source }: Prompt.DocumentPart): Encoded<Chat.ChatCompletionContentPart> => {
  if ("url" in source) {
    return invalid(
      "prompt",
      "has a document by its address, which is not supported over Chat Completions: give it in base64"
    )
  }
  if ("text" in source) {
    return Either.right({ type: "text", text: name === undefined ? source.text : `# ${name}\n\n${source.text}` })
  }
  const unnamed = source.mediaType === "application/pdf" ? "document.pdf" : "document"
  return Either.right({ type: "file", file: { filename: name ?? unnamed, file_data: dataUrl(source) } })
}

/** The answer to a call of another protocol is left out, like that call. */
const isOwn = (part: Prompt.ToolMessage["content"][number]): boolean =>
  part.type === "tool-result" || !isOfAnother(part, "chat-completions")

/** Over this protocol only functions are called, so it has no answer to other calls. */
const result = (part: Prompt.ToolMessage["content"][number]): Encoded<Chat.ChatCompletionToolMessageParam> =>
  part.type === "tool-result"
    ? toolResult(part)
    : invalid("prompt", `has a part "${part.name}" in a tool message, where Chat Completions accept only tool results`)

/** The protocol has no error flag for a tool's result: the content says that it failed. */
const toolResult = ({ content, id }: Prompt.ToolResultPart): Encoded<Chat.ChatCompletionToolMessageParam> => {
  const message = (content: string | Array<Chat.ChatCompletionContentPartText>) =>
    Either.right({ role: "tool" as const, tool_call_id: id, content })
  if (typeof content === "string") return message(content)
  const text = content.filter((part) => part.type === "text")
  return text.length < content.length
    ? invalid(
        "prompt",
        `has an image in the result of tool call "${id}", where Chat Completions accept only text: put it into a user message`
      )
    : message(texts(text))
}

/**
 * Left out: blocks that are not modelled, for which the protocol has no field, and reasoning, unless the vendor has a
 * field for it. A message with no content left is left out.
 */
const assistant = (
  content: string | ReadonlyArray<Prompt.AssistantPart>,
  at: number,
  quirks: Quirks
): Encoded<Array<Chat.ChatCompletionAssistantMessageParam>> => {
  if (typeof content === "string") return Either.right([{ role: "assistant", content }])
  let text = ""
  let refusal = ""
  let reasoning = ""
  const calls: Array<Chat.ChatCompletionMessageFunctionToolCall> = []
  for (const part of content) {
    if (isOfAnother(part, "chat-completions")) continue
    if (part.type === "text") text += part.text
    else if (part.type === "reasoning") reasoning += part.text
    else if (part.type === "provider" && part.name === "refusal" && typeof part.value === "string")
      refusal += part.value
    else if (part.type === "tool-call") {
      const json = stringify(part.arguments)
      if (json === undefined) {
        return invalid("prompt", `has a tool call at position ${at} whose arguments cannot be written as JSON`)
      }
      calls.push({ id: part.id, type: "function", function: { name: part.name, arguments: json } })
    }
  }
  if (!isVisible(text) && refusal === "" && calls.length === 0) return Either.right([])
  return Either.right([
    {
      role: "assistant",
      content: assistantContent(text, refusal),
      ...(calls.length > 0 && {
        tool_calls: calls.map((call) => ({ ...call, ...replayedCall(content, call.id, quirks) }))
      }),
      ...replayed(content, reasoning, calls.length > 0, quirks)
    }
  ])
}

const assistantContent = (
  text: string,
  refusal: string
): (Chat.ChatCompletionAssistantMessageParam["content"] & {}) | null => {
  if (refusal === "") return text === "" ? null : text
  return [...(text === "" ? [] : [{ type: "text" as const, text }]), { type: "refusal", refusal }]
}
