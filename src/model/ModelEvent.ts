/**
 * The events of a stream.
 *
 * The grammar: `ResponseStart`, then blocks, then `Finish`. A block is a start, deltas and an end with the same
 * `index`, or a single event. `Finish` comes once, last, and only if the end was proven. A stream without `Finish`
 * fails. After a drop, `Superseded` says from which block on the output is void, and another `ResponseStart` begins the
 * attempt that replaces it. A `ResponseStart` with a `route` voids nothing: what came before stays, and what follows is
 * added to it.
 *
 * Events are plain objects. The schemas here are for storing and sending them; nothing is decoded per event.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { type Checkpoint, Cursor } from "./Checkpoint.js"
import { GenerationId } from "./GenerationId.js"
import { Folding } from "./internal/folding.js"
import { CitationPart } from "./internal/parts.js"
import { Attempt, ErrorSummary, ModelResponse, Route } from "./ModelResponse.js"
import { PartialResponse } from "./PartialResponse.js"
import { Usage } from "./Usage.js"

const index = Schema.Number

/**
 * The answer of an attempt begins. The blocks that follow start over. With a `route` they continue the earlier ones: an
 * open text block then grows under its own index.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResponseStart = Schema.TaggedStruct("ResponseStart", {
  /** Counted from 1. */
  attempt: Schema.Number,
  /** The generation whose connections carry it. */
  generation: GenerationId,
  /** The vendor's id of the response. */
  id: Schema.optional(Schema.String),
  model: Schema.optional(Schema.String),
  requestId: Schema.optional(Schema.String),
  /** How this attempt continues what a broken one delivered; absent if it starts over. */
  route: Schema.optional(Route),
  /** The attempts before it; absent if there were none. */
  attempts: Schema.optional(Schema.Array(Attempt)),
  /** When the attempt began, in milliseconds since the epoch. */
  startedAt: Schema.optional(Schema.Number),
  /** The usage that the vendor reports at the start, a lower bound of the cost. Anthropic reports all of the input. */
  usage: Schema.optional(Usage),
  /** Present if the server keeps this answer, so that a program that lost it can ask for the rest. */
  cursor: Schema.optional(Cursor)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ResponseStart extends Schema.Schema.Type<typeof ResponseStart> {}

/**
 * A text block begins.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TextStart = Schema.TaggedStruct("TextStart", { index })

/**
 * @since 0.1.0
 * @category models
 */
export interface TextStart extends Schema.Schema.Type<typeof TextStart> {}

/**
 * A piece of a text block.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TextDelta = Schema.TaggedStruct("TextDelta", { index, text: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export interface TextDelta extends Schema.Schema.Type<typeof TextDelta> {}

/**
 * A text block is whole.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TextEnd = Schema.TaggedStruct("TextEnd", { index })

/**
 * @since 0.1.0
 * @category models
 */
export interface TextEnd extends Schema.Schema.Type<typeof TextEnd> {}

/**
 * A block of reasoning begins.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReasoningStart = Schema.TaggedStruct("ReasoningStart", {
  index,
  /** The protocol of the attempt that wrote it. */
  protocol: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ReasoningStart extends Schema.Schema.Type<typeof ReasoningStart> {}

/**
 * A piece of reasoning.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReasoningDelta = Schema.TaggedStruct("ReasoningDelta", { index, text: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export interface ReasoningDelta extends Schema.Schema.Type<typeof ReasoningDelta> {}

/**
 * A block of reasoning is whole. `signature` is the vendor's proof of it, if there is one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReasoningEnd = Schema.TaggedStruct("ReasoningEnd", { index, signature: Schema.optional(Schema.String) })

/**
 * @since 0.1.0
 * @category models
 */
export interface ReasoningEnd extends Schema.Schema.Type<typeof ReasoningEnd> {}

/**
 * A tool call begins. Run it only from `Finish.response.toolCalls`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolCallStart = Schema.TaggedStruct("ToolCallStart", { index, id: Schema.String, name: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export interface ToolCallStart extends Schema.Schema.Type<typeof ToolCallStart> {}

/**
 * A piece of the arguments' JSON text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolCallDelta = Schema.TaggedStruct("ToolCallDelta", { index, json: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export interface ToolCallDelta extends Schema.Schema.Type<typeof ToolCallDelta> {}

/**
 * The arguments of a tool call have arrived. The answer may still drop, so do not run it yet.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolCallEnd = Schema.TaggedStruct("ToolCallEnd", { index })

/**
 * @since 0.1.0
 * @category models
 */
