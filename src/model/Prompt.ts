/**
 * What is said to a model: messages and the parts they are made of.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Schema from "effect/Schema"
import type { ModelResponse } from "./ModelResponse.js"

/**
 * Asks the vendor to cache the prompt up to here, and for how long. A hint: it changes the price of an answer and not the
 * answer, so protocols that cache by themselves (Chat Completions, Responses) leave it out.
 *
 * @since 0.1.0
 * @category parts
 */
export const CacheMark = Schema.Literal("5m", "1h")

/**
 * @since 0.1.0
 * @category parts
 */
export type CacheMark = typeof CacheMark.Type

const cache = Schema.optional(CacheMark)

/**
 * Plain text.
 *
 * @since 0.1.0
 * @category parts
 */
export const TextPart = Schema.Struct({ type: Schema.Literal("text"), text: Schema.String, cache })

/**
 * @since 0.1.0
 * @category parts
 */
export type TextPart = typeof TextPart.Type

/**
 * Where the vendor gets a file: from an address, or from the request itself, in base64.
 *
 * @since 0.1.0
 * @category parts
 */
export const Source = Schema.Union(
  Schema.Struct({ url: Schema.String }),
  Schema.Struct({ base64: Schema.String, mediaType: Schema.String })
)

/**
 * @since 0.1.0
 * @category parts
 */
export type Source = typeof Source.Type

/**
 * An image.
 *
 * @since 0.1.0
 * @category parts
 */
export const ImagePart = Schema.Struct({ type: Schema.Literal("image"), source: Source, cache })

/**
 * @since 0.1.0
 * @category parts
 */
export type ImagePart = typeof ImagePart.Type

/**
 * A document: a PDF from a source, or plain text.
 *
 * @since 0.1.0
 * @category parts
 */
export const DocumentPart = Schema.Struct({
  type: Schema.Literal("document"),
  source: Schema.Union(Source, Schema.Struct({ text: Schema.String })),
  /** What the document is called, with its extension where it has one. */
  name: Schema.optional(Schema.String),
  cache
})

/**
 * @since 0.1.0
 * @category parts
 */
export type DocumentPart = typeof DocumentPart.Type

/**
 * What a user message is made of.
 *
 * @since 0.1.0
 * @category parts
 */
export const UserPart = Schema.Union(TextPart, ImagePart, DocumentPart)

/**
 * @since 0.1.0
 * @category parts
 */
export type UserPart = typeof UserPart.Type

/**
 * What a model thought. `signature` is the vendor's proof of it and goes back unchanged.
 *
 * @since 0.1.0
 * @category parts
 */
export const ReasoningPart = Schema.Struct({
  type: Schema.Literal("reasoning"),
  text: Schema.String,
  signature: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category parts
 */
export type ReasoningPart = typeof ReasoningPart.Type

/**
 * A tool that a model wants run. `arguments` is the parsed JSON.
 *
 * @since 0.1.0
 * @category parts
 */
export const ToolCallPart = Schema.Struct({
  type: Schema.Literal("tool-call"),
  id: Schema.String,
  name: Schema.String,
  arguments: Schema.Unknown
})

/**
 * @since 0.1.0
 * @category parts
 */
export type ToolCallPart = typeof ToolCallPart.Type

/**
 * A block of a protocol that this library does not model, kept whole.
 *
 * @since 0.1.0
 * @category parts
 */
export const ProviderPart = Schema.Struct({
  type: Schema.Literal("provider"),
  /** The vendor's own name of the block. */
  name: Schema.String,
  value: Schema.Unknown
})

/**
 * @since 0.1.0
 * @category parts
 */
export type ProviderPart = typeof ProviderPart.Type

/**
 * What a tool answered to the call with the same `id`.
 *
 * @since 0.1.0
 * @category parts
 */
export const ToolResultPart = Schema.Struct({
  type: Schema.Literal("tool-result"),
  id: Schema.String,
  content: Schema.Union(Schema.String, Schema.Array(Schema.Union(TextPart, ImagePart))),
  /** True where the tool failed and `content` says why. Default: false. */
  isError: Schema.optional(Schema.Boolean),
  cache
})

/**
 * @since 0.1.0
 * @category parts
 */
export type ToolResultPart = typeof ToolResultPart.Type

/**
 * What a model's message is made of.
 *
 * @since 0.1.0
 * @category parts
 */
export const AssistantPart = Schema.Union(TextPart, ReasoningPart, ToolCallPart, ProviderPart)

/**
 * @since 0.1.0
 * @category parts
 */
export type AssistantPart = typeof AssistantPart.Type

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
 * The results of tool calls. `Prompt.toolResults` makes one.
 *
 * @since 0.1.0
 * @category messages
 */
export const ToolMessage = Schema.Struct({
  role: Schema.Literal("tool"),
  content: Schema.Array(ToolResultPart)
})

/**
 * @since 0.1.0
 * @category messages
 */
export type ToolMessage = typeof ToolMessage.Type

/**
 * What the program, and not the user, says to the model. Anthropic Messages takes it before all other messages only, as
 * part of the system text.
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
 * A message of any role.
 *
 * @since 0.1.0
 * @category messages
 */
export const Message = Schema.Union(DeveloperMessage, UserMessage, AssistantMessage, ToolMessage)

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
  (results: ReadonlyArray<ToolResultPart>): (self: Prompt) => Prompt
  (self: Prompt, results: ReadonlyArray<ToolResultPart>): Prompt
} = dual(
  2,
  (self: Prompt, results: ReadonlyArray<ToolResultPart>): Prompt =>
    results.length === 0 ? self : [...self, { role: "tool", content: results }]
)
