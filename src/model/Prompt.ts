/**
 * What is said to a model: messages and the parts they are made of.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Plain text.
 *
 * @since 0.1.0
 * @category parts
 */
export const TextPart = Schema.Struct({ type: Schema.Literal("text"), text: Schema.String })

/**
 * @since 0.1.0
 * @category parts
 */
export type TextPart = typeof TextPart.Type

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
  content: Schema.String,
  /** True where the tool failed and `content` says why. Default: false. */
  isError: Schema.optional(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category parts
 */
export type ToolResultPart = typeof ToolResultPart.Type

/**
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
 * @since 0.1.0
 * @category messages
 */
export const UserMessage = Schema.Struct({
  role: Schema.Literal("user"),
  content: Schema.Union(Schema.String, Schema.Array(TextPart))
})

/**
 * @since 0.1.0
 * @category messages
 */
export type UserMessage = typeof UserMessage.Type

/**
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
 * @since 0.1.0
 * @category messages
 */
export const Message = Schema.Union(UserMessage, AssistantMessage, ToolMessage)

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
