/**
 * What is said to a model: messages, and conversations of them.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Schema from "effect/Schema"
import { AssistantPart, type CacheMark, ProviderPart, TextPart, ToolResultPart, UserPart } from "./internal/parts.js"
import type { ModelResponse } from "./ModelResponse.js"

export * from "./internal/parts.js"

/**
 * What the user says.
 *
 * @since 0.1.0
 * @category messages
 */
export const UserMessage = Schema.Struct({
  role: Schema.Literal("user"),
  content: Schema.Union(Schema.String, Schema.Array(UserPart))
})

/**
 * @since 0.1.0
 * @category messages
 */
export type UserMessage = typeof UserMessage.Type

/**
 * What the model said. `Prompt.append` makes one of a response.
 *
 * @since 0.1.0
 * @category messages
 */
export const AssistantMessage = Schema.Struct({
  role: Schema.Literal("assistant"),
  content: Schema.Union(Schema.String, Schema.Array(AssistantPart))
})

/**
 * @since 0.1.0
 * @category messages
 */
export type AssistantMessage = typeof AssistantMessage.Type

/**
 * The results of tool calls. `Prompt.toolResults` makes one. What answers a call that came as a `ProviderPart` is one too:
 * it is written as it is, over Anthropic Messages as a block of the user's and over Responses as an item. See
 * `Responses.toolOutput`.
 *
 * @since 0.1.0
 * @category messages
 */
export const ToolMessage = Schema.Struct({
  role: Schema.Literal("tool"),
  content: Schema.Array(Schema.Union(ToolResultPart, ProviderPart))
})

/**
 * @since 0.1.0
 * @category messages
 */
export type ToolMessage = typeof ToolMessage.Type

/**
 * What the program, and not the user, says to the model. Over Anthropic Messages it is a system message.
 *
 * @since 0.1.0
 * @category messages
 */
export const DeveloperMessage = Schema.Struct({
  role: Schema.Literal("developer"),
  content: Schema.Union(Schema.String, Schema.Array(TextPart))
})

/**
 * @since 0.1.0
 * @category messages
 */
export type DeveloperMessage = typeof DeveloperMessage.Type

/**
 * System text at its place in the conversation. For text that holds from the start, the request's `system` is the usual
 * place.
 *
 * Over Anthropic Messages what comes before all other messages is part of `system`. Later on it stands in its place, which
 * may only be between what the user says and what the model answers, and for models from Claude Opus 4.8 on
 * (platform.claude.com, build-with-claude/mid-conversation-system-messages).
 *
 * @since 0.1.0
 * @category messages
 */
export const SystemMessage = Schema.Struct({
  role: Schema.Literal("system"),
  content: Schema.Union(Schema.String, Schema.Array(TextPart))
})

/**
 * @since 0.1.0
 * @category messages
 */
export type SystemMessage = typeof SystemMessage.Type

/**
 * A message of any role.
 *
 * @since 0.1.0
 * @category messages
 */
export const Message = Schema.Union(SystemMessage, DeveloperMessage, UserMessage, AssistantMessage, ToolMessage)

/**
 * @since 0.1.0
 * @category messages
 */
export type Message = typeof Message.Type

/**
 * A conversation, oldest message first.
 *
 * @since 0.1.0
 * @category models
 */
export type Prompt = ReadonlyArray<Message>

/**
 * A prompt of one user message.
 *
 * @since 0.1.0
 * @category constructors
 */
export const text = (content: string): Prompt => [{ role: "user", content }]

/**
 * Goes on with a conversation after a response: what the model said becomes its message, or the end of its last message
 * where the response continues that one, as it does after a `pause`.
 *
 * Tool calls that were cut are not in it, and a response without content adds nothing: vendors refuse both.
 *
 * @example
 * ```ts
 * import { Prompt, Provider } from "effect-redial"
 * import { Effect } from "effect"
 *
 * const conversation = Effect.gen(function* () {
 *   const question = Prompt.text("Why is the sky blue?")
 *   const response = yield* Provider.generate({ model: "claude-sonnet-5-5", prompt: question })
 *   const prompt: Prompt.Prompt = [...Prompt.append(question, response), { role: "user", content: "And at night?" }]
 *   return yield* Provider.generate({ model: "claude-sonnet-5-5", prompt })
 * })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const append: {
  (response: ModelResponse): (self: Prompt) => Prompt
  (self: Prompt, response: ModelResponse): Prompt
} = dual(2, (self: Prompt, { content }: ModelResponse): Prompt => {
  if (content.length === 0) return self
  const last = self.at(-1)
  if (last?.role !== "assistant") return [...self, { role: "assistant", content }]
  const begun: ReadonlyArray<AssistantPart> =
    typeof last.content === "string" ? [{ type: "text", text: last.content }] : last.content
  return [...self.slice(0, -1), { role: "assistant", content: [...begun, ...content] }]
})

/**
 * What a tool answered to a call, or, with `isError`, why it could not.
 *
 * @example
 * ```ts
 * import { Prompt } from "effect-redial"
 *
 * const sunny = Prompt.toolResult({ id: "toolu_1" }, "18 degrees and sunny")
 * const failed = Prompt.toolResult({ id: "toolu_2" }, "There is no such city.", { isError: true })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const toolResult = (
  call: { readonly id: string },
  content: ToolResultPart["content"],
  options?: { readonly isError?: boolean | undefined; readonly cache?: CacheMark | undefined }
): ToolResultPart => ({ type: "tool-result", id: call.id, content, ...options })

/**
 * Gives the model the results of its calls. Vendors want one for every call, right after the message that has the calls.
 *
 * @example
 * ```ts
 * import { type ModelResponse, Prompt } from "effect-redial"
 *
 * const answer = (prompt: Prompt.Prompt, response: ModelResponse.ModelResponse): Prompt.Prompt =>
 *   Prompt.toolResults(
 *     Prompt.append(prompt, response),
 *     response.toolCalls.map((call) => Prompt.toolResult(call, "not available today", { isError: true }))
 *   )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const toolResults: {
  (results: ToolMessage["content"]): (self: Prompt) => Prompt
  (self: Prompt, results: ToolMessage["content"]): Prompt
} = dual(
  2,
  (self: Prompt, results: ToolMessage["content"]): Prompt =>
    results.length === 0 ? self : [...self, { role: "tool", content: results }]
)
