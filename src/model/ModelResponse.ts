/**
 * A response whose end was proven.
 *
 * Only a protocol's decoder makes one from the wire, at the terminal marker of that protocol. Decoding a stored one
 * trusts the store, and `make` trusts its caller. Run tools only from `toolCalls`: those calls are closed, and their
 * arguments are complete JSON.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { FinishReason } from "./FinishReason.js"
import { GenerationId } from "./GenerationId.js"
import { completeResponse, type Options } from "./internal/completeResponse.js"
import { AssistantPart, ToolCallPart } from "./internal/parts.js"
import { unsafeMake } from "./internal/proven.js"
import { usageOf } from "./internal/usageOf.js"
import { Delivered, PartialResponse } from "./PartialResponse.js"
import { Usage } from "./Usage.js"

export type { Options } from "./internal/completeResponse.js"
export { costByProvider, type ProviderCost, type ProviderUsage, usageByProvider } from "./internal/usageOf.js"

/**
 * Marks a response whose end was proven.
 *
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
 * The summary of an error.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorSummary = Schema.Struct({
  tag: Schema.String,
  /** What happened, as a sentence without its subject. */
  description: Schema.String,
  /** The whole message: who failed, how, at which attempt, and what to do. */
  message: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export type ErrorSummary = typeof ErrorSummary.Type

/**
 * Which of several keys an attempt was sent with. Nothing in it is derived from the key.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Credential = Schema.Struct({
  /** The name of its source. */
  name: Schema.String,
  /** The number of the key within its source, counted from 1. */
  version: Schema.Number
})

/**
 * @since 0.1.0
 * @category models
 */
export type Credential = typeof Credential.Type

/**
 * How an attempt continues the output of one that broke.
 *
 * - `cursor`: the server kept the answer, and sends the missing events
 * - `prefill`: the model continues its own message
 * - `ask`: the model was asked to repeat its last words and to continue from there
 *
 * @since 0.1.0
 * @category schemas
 */
export const Route = Schema.Literal("cursor", "prefill", "ask")

/**
 * @since 0.1.0
 * @category models
 */
export type Route = typeof Route.Type

/**
 * Where the text of one attempt ends and the text of the next one begins.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Seam = Schema.Struct({
  /** The attempt that continued. */
  attempt: Schema.Number,
  route: Route,
  /** The length of the answer's `text` before the seam, in UTF-16 code units. */
  offset: Schema.Number,
  /** The last words before the seam, which the model repeated to prove it; only with the route `ask`. */
  anchor: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Seam = typeof Seam.Type

/**
 * One request on the wire. A failed attempt has the tag and message of its error, and what it had delivered.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Attempt = Schema.Struct({
  /** Counted from 1; 0 if it belongs to a request that a `Hedge` sent besides the one that was answered. */
  attempt: Schema.Number,
  /** The provider and model that were asked: an answer that another provider continued has attempts of both. */
  provider: Schema.optional(Schema.String),
  model: Schema.optional(Schema.String),
  /** The generation whose connections carried it; absent if no client could be built. */
  generation: Schema.optional(GenerationId),
  /** The key that it was sent with; absent if the provider has only one. */
  credential: Schema.optional(Credential),
  requestId: Schema.optional(Schema.String),
  /** The headers of the answer that a vendor's support asks for: ids, rate limits, server. Names in lower case. */
  headers: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })),
  /** Milliseconds since the epoch. */
  startedAt: Schema.Number,
  /** Milliseconds since the epoch. */
  endedAt: Schema.Number,
  /** Absent if the attempt started over. */
  route: Schema.optional(Route),
  error: Schema.optional(ErrorSummary),
  usage: Schema.optional(Usage),
  /** True if the attempt broke before its usage was final: the real usage is at least this. */
  usageIsPartial: Schema.optional(Schema.Boolean),
  /** How far the output had got by the end of this attempt. */
  delivered: Delivered,
  /** What this attempt wrote and a later one writes again. */
  discarded: Schema.optional(PartialResponse)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Attempt = typeof Attempt.Type

