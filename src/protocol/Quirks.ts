/**
 * How a vendor's copy of a protocol differs from the protocol: data for encoders and decoders, separate for each
 * protocol. The default of a field is what the protocol's first vendor accepts.
 *
 * @since 0.1.0
 */
import type { ModelRequest } from "../model/ModelRequest.js"

/**
 * How a vendor of Chat Completions is asked to think.
 *
 * - `reasoning_effort`: OpenAI's own field
 * - `thinking`: `thinking.type` is `enabled` or `disabled`
 * - `thinking-effort`: the same, with `reasoning_effort` beside it
 * - `enable_thinking`: a flag, with `thinking_budget` beside it
 * - `reasoning`: an object with `effort` or `max_tokens`
 * - `chat_template_kwargs`: the flag `enable_thinking` for the model's own template
 *
 * Where thinking can only be turned on and off, the efforts `none` and `high` are accepted; others are an
 * `InvalidRequest`.
 *
 * @since 0.1.0
 * @category models
 */
export type ReasoningDialect =
  | "reasoning_effort"
  | "thinking"
  | "thinking-effort"
  | "enable_thinking"
  | "reasoning"
  | "chat_template_kwargs"

/**
 * The quirks of all built-in protocols.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shared {
  /** Fields of a request that the vendor refuses: setting one is an `InvalidRequest`. Default: none. */
  readonly unsupported?: ReadonlyArray<keyof ModelRequest> | undefined
}

/**
 * The quirks of Chat Completions.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChatCompletions extends Shared {
  /** The field of `maxOutputTokens`. Default: `max_completion_tokens`. */
  readonly maxTokens?: "max_completion_tokens" | "max_tokens" | undefined
  /** The role of developer messages. Default: `developer`. */
  readonly developer?: "developer" | "system" | undefined
  /** Whether to request usage with `stream_options`. Default: true. */
  readonly streamOptions?: boolean | undefined
  /** The field of `user`. Default: `safety_identifier`. */
  readonly user?: "safety_identifier" | "user" | undefined
  /** The field of `seed`. Default: `seed`. */
  readonly seed?: "seed" | "random_seed" | undefined
  /** The word for the tool choice `required`. Default: `required`. */
  readonly required?: "required" | "any" | undefined
  /** How the model is asked to think. Default: `reasoning_effort`. */
  readonly reasoning?: ReasoningDialect | undefined
  /**
   * The field in which a model gets its reasoning back. `reasoning_content` takes text; with `tool-calls` it is in each
   * message that calls tools, even if empty. `reasoning_details` and `extra_content`, where Gemini puts its signature,
   * take the vendor's own value. Default: left out.
   */
  readonly replay?: "reasoning_content" | "tool-calls" | "reasoning_details" | "extra_content" | undefined
  /**
   * Whether a stream has a finish reason. If false, `[DONE]` alone proves the end. Snowflake Cortex never gives one
   * (recorded in pydantic-ai, tests of `snowflake`). Default: true.
   */
  readonly finishReason?: boolean | undefined
}

/**
 * The quirks of Anthropic Messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnthropicMessages extends Shared {
  /** The type of `thinking` that an effort turns on. Default: `adaptive`. */
  readonly thinking?: "adaptive" | "enabled" | undefined
  /**
   * Whether system and developer messages are accepted in mid-conversation. If false, one is an `InvalidRequest`.
   * Default: true.
   */
  readonly systemMessages?: boolean | undefined
}

/**
 * The quirks of Responses.
 *
 * @since 0.1.0
 * @category models
 */
export interface Responses extends Shared {
  /** The field of `user`. Default: `safety_identifier`. */
  readonly user?: "safety_identifier" | "user" | undefined
}

/**
 * The quirks of each protocol, by its id. A protocol of your own adds an entry, so that vendors and providers know the
 * types of its quirks.
 *
 * @example
 * ```ts
 * declare module "effect-redial/Quirks" {
 *   interface ByProtocol {
 *     readonly "my-protocol": { readonly verbose?: boolean | undefined }
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface ByProtocol {
  readonly "anthropic-messages": AnthropicMessages
  readonly "chat-completions": ChatCompletions
  readonly responses: Responses
}

/**
 * The quirks of a protocol: none if it declares none, any if the protocol is unknown.
 *
 * @since 0.1.0
 * @category models
 */
export type Of<P extends string> = string extends P
  ? object
  : P extends keyof ByProtocol
    ? ByProtocol[P]
    : Readonly<Record<string, never>>
