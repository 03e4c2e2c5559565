/**
 * A response whose end has been proven.
 *
 * Only a protocol's decoder makes one from the wire, at the terminal marker of that protocol. Decoding a stored one
 * trusts the store. Run tools from `toolCalls` and from nowhere else: those are closed, and their arguments are
 * complete JSON.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { FinishReason } from "./FinishReason.js"
import { GenerationId } from "./GenerationId.js"
import { Delivered, PartialResponse } from "./PartialResponse.js"
import { AssistantPart, ToolCallPart } from "./Prompt.js"
import { Usage } from "./Usage.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("effect-redial/ModelResponse")

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = typeof TypeId

/**
 * An error in short.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorSummary = Schema.Struct({
  tag: Schema.String,
  /** What happened, as a sentence without its subject. */
  description: Schema.String,
  /** The whole message: who, what, which attempt, and what to do. */
  message: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export type ErrorSummary = typeof ErrorSummary.Type

/**
 * One request on the wire: an attempt that failed has its error's tag and message and what it had delivered.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Attempt = Schema.Struct({
  /** Counted from 1. */
  attempt: Schema.Number,
  /** Whose connections carried it; absent where no client could be had. */
  generation: Schema.optional(GenerationId),
  requestId: Schema.optional(Schema.String),
  /** What of the answer's headers a vendor's support asks for: ids, rate limits, who answered. Names in lower case. */
  headers: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })),
  /** Milliseconds since the epoch. */
  startedAt: Schema.Number,
  /** Milliseconds since the epoch. */
  endedAt: Schema.Number,
  error: Schema.optional(ErrorSummary),
  usage: Schema.optional(Usage),
  delivered: Delivered,
  /** What this attempt had written and a later one replaced. */
  discarded: Schema.optional(PartialResponse)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Attempt = typeof Attempt.Type

/**
 * A tool call that was cut by the output limit: never to be run.
 *
 * @since 0.1.0
 * @category schemas
 */
export const IncompleteToolCall = Schema.Struct({ id: Schema.String, name: Schema.String, json: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export type IncompleteToolCall = typeof IncompleteToolCall.Type

const fields = {
  /** The vendor's id of the response. */
  id: Schema.optional(Schema.String),
  /** The model that answered, in the vendor's words. */
  model: Schema.optional(Schema.String),
  requestId: Schema.optional(Schema.String),
  /** All text, in order. */
  text: Schema.String,
  /** All reasoning, in order. */
  reasoning: Schema.String,
  /** The whole content in order, as it goes back to the model in a conversation. */
  content: Schema.Array(AssistantPart),
  /** Closed, with complete arguments: these may be run. */
  toolCalls: Schema.Array(ToolCallPart),
  incompleteToolCalls: Schema.Array(IncompleteToolCall),
  finishReason: FinishReason,
  /** Of the attempt that succeeded. What others cost is with them, in `attempts`. */
  usage: Usage,
  /** All attempts, the successful one last. */
  attempts: Schema.Array(Attempt)
}

const Stored = Schema.Struct(fields)

/**
 * @since 0.1.0
 * @category models
 */
export interface ModelResponse extends Schema.Simplify<typeof Stored.Type> {
  readonly [TypeId]: TypeId
}

/**
 * @since 0.1.0
 * @category guards
 */
export const isModelResponse = (u: unknown): u is ModelResponse => typeof u === "object" && u !== null && TypeId in u

const Proto = { [TypeId]: TypeId }

/**
 * Only a decoder that has seen the end, or a store that is trusted, may call this.
 *
 * @internal
 */
export const unsafeMake = (stored: typeof Stored.Type): ModelResponse => Object.assign(Object.create(Proto), stored)

/**
 * Stores a response and reads it back. Reading trusts the store that the end was proven.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ModelResponse: Schema.Schema<ModelResponse, typeof Stored.Encoded> = Schema.transform(
  Stored,
  Schema.declare(isModelResponse, { identifier: "ModelResponse" }),
  { strict: true, decode: (stored) => unsafeMake(stored), encode: (response) => ({ ...response }) }
)
