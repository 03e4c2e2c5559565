/**
 * Where a vendor's copy of a protocol differs from the protocol: data that encoders and decoders read.
 *
 * @since 0.1.0
 */
import type { ModelRequest } from "../model/ModelRequest.js"
import type { ProtocolId } from "./Protocol.js"

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
 * Each field says which protocol reads it; its default is what the protocol's first vendor takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Quirks {
  /** The field of `maxOutputTokens`, over Chat Completions. Default: `max_completion_tokens`. */
  readonly maxTokens?: "max_completion_tokens" | "max_tokens" | undefined
  /** The role of developer messages, over Chat Completions. Default: `developer`. */
  readonly developer?: "developer" | "system" | undefined
  /** Whether usage is asked for with `stream_options`, over Chat Completions. Default: true. */
  readonly streamOptions?: boolean | undefined
  /** The field of `user`, over Chat Completions and Responses. Default: `safety_identifier`. */
  readonly user?: "safety_identifier" | "user" | undefined
  /** The field of `seed`, over Chat Completions. Default: `seed`. */
  readonly seed?: "seed" | "random_seed" | undefined
  /** The word for the tool choice `required`, over Chat Completions. Default: `required`. */
  readonly required?: "required" | "any" | undefined
  /** Over Chat Completions. Default: `reasoning_effort`. */
  readonly reasoning?: ReasoningDialect | undefined
  /**
   * In which field a model gets back what it thought, over Chat Completions: as text in `reasoning_content`, which with
   * `tool-calls` is in each message that calls tools, if need be empty; or as the vendor wrote it, in `reasoning_details`
   * or in `extra_content`, where Gemini signs it. Default: it is left out.
   */
  readonly replay?: "reasoning_content" | "tool-calls" | "reasoning_details" | "extra_content" | undefined
  /** The type of `thinking` that an effort switches on, over Anthropic Messages. Default: `adaptive`. */
  readonly thinking?: "adaptive" | "enabled" | undefined
  /**
   * Whether system and developer messages are taken in mid-conversation, over Anthropic Messages. If false, one is an
   * `InvalidRequest`. Default: true.
   */
  readonly systemMessages?: boolean | undefined
  /**
   * Whether a stream says why it ended, over Chat Completions. If false, `[DONE]` alone proves the end. Snowflake Cortex
   * never says it (recorded in pydantic-ai, tests of `snowflake`). Default: true.
   */
  readonly finishReason?: boolean | undefined
  /** Fields of a request that the vendor refuses: setting one is an `InvalidRequest`. Default: none. */
  readonly unsupported?: ReadonlyArray<keyof ModelRequest> | undefined
}

/**
 * The protocols that read each field.
 *
 * @internal
 */
export const readers: Readonly<Record<keyof Quirks, ReadonlyArray<ProtocolId>>> = {
  maxTokens: ["chat-completions"],
  developer: ["chat-completions"],
  streamOptions: ["chat-completions"],
  user: ["chat-completions", "responses"],
  seed: ["chat-completions"],
  required: ["chat-completions"],
  reasoning: ["chat-completions"],
  replay: ["chat-completions"],
  thinking: ["anthropic-messages"],
  systemMessages: ["anthropic-messages"],
  finishReason: ["chat-completions"],
  unsupported: ["anthropic-messages", "chat-completions", "responses"]
}
