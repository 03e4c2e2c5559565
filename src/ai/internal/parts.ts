/**
 * The parts of a response that streamed and generated answers have in common.
 */
import type { IdGenerator } from "@effect/ai/IdGenerator"
import type * as Response from "@effect/ai/Response"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ModelResponse from "../../model/ModelResponse.js"
import type * as Prompt from "../../model/Prompt.js"
import { object } from "../../protocol/internal/json.js"
import { saysMore } from "./memory.js"
import type { Begun, Cited, Finished, Signed } from "./metadata.js"

/** A source without an id yet: ids come from an effect. */
export type Source =
  | {
      -readonly [K in keyof Response.UrlSourcePartEncoded]: Response.UrlSourcePartEncoded[K]
    }
  | {
      -readonly [K in keyof Response.DocumentSourcePartEncoded]: Response.DocumentSourcePartEncoded[K]
    }

export const nameSources = (
  sources: ReadonlyArray<Source>,
  ids: Context.Tag.Service<IdGenerator>
): Effect.Effect<void> =>
  Effect.forEach(
    sources,
    (source) =>
      Effect.map(ids.generateId(), (id) => {
        source.id = id
      }),
    { discard: true }
  )

export const sourceOf = (citation: Omit<Prompt.CitationPart, "type">): Source => {
  const { end, protocol, quote, start, title, url, value } = citation
  const cited: Cited = { quote, start, end, value, protocol }
  const metadata = { effectRedial: cited }
  if (url !== undefined && URL.canParse(url)) {
    return { type: "source", sourceType: "url", id: "", url, title: title ?? url, metadata }
  }
  // Anthropic cites pages of a file, and characters of a text.
  const mediaType = object(value)?.type === "page_location" ? "application/pdf" : "text/plain"
  return { type: "source", sourceType: "document", id: "", mediaType, title: title ?? "Untitled", metadata }
}

/** The metadata of a block of reasoning; the field `anthropic` is that of the native package. */
export const signed = ({ protocol, signature }: Signed): { readonly metadata: Response.ReasoningPartMetadata } => ({
  metadata: {
    effectRedial: { signature, protocol },
    ...(protocol === "anthropic-messages" && signature !== undefined && anthropic({ type: "thinking", signature }))
  }
})

/** Thinking that the vendor has hidden: reasoning without a text. */
export const redacted = ({
  name,
  value
}: Prompt.ProviderPart): { readonly metadata: Response.ReasoningPartMetadata } | undefined => {
  const data = object(value)?.data
  return name === "redacted_thinking" && typeof data === "string"
    ? { metadata: anthropic({ type: "redacted_thinking", redactedData: data }) }
    : undefined
}

/** The native package declares the field if it is installed; without it any record is allowed. */
const anthropic = (
  anthropic:
    | { readonly type: "thinking"; readonly signature: string }
    | { readonly type: "redacted_thinking"; readonly redactedData: string }
): Response.ReasoningPartMetadata => ({ anthropic })

export const responseMetadata = (
  id: string | undefined,
  modelId: string | undefined,
  startedAt: number | undefined,
  effectRedial: Begun
): Response.ResponseMetadataPartEncoded => ({
  type: "response-metadata",
  id,
  modelId,
  ...(startedAt !== undefined && { timestamp: new Date(startedAt).toISOString() }),
  metadata: { effectRedial }
})

/** `usage` is that of the last attempt: it shows how full the context window is. */
export const finishOf = (
  response: ModelResponse.ModelResponse,
  content: ReadonlyArray<Prompt.AssistantPart>
): Response.FinishPartEncoded => {
  const { inputTokens, outputTokens } = response.usage
  return {
    type: "finish",
    reason: reasonOf(response),
    usage: {
      inputTokens,
      outputTokens,
      totalTokens: inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens,
      reasoningTokens: response.usage.reasoningTokens,
      cachedInputTokens: response.usage.cacheReadTokens
    },
    metadata: { effectRedial: finished(response, content) }
  }
}

const finished = (response: ModelResponse.ModelResponse, content: ReadonlyArray<Prompt.AssistantPart>): Finished => ({
  usage: response.usage,
  totalUsage: ModelResponse.totalUsage(response),
  attempts: response.attempts,
  seams: response.seams,
  finishReason: response.finishReason,
  incompleteToolCalls: response.incompleteToolCalls,
  requestId: response.requestId,
  rawUsage: response.rawUsage,
  serviceTier: response.serviceTier,
  stopSequence: response.stopSequence,
  stopDetails: response.stopDetails,
  container: response.container,
  contextManagement: response.contextManagement,
  ...(saysMore(content) && { content })
})

const reasonOf = ({ finishReason: { raw, reason } }: ModelResponse.ModelResponse): Response.FinishReason => {
  if (reason === "refusal") return "content-filter"
  return reason === "other" && raw === undefined ? "unknown" : reason
}
