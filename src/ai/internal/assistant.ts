/**
 * Earlier messages of the model as they go back: from memory or from the stored content, or else from the parts of the
 * message.
 */
import type * as AiPrompt from "@effect/ai/Prompt"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { AssistantPart } from "../../model/internal/parts.js"
import type * as Prompt from "../../model/Prompt.js"
import type { Memory } from "./memory.js"
import { cacheMark, textOption } from "./metadata.js"

/** Fails with a message that says what is wrong. */
export const assistantParts = (
  message: AiPrompt.AssistantMessage,
  memory: Memory
): Either.Either<ReadonlyArray<Prompt.AssistantPart>, string> => {
  const stored = message.options.effectRedial?.content
  if (stored !== undefined) {
    // It may have been stored, so its type is not reliable.
    return Either.mapLeft(
      decode(stored),
      ({ message }) => `\`effectRedial.content\` of an assistant message: ${message}`
    )
  }
  const remembered = memory.recall(message)
  return remembered === undefined ? written(message) : Either.right(remembered)
}

const decode = Schema.decodeUnknownEither(Schema.Array(AssistantPart))

const written = ({
  content
}: AiPrompt.AssistantMessage): Either.Either<ReadonlyArray<Prompt.AssistantPart>, string> => {
  const parts: Array<Prompt.AssistantPart> = []
  for (const part of content) {
    const cache = cacheMark(part.options)
    switch (part.type) {
      case "text":
        parts.push({ type: "text", text: part.text, ...(cache && { cache }) })
        break
      case "reasoning":
        parts.push(reasoning(part))
        break
      case "tool-call":
        if (!part.providerExecuted) {
          parts.push({
            type: "tool-call",
            id: part.id,
            name: part.name,
            arguments: part.params,
            ...(cache && { cache })
          })
        } else if (isAnthropic(part.id)) {
          const name = wireName(part.name)
          parts.push(block("server_tool_use", { id: part.id, name, input: part.params }))
        }
        break
      case "tool-result":
        if (isAnthropic(part.id)) {
          const name = `${wireName(part.name)}_tool_result`
          parts.push(block(name, { tool_use_id: part.id, content: part.result }))
        }
        break
      case "file":
        return Either.left("a file in an assistant message cannot be sent back to a model: leave it out")
    }
  }
  return Either.right(parts)
}

/** Signatures of this library, or those of the native packages. */
const reasoning = ({ options, text }: AiPrompt.ReasoningPart): Prompt.AssistantPart => {
  const own = options.effectRedial
  if (own !== undefined) return { type: "reasoning", text, ...own }
  const signature = textOption(options, "anthropic", "signature")
  if (signature !== undefined) return { type: "reasoning", text, signature, protocol: "anthropic-messages" }
  const data = textOption(options, "anthropic", "redactedData")
  if (data !== undefined) return block("redacted_thinking", { data })
  const id = textOption(options, "openai", "itemId")
  const encrypted_content = textOption(options, "openai", "encryptedContent")
  if (id !== undefined && encrypted_content !== undefined) {
    const summary = text === "" ? [] : [{ type: "summary_text", text }]
    const value = { type: "reasoning", id, summary, encrypted_content }
    return { type: "provider", name: "reasoning", value, protocol: "responses" }
  }
  return { type: "reasoning", text }
}

/** An item of Responses has more content than the parts, and is sent back only from memory. */
const isAnthropic = (id: string): boolean => id.startsWith("srvtoolu_")

const wireNames: ReadonlyMap<string, string> = new Map([
  ["AnthropicWebSearch", "web_search"],
  ["AnthropicCodeExecution", "code_execution"]
])

const wireName = (name: string): string => wireNames.get(name) ?? name

const block = (name: string, fields: object): Prompt.ProviderPart => ({
  type: "provider",
  name,
  value: { type: name, ...fields },
  protocol: "anthropic-messages"
})
