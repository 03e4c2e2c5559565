/**
 * Where a vendor's copy of a protocol differs from the protocol: data that encoders and decoders read, for each protocol its
 * own. The default of a field is what the protocol's first vendor takes.
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
 * What can only be switched takes the efforts `none` and `high`; another one is an `InvalidRequest`.
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
 * The quirks of every protocol of this library.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shared {
  /** Fields of a request that the vendor refuses: setting one is an `InvalidRequest`. Default: none. */
  readonly unsupported?: ReadonlyArray<keyof ModelRequest> | undefined
}

/**
 * What Chat Completions reads.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChatCompletions extends Shared {
  /** The field of `maxOutputTokens`. Default: `max_completion_tokens`. */
  readonly maxTokens?: "max_completion_tokens" | "max_tokens" | undefined
  /** The role of developer messages. Default: `developer`. */
  readonly developer?: "developer" | "system" | undefined
  /** Whether usage is asked for with `stream_options`. Default: true. */
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
   * In which field a model gets back what it thought: as text in `reasoning_content`, which with `tool-calls` is in each
   * message that calls tools, if need be empty; or as the vendor wrote it, in `reasoning_details` or in `extra_content`, where
   * Gemini signs it. Default: it is left out.
   */
  readonly replay?: "reasoning_content" | "tool-calls" | "reasoning_details" | "extra_content" | undefined
  /**
   * Whether a stream says why it ended. If false, `[DONE]` alone proves the end. Snowflake Cortex never says it (recorded in
   * pydantic-ai, tests of `snowflake`). Default: true.
   */
  readonly finishReason?: boolean | undefined
}

/**
 * What Anthropic Messages reads.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnthropicMessages extends Shared {
  /** The type of `thinking` that an effort switches on. Default: `adaptive`. */
  readonly thinking?: "adaptive" | "enabled" | undefined
  /**
   * Whether system and developer messages are taken in mid-conversation. If false, one is an `InvalidRequest`. Default: true.
   */
  readonly systemMessages?: boolean | undefined
}

/**
 * What Responses reads.
 *
 * @since 0.1.0
 * @category models
 */
export interface Responses extends Shared {
  /** The field of `user`. Default: `safety_identifier`. */
  readonly user?: "safety_identifier" | "user" | undefined
}

/**
 * The quirks of each protocol, by its id. A protocol of your own that has quirks adds its entry, so that vendors and
 * providers know their types.
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
 * The quirks of a protocol: none where it names none, and any where it is not known which protocol it is.
 *
 * @since 0.1.0
 * @category models
 */
export type Of<P extends string> = string extends P
  ? object
  : P extends keyof ByProtocol
    ? ByProtocol[P]
    : Readonly<Record<string, never>>