export interface ToolCallEnd extends Schema.Schema.Type<typeof ToolCallEnd> {}

const { type: _type, ...citation } = CitationPart.fields

/**
 * A source of the text block before it, as a single event: see `Prompt.CitationPart`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Citation = Schema.TaggedStruct("Citation", { index, ...citation })

/**
 * @since 0.1.0
 * @category models
 */
export interface Citation extends Schema.Schema.Type<typeof Citation> {}

/**
 * A block that this library does not model, whole, as a single event.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProviderPart = Schema.TaggedStruct("ProviderPart", {
  index,
  name: Schema.String,
  value: Schema.Unknown,
  /** The protocol of the attempt that wrote it. */
  protocol: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ProviderPart extends Schema.Schema.Type<typeof ProviderPart> {}

/**
 * One event as the server sent it, before the events that it means. Emitted only if the call asked for `raw`. It is not
 * part of the answer: folding skips it, and no deadline counts it as progress.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Raw = Schema.TaggedStruct("Raw", {
  /** The attempt that received it. */
  attempt: Schema.Number,
  /** The name of a server-sent event; absent if it has none. */
  event: Schema.optional(Schema.String),
  /** What follows `data:`, or one line of newline-delimited JSON. */
  data: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Raw extends Schema.Schema.Type<typeof Raw> {}

/**
 * An attempt broke. Every block from `fromIndex` on is void and comes again.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Superseded = Schema.TaggedStruct("Superseded", {
  /** The attempt that broke. */
  attempt: Schema.Number,
  fromIndex: Schema.Number,
  error: ErrorSummary,
  discarded: PartialResponse,
  /** When the next attempt starts, in milliseconds since the epoch. */
  retryAt: Schema.Number
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Superseded extends Schema.Schema.Type<typeof Superseded> {}

/**
 * The end of the answer, proven. It comes once and last.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Finish = Schema.TaggedStruct("Finish", { response: ModelResponse })

/**
 * @since 0.1.0
 * @category models
 */
export interface Finish extends Schema.Schema.Type<typeof Finish> {}

/**
 * Any event of a stream, discriminated by `_tag`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ModelEvent = Schema.Union(
  ResponseStart,
  TextStart,
  TextDelta,
  TextEnd,
  ReasoningStart,
  ReasoningDelta,
  ReasoningEnd,
  ToolCallStart,
  ToolCallDelta,
  ToolCallEnd,
  Citation,
  ProviderPart,
  Raw,
  Superseded,
  Finish
)

/**
 * @since 0.1.0
 * @category models
 */
export type ModelEvent = HeldEvent | Raw | Superseded

/**
 * Any event of a stream that is held back until its end is proven: nothing is voided, and nothing is raw.
 *
 * @since 0.1.0
 * @category models
 */
export type HeldEvent =
  | ResponseStart
  | TextStart
  | TextDelta
  | TextEnd
  | ReasoningStart
  | ReasoningDelta
  | ReasoningEnd
  | ToolCallStart
  | ToolCallDelta
  | ToolCallEnd
  | Citation
  | ProviderPart
  | Finish

/**
 * Folds events into what a consumer has: superseded blocks are gone. The result is a `Checkpoint`, which another call
 * can continue.
 *
 * Never throws: events of a block without a start are skipped. If a call continues `from` a checkpoint, pass that
 * checkpoint as `from` here; the events are folded on top of it. To store checkpoints while a call runs, use
 * `Checkpoint.save`, which keeps one fold: a checkpoint does not contain the indices that a protocol reserved for
 * blocks that have not come yet.
 *
 * @example
 * ```ts
 * import { ModelEvent } from "effect-redial"
 *
 * const { text } = ModelEvent.fold([
 *   { _tag: "TextStart", index: 0 },
 *   { _tag: "TextDelta", index: 0, text: "Because of " },
 *   { _tag: "TextDelta", index: 0, text: "Rayleigh scattering." }
 * ])
 * ```
 *
 * @since 0.1.0
 * @category folding
 */
export const fold = (events: Iterable<ModelEvent>, from?: Checkpoint): Checkpoint => {
  const folding = new Folding(from)
  for (const event of events) folding.apply(event)
  return folding.checkpoint()
}
