/**
 * What a stream emits.
 *
 * The grammar: `ResponseStart`, then blocks, each a start, deltas and an end with the same `index`; `Finish` once, last,
 * and only when the end was proven. A stream without `Finish` fails. After a drop, `Superseded` says from which block on
 * the output is void, and another `ResponseStart` begins the attempt that replaces it. A `ResponseStart` that has a
 * `route` voids nothing: what came before stays, and what follows is added to it.
 *
 * Events are plain objects. The schemas here are for storing and sending them; nothing is decoded per event.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { type Checkpoint, Cursor } from "./Checkpoint.js"
import { GenerationId } from "./GenerationId.js"
import { Folding } from "./internal/folding.js"
import { Attempt, ErrorSummary, ModelResponse, Route } from "./ModelResponse.js"
import { PartialResponse } from "./PartialResponse.js"

const index = Schema.Number

/**
 * An attempt was answered. The blocks that follow begin anew, or go on with those that came before where there is a
 * `route`: then a text block that was open grows on, under its own index.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResponseStart = Schema.TaggedStruct("ResponseStart", {
  /** Counted from 1. */
  attempt: Schema.Number,
  /** Whose connections carry it. */
  generation: GenerationId,
  /** The vendor's id of the response. */
  id: Schema.optional(Schema.String),
  model: Schema.optional(Schema.String),
  requestId: Schema.optional(Schema.String),
  /** How this attempt goes on with what a broken one delivered; absent where it begins anew. */
  route: Schema.optional(Route),
  /** The attempts that ended before it; absent where there were none. */
  attempts: Schema.optional(Schema.Array(Attempt)),
  /** When the attempt began, in milliseconds since the epoch. */
  startedAt: Schema.optional(Schema.Number),
  /** Present where the server keeps this answer, so that a program that lost it can ask for the rest. */
  cursor: Schema.optional(Cursor)
})

/**
 * @since 0.1.0
 * @category models
 */
export type ResponseStart = typeof ResponseStart.Type

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
export type TextStart = typeof TextStart.Type

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
export type TextDelta = typeof TextDelta.Type

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
export type TextEnd = typeof TextEnd.Type

/**
 * A block of reasoning begins.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReasoningStart = Schema.TaggedStruct("ReasoningStart", { index })

/**
 * @since 0.1.0
 * @category models
 */
export type ReasoningStart = typeof ReasoningStart.Type

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
export type ReasoningDelta = typeof ReasoningDelta.Type

/**
 * A block of reasoning is whole. `signature` is the vendor's proof of it, where there is one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReasoningEnd = Schema.TaggedStruct("ReasoningEnd", { index, signature: Schema.optional(Schema.String) })

/**
 * @since 0.1.0
 * @category models
 */
export type ReasoningEnd = typeof ReasoningEnd.Type

/**
 * A tool call begins. It is to be run from `Finish.response.toolCalls` only.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolCallStart = Schema.TaggedStruct("ToolCallStart", { index, id: Schema.String, name: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export type ToolCallStart = typeof ToolCallStart.Type

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
export type ToolCallDelta = typeof ToolCallDelta.Type

/**
 * The arguments of a tool call have come. The answer may still drop, so this is no reason to run it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolCallEnd = Schema.TaggedStruct("ToolCallEnd", { index })

/**
 * @since 0.1.0
 * @category models
 */
export type ToolCallEnd = typeof ToolCallEnd.Type

/**
 * A block that this library does not model, kept whole and given in one piece.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProviderPart = Schema.TaggedStruct("ProviderPart", { index, name: Schema.String, value: Schema.Unknown })

/**
 * @since 0.1.0
 * @category models
 */
export type ProviderPart = typeof ProviderPart.Type

/**
 * An attempt broke. Every block from `fromIndex` on is void and will come again.
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
export type Superseded = typeof Superseded.Type

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
export type Finish = typeof Finish.Type

/**
 * Any event of a stream, to be told apart by `_tag`.
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
  ProviderPart,
  Superseded,
  Finish
)

/**
 * @since 0.1.0
 * @category models
 */
export type ModelEvent = typeof ModelEvent.Type

/**
 * Folds events into what a consumer then has: blocks that were superseded are gone. The result is a `Checkpoint`, from
 * which another call can go on.
 *
 * Total: events of a block whose start is not among them are skipped. The events of a call that goes on `from` a checkpoint
 * are folded on top of it, with `from`. To store checkpoints of one call while it runs, use `Checkpoint.save`, which keeps
 * one fold: a checkpoint does not hold the places of blocks that a protocol reserved and that have not come yet.
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
