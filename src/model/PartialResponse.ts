/**
 * What of a response has come so far. It is evidence, not an answer: nothing here was proven to be whole.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { CitationPart } from "./internal/parts.js"
import type { ModelEvent } from "./ModelEvent.js"
import type { ModelResponse } from "./ModelResponse.js"

/**
 * One block as far as it came. `open` is true where it was still growing.
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
    /** The protocol that it came over. */
    protocol: Schema.optional(Schema.String),
    open: Schema.Boolean
  }),
  Schema.Struct({
    type: Schema.Literal("tool-call"),
    id: Schema.String,
    name: Schema.String,
    /** The arguments as they came, cut or not. Never run a tool from here. */
    json: Schema.String,
    open: Schema.Boolean
  }),
  Schema.Struct({
    type: Schema.Literal("provider"),
    name: Schema.String,
    value: Schema.Unknown,
    /** The protocol that it came over. */
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
 * How far output got: the furthest of what was delivered. Text that is only white space counts as nothing.
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
 * The output as far as it came: on an error as `partial`, and what `ModelEvent.fold` gives.
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
 * What the end of an answer says of it, once it is proven.
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
 * What has come of an answer, kept up to date event by event: what a decoder reads into. Indices are those of the events; a
 * protocol may leave one free.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fold {
  /** The index that the next block takes. */
  readonly length: number
  /** The index behind the first so many blocks. */
  readonly indexAfter: (blocks: number) => number
  readonly apply: (event: ModelEvent) => void
  /** Drops the blocks from `fromIndex` on. */
  readonly truncate: (fromIndex: number) => void
  readonly delivered: (fromIndex?: number, toIndex?: number) => Delivered
  /** What there is, of all blocks or of those from `fromIndex` on, without the one at `toIndex`. */
  readonly partial: (fromIndex?: number, toIndex?: number) => PartialResponse
  /** The response, to be called only once its end was proven. */
  readonly response: (ending: Ending) => ModelResponse
}
