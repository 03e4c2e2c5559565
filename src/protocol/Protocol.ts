/**
 * A wire protocol: data and pure functions, without URLs, keys, timeouts or retries.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import type { Fault } from "../model/internal/fault.js"
import type { ModelEvent } from "../model/ModelEvent.js"
import type { ModelRequest } from "../model/ModelRequest.js"
import type { Ending } from "../model/PartialResponse.js"
import type { Usage } from "../model/Usage.js"
import type { Frame, Framing } from "./Framing.js"

export type { ConnectReason, Deadline, Fault } from "../model/internal/fault.js"
export { contradiction, invalidRequest, malformed, truncated } from "../model/internal/fault.js"
export type { Reported } from "./internal/classify.js"
export { classify, isError } from "./internal/classify.js"
export { finishReason, interruption } from "./internal/finishWords.js"

/**
 * The built-in wire protocols. A protocol of your own has its own id.
 *
 * @since 0.1.0
 * @category models
 */
export type ProtocolId = "anthropic-messages" | "chat-completions" | "responses"

/**
 * The result of one `step`, besides the model events that it pushed.
 *
 * - `undefined`: continue
 * - `Proven`: the end is proven, and only usage may follow; a later fault does not invalidate the response
 * - `Disproven`: the answer continued after its proof, so the end is no longer proven
 * - `Complete`: the end is proven and nothing may follow
 * - a contradiction: what was pushed before differs from what the vendor says now
 * - a fault: the stream is not read further
 *
 * @since 0.1.0
 * @category models
 */
export type StepResult = undefined | "Proven" | "Disproven" | "Complete" | Contradiction | Fault

/**
 * Two statements of the vendor exclude each other. If output was shown, this is the fault of the attempt. If nothing
 * was shown, the stream is read to its end, and `Protocol.final` gives the vendor's last word.
 *
 * @since 0.1.0
 * @category models
 */
export interface Contradiction {
  readonly _tag: "Contradiction"
  readonly fault: Fault
  /** The result of the step otherwise. */
  readonly otherwise: undefined | "Proven" | "Disproven" | "Complete"
}

/**
 * What a protocol reports about a proven end: fields of the response. Only the first two are required.
 *
 * @since 0.1.0
 * @category models
 */
export interface Summary extends Omit<Ending, "requestId"> {}

/**
 * What the decoder of one attempt stamps on `ResponseStart`.
 *
 * @since 0.1.0
 * @category models
 */
export type Stamp = Pick<Extract<ModelEvent, { _tag: "ResponseStart" }>, "attempt" | "generation" | "requestId">

/**
 * What `open` may set on one request.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenOptions {
  readonly signal: AbortSignal
  /** Headers of this request; `null` removes one that the SDK would send. */
  readonly headers: Readonly<Record<string, string | null>>
}

/**
 * How the vendor learns that the model must continue the last message, its own: by a field of that message, or only by
 * its position.
 *
 * @since 0.1.0
 * @category models
 */
export type PrefillFlag = "none" | "prefix" | "partial"

/**
 * A point in an answer that the server keeps.
 *
 * @since 0.1.0
 * @category models
 */
export interface Position {
  /** The vendor's id of the response. */
  readonly id: string
  /** The number of the last event received; undefined to receive all events again. */
  readonly after: number | undefined
  readonly model: string | undefined
}

/**
 * Continuing a kept answer after its connection broke.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cursor<Sdk, Params, State> {
  /** Undefined if the server was not asked to keep the answer, or if nothing of it came. */
  readonly at: (params: Params, state: State) => Position | undefined
  readonly open: (sdk: Sdk, position: Position, options: OpenOptions) => Promise<Response>
  /** Prepares a state for the events from there on: earlier ones are skipped, a gap is a fault. */
  readonly resume: (state: State) => void
}

/**
 * A wire format. `State` belongs to one attempt and to `step` alone, which may mutate it. The same frames always give
 * the same events. Everything is total: any bytes give events, a fault, or both, never an exception.
 *
 * `Sdk` is whatever `open` sends with: an SDK's client, or `Http` if there is no SDK. `Params` is a request in the
 * protocol's own terms. `Quirks` are the differences between its vendors.
 * [docs/adding-a-protocol.md](../../docs/adding-a-protocol.md) builds one step by step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Protocol<Sdk, Params, State, Quirks extends object = object> {
  /** The name in errors and checkpoints, and the key in `providerOptions`. */
  readonly id: string
  /** The quirks that it reads. Any other is refused when a client is made. Default: none. */
  readonly quirks?: { readonly [Name in keyof Quirks]-?: true } | undefined
  /** The request in the SDK's own terms, or an `InvalidRequest` that names the field that cannot be expressed. */
  readonly encode: (request: ModelRequest, quirks?: Quirks) => Either.Either<Params, Fault>
  /** Sends the request through the SDK, and resolves at the head of the answer with the body unread. */
  readonly open: (sdk: Sdk, params: Params, options: OpenOptions) => Promise<Response>
  /**
   * What the vendor will stop serving of such a request, as a sentence. Each is logged once per client, as a warning.
   */
  readonly deprecation?: ((params: Params) => string | undefined) | undefined
  readonly initial: (stamp: Stamp, quirks?: Quirks) => State
  /** Cuts a body into the frames that `step` takes. Default: `Framing.serverSentEvents`. */
  readonly framing?: Framing | undefined
  /** Takes one frame and pushes the events that it means. */
  readonly step: (state: State, frame: Frame, events: Array<ModelEvent>) => StepResult
  /** Called when the end is proven: closes what is open, and returns the summary. */
  readonly end: (state: State, events: Array<ModelEvent>) => Summary
  /**
   * Called in place of `end` if statements contradicted each other: pushes the whole answer again, by the vendor's last
   * statements. Absent if the protocol never repeats content.
   */
  readonly final?: ((state: State, events: Array<ModelEvent>) => Summary) | undefined
  /** The usage reported so far. */
  readonly usage: (state: State) => Usage
  /** For servers that keep an answer whose connection broke, and can send the rest of it. */
  readonly cursor?: Cursor<Sdk, Params, State> | undefined
  /** Marks the last message of the params, the model's own, as one to continue. */
  readonly prefill?: ((params: Params, flag: PrefillFlag) => Params) | undefined
}