/**
 * A tool call that was cut by the output limit. Never run it.
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

/**
 * A container of the vendor, in which its tools ran.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Container = Schema.Struct({
  id: Schema.String,
  /** When the vendor deletes it, as an ISO 8601 date. */
  expiresAt: Schema.optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Container = typeof Container.Type

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
  /** Closed calls with complete arguments: these may be run. */
  toolCalls: Schema.Array(ToolCallPart),
  incompleteToolCalls: Schema.Array(IncompleteToolCall),
  finishReason: FinishReason,
  /** The stop sequence that the model wrote, if the vendor reports it: Anthropic, vLLM. */
  stopSequence: Schema.optional(Schema.String),
  /**
   * What the vendor reports about a stop besides the reason: Anthropic gives the category of a refusal and its
   * explanation.
   */
  stopDetails: Schema.optional(Schema.Unknown),
  /** The usage of the successful attempt. The usage of the others is in `attempts`; see `totalUsage`. */
  usage: Usage,
  /** The vendor's own usage object, with what `usage` has no field for: searches, audio, iterations. */
  rawUsage: Schema.optional(Schema.Unknown),
  /** The tier that served the request, in the vendor's words. */
  serviceTier: Schema.optional(Schema.String),
  /** The container that the vendor's tools ran in; a later request can name it: Anthropic. */
  container: Schema.optional(Container),
  /** The edits that the vendor made to the context, unchanged: Anthropic. */
  contextManagement: Schema.optional(Schema.Unknown),
  /** All attempts, the successful one last. */
  attempts: Schema.Array(Attempt),
  /** The seams of the text; empty if one attempt wrote all of it. */
  seams: Schema.optionalWith(Schema.Array(Seam), { default: () => [] })
}

const Stored = Schema.Struct(fields)

/**
 * A whole answer, with the attempts that it took.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelResponse extends Schema.Simplify<typeof Stored.Type> {
  readonly [TypeId]: TypeId
}

/**
 * Tells a response from anything else, such as a plain object of the same shape.
 *
 * @since 0.1.0
 * @category guards
 */
export const isModelResponse = (u: unknown): u is ModelResponse => typeof u === "object" && u !== null && TypeId in u

/**
 * The usage of all attempts together, as far as it is known. `exact` is false if the provider did not report all of it,
 * or if an attempt broke before its usage was final: the real cost is then higher.
 *
 * @example
 * ```ts
 * import { ModelResponse, Provider } from "effect-redial"
 * import { Effect } from "effect"
 *
 * const cost = Provider.generate({ model: "any", prompt: "Why is the sky blue?" }).pipe(
 *   Effect.map(ModelResponse.totalUsage),
 *   Effect.map(({ exact, usage }) => `${exact ? "" : "at least "}${usage.outputTokens} tokens`)
 * )
 * ```
 *
 * @since 0.1.0
 * @category usage
 */
export const totalUsage = (response: {
  readonly attempts: ReadonlyArray<Attempt>
}): { readonly usage: Usage; readonly exact: boolean } => usageOf(response.attempts, () => true)

/**
 * Makes a response without proof, for tests and for stores with their own format. Whatever takes a response trusts it
 * and runs its tools, so never make one from an answer that may have been cut.
 *
 * @example
 * ```ts
 * import { ModelResponse } from "effect-redial"
 *
 * const sunny = ModelResponse.make({ text: "It is sunny.", usage: { inputTokens: 20, outputTokens: 5 } })
 * const asks = ModelResponse.make({ toolCalls: [{ id: "1", name: "weather", arguments: { city: "Oslo" } }] })
 * // asks.finishReason is { reason: "tool-calls" }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): ModelResponse => unsafeMake(completeResponse(options))

/**
 * Stores and restores a response. Decoding trusts the store that the end was proven.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ModelResponse: Schema.Schema<ModelResponse, typeof Stored.Encoded> = Schema.transform(
  Stored,
  Schema.declare(isModelResponse, { identifier: "ModelResponse" }),
  { strict: true, decode: (stored) => unsafeMake(stored), encode: (response) => ({ ...response }) }
)
