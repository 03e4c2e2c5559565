/** Writes a conversation as Anthropic Messages accept it. */
import * as Either from "effect/Either"
import type { ModelRequest } from "../../model/ModelRequest.js"
import type * as Prompt from "../../model/Prompt.js"
import { type Encoded, each, invalid, isVisible, ownPart, systemParts } from "../internal/encode.js"
import type { AnthropicMessages as Quirks } from "../Quirks.js"
import type { Messages } from "../sdk/anthropic.js"
import { assistant } from "./encodeAssistant.js"
import { cacheControl, toolId } from "./encodeShared.js"

export interface EncodedPrompt {
  readonly system: string | Array<Messages.TextBlockParam> | undefined
  readonly messages: Array<Messages.MessageParam>
}

export const encodePrompt = (request: ModelRequest, quirks: Quirks): Encoded<EncodedPrompt> =>
  Either.gen(function* () {
    const first = request.prompt.findIndex((message) => !isSystem(message))
    const leading = first < 0 ? request.prompt : request.prompt.slice(0, first)
    const messages: Array<Messages.MessageParam> = []
    // The turn that tool results go into: further results, and the user's next text, join it.
    let results: Array<Messages.ContentBlockParam> | undefined
    // The last turn, apart from system text, and the position of system text that no turn of the model follows yet.
    let before: Prompt.Message | undefined
    let unanswered: number | undefined
    for (const [at, message] of request.prompt.entries()) {
      switch (message.role) {
        case "system":
        case "developer":
          if (at < leading.length) break
          yield* onlyTaken(message, at, quirks)
          if (!mayPrecedeSystem(before)) yield* misplaced(request.prompt, at)
          system(messages, message)
          unanswered ??= at
          results = undefined
          break
        case "user":
          if (unanswered !== undefined) yield* misplaced(request.prompt, unanswered)
          before = message
          if (results !== undefined) results.push(...(yield* userBlocks(asParts(message.content))))
          else if (typeof message.content === "string") messages.push({ role: "user", content: message.content })
          else messages.push({ role: "user", content: yield* userBlocks(message.content) })
          results = undefined
          break
        case "tool":
          if (unanswered !== undefined) yield* misplaced(request.prompt, unanswered)
          before = message
          if (results === undefined) {
            results = []
            messages.push({ role: "user", content: results })
          }
          for (const part of message.content) results.push(...(yield* result(part)))
          break
        case "assistant": {
          const content = yield* assistant(message.content, at)
          results = undefined
          // A turn with no content left does not count.
          if (content.length === 0) break
          messages.push({ role: "assistant", content })
          before = message
          unanswered = undefined
          break
        }
      }
    }
    if (messages.length === 0) yield* invalid("prompt", "has nothing that can be sent over Anthropic Messages")
    return { system: encodeSystem(request, leading), messages }
  })

type SystemMessage = Prompt.SystemMessage | Prompt.DeveloperMessage

const isSystem = (message: Prompt.Message): message is SystemMessage =>
  message.role === "system" || message.role === "developer"

/** What the program says before all other messages is system text, too. */
const encodeSystem = (request: ModelRequest, leading: Prompt.Prompt): EncodedPrompt["system"] => {
  const system = systemParts(request)
  if (system.length === 0 && leading.length === 0) return undefined
  if (typeof request.system === "string" && leading.length === 0) return request.system
  const said = leading.flatMap((message) => (isSystem(message) ? asParts(message.content) : []))
  return [...system, ...said.filter(({ text }) => isVisible(text))].map(textBlock)
}

/** Refuses system text in mid-conversation for a vendor that accepts it only before all messages. */
const onlyTaken = ({ role }: SystemMessage, at: number, quirks: Quirks): Encoded<void> =>
  quirks.systemMessages === false
    ? invalid(
        "prompt",
        `has a ${role} message at position ${at}, which is not supported by this provider: ` +
          "put it into the request's `system`, before all messages, or into a user message"
      )
    : Either.void

/**
 * System text may only stand between a turn of the user and one of the model. Results of the vendor's own tools, at the
 * end of a turn that the vendor paused, count as the user's.
 *
 * Source: platform.claude.com, build-with-claude/mid-conversation-system-messages, limitations.
 */
const mayPrecedeSystem = (message: Prompt.Message | undefined): boolean => {
  if (message?.role !== "assistant") return message !== undefined
  return typeof message.content !== "string" && message.content.at(-1)?.type === "provider"
}

const misplaced = (prompt: Prompt.Prompt, at: number): Encoded<never> =>
  invalid(
    "prompt",
    `has a ${prompt[at]?.role} message at position ${at}, where Anthropic Messages do not accept one: ` +
      "put it after a message of the user or of the tools, right before the model answers"
  )

