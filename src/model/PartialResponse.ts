/**
 * The part of a response that has arrived. It is evidence, not an answer: nothing here is proven to be whole.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { CitationPart } from "./internal/parts.js"
import type { ModelEvent } from "./ModelEvent.js"
import type { ModelResponse } from "./ModelResponse.js"

/**
 * One block as far as it arrived. `open` is true if it was still growing.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Block = Schema.Union(
  Schema.Struct({ type: Schema.Literal("text"), text: Schema.String, open: Schema.Boolean }),
  Schema.Struct({
    type: Schema.Literal("reasoning"),
    text: Schema.String,
    signature: Schema.optional(Schema.String),
    /** The protocol of the attempt that wrote it. */
    protocol: Schema.optional(Schema.String),
    open: Schema.Boolean
  }),
  Schema.Struct({
    type: Schema.Literal("tool-call"),
    id: Schema.String,
    name: Schema.String,
    /** The arguments as they arrived, possibly cut. Never run a tool from here. */
    json: Schema.String,
    open: Schema.Boolean
  }),
  Schema.Struct({
    type: Schema.Literal("provider"),
    name: Schema.String,
    value: Schema.Unknown,
    /** The protocol of the attempt that wrote it. */
    protocol: Schema.optional(Schema.String),
    open: Schema.Boolean
  }),
  Schema.Struct({ ...CitationPart.fields, open: Schema.Boolean })
)

/**
 * @since 0.1.0
 * @category models
 */
export type Block = typeof Block.Type

/**
 * How far the output got: the furthest kind that was delivered. Text that is only white space counts as nothing.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Delivered = Schema.Literal("nothing", "reasoning", "text", "tool-call")

/**
 * @since 0.1.0
 * @category models
 */
export type Delivered = typeof Delivered.Type

/**
 * The output so far: `partial` of an error, and the result of `ModelEvent.fold`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PartialResponse = Schema.Struct({
  /** All text, in order. */
  text: Schema.String,
  /** The blocks in order; an open one was still growing. */
  blocks: Schema.Array(Block),
  delivered: Delivered
})

/**
 * @since 0.1.0
 * @category models
 */
export type PartialResponse = typeof PartialResponse.Type

/**
 * What the end of an answer reports, once it is proven.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ending
  extends Pick<ModelResponse, "finishReason" | "usage">,
    Partial<
      Pick<
        ModelResponse,
        | "id"
        | "model"
        | "requestId"
        | "stopSequence"
        | "stopDetails"
        | "rawUsage"
        | "serviceTier"
        | "container"
        | "contextManagement"
      >
    > {}

/**
 * The output so far, updated event by event: what a decoder reads into. Indices are those of the events; a protocol may
 * leave one unused.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fold {
  /** The index that the next block takes. */
  readonly length: number
  /** The first index after that many blocks. */
  readonly indexAfter: (blocks: number) => number
  readonly apply: (event: ModelEvent) => void
  /** Drops the blocks from `fromIndex` on. */
  readonly truncate: (fromIndex: number) => void
  readonly delivered: (fromIndex?: number, toIndex?: number) => Delivered
  /** The output so far, of all blocks or of those from `fromIndex` on, without the one at `toIndex`. */
  readonly partial: (fromIndex?: number, toIndex?: number) => PartialResponse
  /** The response. Call it only once the end is proven. */
  readonly response: (ending: Ending) => ModelResponse
}
