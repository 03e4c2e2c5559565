/**
 * Messages to and from a model, and conversations of them.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Schema from "effect/Schema"
import { AssistantPart, type CacheMark, ProviderPart, TextPart, ToolResultPart, UserPart } from "./internal/parts.js"
import type { ModelResponse } from "./ModelResponse.js"

export * from "./internal/parts.js"

/**
 * A message of the user.
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
 * A message of the model. `Prompt.append` makes one from a response.
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
 * The results of tool calls. `Prompt.toolResults` makes one. It also holds answers to calls that came as a
 * `ProviderPart`; these are written unchanged, over Anthropic Messages as a block of the user's turn and over Responses
 * as an item. See `Responses.toolOutput`.
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
 * Instructions of the program, not of the user. Over Anthropic Messages it is a system message.
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
 * System text in mid-conversation. For text that holds from the start, use the request's `system`.
 *
 * Over Anthropic Messages, what precedes all other messages becomes part of `system`. Later text stays in its place,
 * which must be between a turn of the user and the model's answer, and requires a model from Claude Opus 4.8 on
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
 * A prompt with one user message.
 *
 * @since 0.1.0
 * @category constructors
 */
export const text = (content: string): Prompt => [{ role: "user", content }]

/**
 * Continues a conversation with a response. The response becomes a message of the model. If it continues the last
 * message, as after a `pause`, it is added to the end of that message.
 *
 * Tool calls that were cut are left out, and a response without content adds nothing: vendors refuse both.
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
 * The result of a tool call or, with `isError`, why the tool failed.
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
 * Adds the results of tool calls. Vendors require one for every call, right after the message with the calls.
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
