/** A prompt of `@effect/ai` as a conversation of this library. System messages keep their places. */
import type * as AiPrompt from "@effect/ai/Prompt"
import * as Either from "effect/Either"
import type { CacheMark, ToolResultPart } from "../../model/internal/parts.js"
import type * as Prompt from "../../model/Prompt.js"
import { stringify } from "../../protocol/internal/json.js"
import { assistantParts } from "./assistant.js"
import { fileOf } from "./files.js"
import type { Memory } from "./memory.js"
import { cacheMark } from "./metadata.js"

/** Fails with a message that says what is wrong. */
export const promptOf = (prompt: AiPrompt.Prompt, memory: Memory): Either.Either<Prompt.Prompt, string> =>
  Either.gen(function* () {
    const messages: Array<Prompt.Message> = []
    for (const message of prompt.content) {
      const last = cacheMark(message.options)
      switch (message.role) {
        case "system":
          messages.push({
            role: "system",
            content: last ? [{ type: "text", text: message.content, cache: last }] : message.content
          })
          break
        case "user": {
          const content: Array<Prompt.UserPart> = []
          for (const part of message.content) {
            const cache = cacheMark(part.options)
            content.push(
              part.type === "text"
                ? { type: "text", text: part.text, ...(cache && { cache }) }
                : { ...(yield* fileOf(part)), ...(cache && { cache }) }
            )
          }
          messages.push({ role: "user", content: marked(content, last) })
          break
        }
        case "assistant": {
          const content = yield* assistantParts(message, memory)
          if (content.length > 0) messages.push({ role: "assistant", content: marked(content, last) })
          break
        }
        case "tool": {
          const content: Array<ToolResultPart> = []
          for (const part of message.content) content.push(yield* toolResult(part))
          if (content.length > 0) messages.push({ role: "tool", content: marked(content, last) })
          break
        }
      }
    }
    return messages
  })

/** The cache mark of a message goes to its last part that can have one. */
const marked = <Part extends { readonly type: string; readonly cache?: CacheMark | undefined }>(
  parts: ReadonlyArray<Part | Prompt.ReasoningPart | Prompt.CitationPart | Prompt.ProviderPart>,
  cache: CacheMark | undefined
): Array<Part> => {
  // Parts that cannot have a mark are in the list only to keep their place.
  const content = [...parts] as Array<Part>
  if (cache === undefined) return content
  const at = content.findLastIndex(({ type }) => type !== "reasoning" && type !== "citation" && type !== "provider")
  const part = content[at]
  if (part !== undefined && part.cache === undefined) content[at] = { ...part, cache }
  return content
}

/** A text result is sent as it is, anything else as JSON, and a missing one as an empty text. */
const toolResult = ({
  id,
  isFailure,
  name,
  options,
  result
}: AiPrompt.ToolResultPart): Either.Either<ToolResultPart, string> => {
  const content = result === undefined ? "" : typeof result === "string" ? result : stringify(result)
  if (content === undefined) return Either.left(`the result of the tool "${name}" cannot be written as JSON`)
  const cache = cacheMark(options)
  return Either.right({
    type: "tool-result",
    id,
    content,
    ...(isFailure && { isError: true }),
    ...(cache && { cache })
  })
}
