/**
 * The metadata of response parts, and the options of prompt parts: fields that `@effect/ai` has no place for. Both are
 * plain JSON under one name, so metadata of a response can be stored and sent back.
 *
 * The options of the native packages, `anthropic` and `openai`, are read too if their meaning is the same.
 */
import type { GenerationId } from "../../model/GenerationId.js"
import type { CacheMark } from "../../model/internal/parts.js"
import type { Attempt, ErrorSummary, ModelResponse, Route } from "../../model/ModelResponse.js"
import type { AssistantPart } from "../../model/Prompt.js"
import type { Usage } from "../../model/Usage.js"

/** Asks the vendor to cache the prompt up to here. */
type Cached = { readonly cache?: CacheMark | undefined }

/**
 * The vendor's proof of a block of reasoning, and the protocol that it came over.
 *
 * @since 0.1.0
 * @category metadata
 */
export type Signed = { readonly signature?: string | undefined; readonly protocol?: string | undefined }

/**
 * What is known of an attempt when its first content arrives.
 *
 * @since 0.1.0
 * @category metadata
 */
export type Begun = {
  readonly attempt: number
  /** The generation whose connections carry it. */
  readonly generation?: GenerationId | undefined
  readonly requestId?: string | undefined
  /** How it continues a broken attempt; absent if it starts over. */
  readonly route?: Route | undefined
  /** The attempts that broke since the previous part of this type, and the ids of the blocks that are void. */
  readonly superseded?:
    | ReadonlyArray<{
        readonly attempt: number
        readonly error: ErrorSummary
        readonly ids: ReadonlyArray<string>
      }>
    | undefined
}

/**
 * What is known of an answer at its end.
 *
 * @since 0.1.0
 * @category metadata
 */
export type Finished = {
  /** The usage of the last attempt, counted as this library does. */
  readonly usage: Usage
  /** The usage of all attempts together. `exact` is false if the real cost is higher. */
  readonly totalUsage: { readonly usage: Usage; readonly exact: boolean }
  readonly attempts: ReadonlyArray<Attempt>
  /** The answer as this library represents it, if the parts do not contain all of it: see `AssistantMessageOptions`. */
  readonly content?: ReadonlyArray<AssistantPart> | undefined
} & Pick<
  ModelResponse,
  | "finishReason"
  | "incompleteToolCalls"
  | "seams"
  | "rawUsage"
  | "requestId"
  | "serviceTier"
  | "stopSequence"
  | "stopDetails"
  | "container"
  | "contextManagement"
>

/**
 * What the vendor reports about a source beyond its address and title.
 *
 * @since 0.1.0
 * @category metadata
 */
export type Cited = {
  readonly quote?: string | undefined
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly value: unknown
  readonly protocol?: string | undefined
}

declare module "@effect/ai/Prompt" {
  interface SystemMessageOptions {
    readonly effectRedial?: Cached | undefined
  }
  interface UserMessageOptions {
    readonly effectRedial?: Cached | undefined
  }
  interface AssistantMessageOptions {
    readonly effectRedial?:
      | {
          readonly cache?: CacheMark | undefined
          /** Sent in place of the message's parts: the `content` in the metadata of the answer's `finish` part. */
          readonly content?: ReadonlyArray<AssistantPart> | undefined
        }
      | undefined
  }
  interface ToolMessageOptions {
    readonly effectRedial?: Cached | undefined
  }
  interface TextPartOptions {
    readonly effectRedial?: Cached | undefined
  }
  interface FilePartOptions {
    readonly effectRedial?:
      | {
          readonly cache?: CacheMark | undefined
          /** What the model should know about a document without quoting it. */
          readonly context?: string | undefined
          /** True asks for citations of a document. */
          readonly citations?: boolean | undefined
        }
      | undefined
  }
  interface ReasoningPartOptions {
    readonly effectRedial?: Signed | undefined
  }
  interface ToolCallPartOptions {
    readonly effectRedial?: Cached | undefined
  }
  interface ToolResultPartOptions {
    readonly effectRedial?: Cached | undefined
  }
}

declare module "@effect/ai/Response" {
  interface ReasoningPartMetadata {
    readonly effectRedial?: Signed | undefined
  }
  interface ReasoningEndPartMetadata {
    readonly effectRedial?: Signed | undefined
  }
  interface ToolCallPartMetadata {
    /** The input of a tool that the vendor ran. */
    readonly effectRedial?: { readonly input: unknown } | undefined
  }
  interface DocumentSourcePartMetadata {
    readonly effectRedial?: Cited | undefined
  }
  interface UrlSourcePartMetadata {
    readonly effectRedial?: Cited | undefined
  }
  interface ResponseMetadataPartMetadata {
    readonly effectRedial?: Begun | undefined
  }
  interface FinishPartMetadata {
    readonly effectRedial?: Finished | undefined
  }
}

type Named = { readonly [name: string]: { readonly [field: string]: unknown } | undefined }

/** A field of the options under the name of any package; undefined if it has another type. */
export const textOption = (options: Named, name: string, field: string): string | undefined => {
  const value = options[name]?.[field]
  return typeof value === "string" ? value : undefined
}

/** A field that is an object. */
export const objectOption = (
  options: Named,
  name: string,
  field: string
): { readonly [field: string]: unknown } | undefined => {
  const value = options[name]?.[field]
  return typeof value === "object" && value !== null ? { ...value } : undefined
}

/**
 * A cache mark of this library, or of the native package of Anthropic, whose mark without a time means five minutes.
 */
export const cacheMark = (options: Named): CacheMark | undefined => {
  const own = textOption(options, "effectRedial", "cache")
  if (own === "5m" || own === "1h") return own
  const native = objectOption(options, "anthropic", "cacheControl")
  if (native?.type !== "ephemeral") return undefined
  return native.ttl === "1h" ? "1h" : "5m"
}
