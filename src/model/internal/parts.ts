/**
 * The parts that messages are made of.
 */
import * as Schema from "effect/Schema"

/**
 * Asks the vendor to cache the prompt up to here, and for how long. A hint: it changes the price of an answer and not
 * the answer, so protocols that cache automatically (Chat Completions, Responses) leave it out.
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
  /** The name of the document, with its extension if it has one. */
  name: Schema.optional(Schema.String),
  /**
   * What the model should know about the document without quoting it. Protocols other than Anthropic's give it as text
   * before the document.
   */
  context: Schema.optional(Schema.String),
  /** True asks for citations of the document. Only Anthropic Messages can; others refuse it. Default: none. */
  citations: Schema.optional(Schema.Boolean),
  cache
})

/**
 * @since 0.1.0
 * @category parts
 */
export type DocumentPart = typeof DocumentPart.Type

/**
 * A part of a user message.
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
 * The protocol that a part came over. The decoder stamps it. A part goes back over its own protocol only; a part
 * without a stamp, which a program wrote, goes over any.
 */
const protocol = Schema.optional(Schema.String)

/**
 * The thinking of a model. `signature` is the vendor's proof of it and goes back unchanged.
 *
 * @since 0.1.0
 * @category parts
 */
export const ReasoningPart = Schema.Struct({
  type: Schema.Literal("reasoning"),
  text: Schema.String,
  signature: Schema.optional(Schema.String),
  /** The protocol that it came over; it goes back over no other. Absent: over any. */
  protocol
})

/**
 * @since 0.1.0
 * @category parts
 */
export type ReasoningPart = typeof ReasoningPart.Type

/**
 * A tool call of the model. `arguments` is the parsed JSON.
 *
 * @since 0.1.0
 * @category parts
 */
export const ToolCallPart = Schema.Struct({
  type: Schema.Literal("tool-call"),
  id: Schema.String,
  name: Schema.String,
  arguments: Schema.Unknown,
  cache
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
  value: Schema.Unknown,
  /** The protocol that it came over; it goes back over no other. Absent: over any. */
  protocol
})

/**
 * @since 0.1.0
 * @category parts
 */
export type ProviderPart = typeof ProviderPart.Type

/**
 * A source that the model names for the text block before it. The vendor's whole object is in `value`.
 *
 * Sources: citations of Anthropic Messages; annotations of Responses and Chat Completions; `search_results` and
 * `citations` of Perplexity and xAI.
 *
 * @since 0.1.0
 * @category parts
 */
export const CitationPart = Schema.Struct({
  type: Schema.Literal("citation"),
  /** The address of the source, if it has one. */
  url: Schema.optional(Schema.String),
  /** The title of the source, or its file name. */
  title: Schema.optional(Schema.String),
  /** The quoted words of the source. Anthropic gives them. */
  quote: Schema.optional(Schema.String),
  /**
   * Where the citation begins in the text block before it, in the vendor's count of characters. OpenAI gives it. Absent
   * if the text has a seam, because the vendor's count is then meaningless.
   */
  start: Schema.optional(Schema.Number),
  /** Where it ends, exclusive. */
  end: Schema.optional(Schema.Number),
  /** The citation as the vendor wrote it. It goes back with its text. */
  value: Schema.Unknown,
  protocol
})

/**
 * @since 0.1.0
 * @category parts
 */
export type CitationPart = typeof CitationPart.Type

/**
 * The result of the tool call with the same `id`.
 *
 * @since 0.1.0
 * @category parts
 */
export const ToolResultPart = Schema.Struct({
  type: Schema.Literal("tool-result"),
  id: Schema.String,
  content: Schema.Union(Schema.String, Schema.Array(Schema.Union(TextPart, ImagePart))),
  /** True if the tool failed and `content` says why. Default: false. */
  isError: Schema.optional(Schema.Boolean),
  cache
})

/**
 * @since 0.1.0
 * @category parts
 */
export type ToolResultPart = typeof ToolResultPart.Type

/**
 * A part of a model's message.
 *
 * @since 0.1.0
 * @category parts
 */
export const AssistantPart = Schema.Union(TextPart, ReasoningPart, ToolCallPart, CitationPart, ProviderPart)

/**
 * @since 0.1.0
 * @category parts
 */
export type AssistantPart = typeof AssistantPart.Type