/** Consecutive system messages are merged: the vendor requires a turn of the model after each. */
const system = (messages: Array<Messages.MessageParam>, { content }: SystemMessage): void => {
  const blocks = asParts(content)
    .filter(({ text }) => isVisible(text))
    .map(textBlock)
  const last = messages.at(-1)
  if (last?.role !== "system") {
    messages.push({ role: "system", content: typeof content === "string" ? content : blocks })
    return
  }
  const before = typeof last.content === "string" ? [textBlock({ type: "text", text: last.content })] : last.content
  last.content = [...before, ...blocks]
}

const asParts = <Part>(content: string | ReadonlyArray<Part>): ReadonlyArray<Part | Prompt.TextPart> =>
  typeof content === "string" ? [{ type: "text", text: content }] : content

/** Left out: blank text, which the vendor refuses. */
const userBlocks = (parts: ReadonlyArray<Prompt.UserPart>): Encoded<Array<Messages.ContentBlockParam>> =>
  each(parts.filter(says), (part): Encoded<Messages.ContentBlockParam> => {
    switch (part.type) {
      case "text":
        return Either.right(textBlock(part))
      case "image":
        return imageBlock(part)
      case "document":
        return documentBlock(part)
    }
  })

const says = (part: Prompt.UserPart): boolean => part.type !== "text" || isVisible(part.text)

const textBlock = ({ cache, text }: Prompt.TextPart): Messages.TextBlockParam => ({
  type: "text",
  text,
  ...cacheControl(cache)
})

const imageBlock = ({ cache, source }: Prompt.ImagePart): Encoded<Messages.ImageBlockParam> => {
  if ("url" in source)
    return Either.right({ type: "image", source: { type: "url", url: source.url }, ...cacheControl(cache) })
  const { base64, mediaType } = source
  switch (mediaType) {
    case "image/jpeg":
    case "image/png":
    case "image/gif":
    case "image/webp":
      return Either.right({
        type: "image",
        source: { type: "base64", media_type: mediaType, data: base64 },
        ...cacheControl(cache)
      })
    default:
      return invalid("prompt", `has an image of type ${mediaType}: Anthropic Messages accept JPEG, PNG, GIF and WebP`)
  }
}

const documentBlock = ({
  cache,
  citations,
  context,
  name,
  source
}: Prompt.DocumentPart): Encoded<Messages.DocumentBlockParam> => {
  if ("mediaType" in source && source.mediaType !== "application/pdf") {
    return invalid(
      "prompt",
      `has a document of type ${source.mediaType}: Anthropic Messages accept PDF, and text as \`{ text }\``
    )
  }
  return Either.right({
    type: "document",
    source: documentSource(source),
    ...(name !== undefined && { title: name }),
    ...(context !== undefined && { context }),
    ...(citations !== undefined && { citations: { enabled: citations } }),
    ...cacheControl(cache)
  })
}

const documentSource = (source: Prompt.DocumentPart["source"]): Messages.DocumentBlockParam["source"] => {
  if ("url" in source) return { type: "url", url: source.url }
  if ("text" in source) return { type: "text", media_type: "text/plain", data: source.text }
  return { type: "base64", media_type: "application/pdf", data: source.base64 }
}

/** The answer to a call that is not modelled is a block of its own; one of another protocol answers nothing here. */
const result = (part: Prompt.ToolMessage["content"][number]): Encoded<ReadonlyArray<Messages.ContentBlockParam>> => {
  if (part.type === "tool-result") return Either.map(toolResult(part), (block) => [block])
  return Either.map(ownPart(part, "anthropic-messages", "Anthropic Messages"), (value) =>
    // The program wrote it for this protocol, and the vendor checks it.
    value === undefined ? [] : [value as unknown as Messages.ContentBlockParam]
  )
}

const toolResult = ({ cache, content, id, isError }: Prompt.ToolResultPart): Encoded<Messages.ToolResultBlockParam> =>
  Either.map(resultContent(content), (encoded) => ({
    type: "tool_result",
    tool_use_id: toolId(id),
    content: encoded,
    ...(isError !== undefined && { is_error: isError }),
    ...cacheControl(cache)
  }))

const resultContent = (
  content: Prompt.ToolResultPart["content"]
): Encoded<string | Array<Messages.TextBlockParam | Messages.ImageBlockParam>> =>
  typeof content === "string"
    ? Either.right(content)
    : each(
        content.filter(says),
        (part): Encoded<Messages.TextBlockParam | Messages.ImageBlockParam> =>
          part.type === "text" ? Either.right(textBlock(part)) : imageBlock(part)
      )
