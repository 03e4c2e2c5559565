/**
 * What a wire protocol is: data and pure functions, without any URL, key, timeout or retry.
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
 * The wire protocols that this library has. A protocol of your own has an id of your own.
 *
 * @since 0.1.0
 * @category models
 */
export type ProtocolId = "anthropic-messages" | "chat-completions" | "responses"

/**
 * What one `step` means, besides the model events that it pushed.
 *
 * - `undefined`: go on
 * - `Proven`: the end is proven, and only usage may follow; a fault from here on does not undo the response
 * - `Disproven`: the answer went on after its proof, so the end is not proven any more
 * - `Complete`: the end is proven and nothing may follow
 * - a contradiction: what was pushed before is not what the vendor says now
 * - a fault: the stream is not to be read further
 *
 * @since 0.1.0
 * @category models
 */
export type StepResult = undefined | "Proven" | "Disproven" | "Complete" | Contradiction | Fault

/**
 * Two statements of the vendor exclude each other. Where output was shown, this is the fault of the attempt. Where
 * nothing was shown, the stream is read to its end, and `Protocol.final` gives the vendor's last word.
 *
 * @since 0.1.0
 * @category models
 */
export interface Contradiction {
  readonly _tag: "Contradiction"
  readonly fault: Fault
  /** What the step means otherwise. */
  readonly otherwise: undefined | "Proven" | "Disproven" | "Complete"
}

/**
 * What a protocol says of the end, once proven: fields of the response. Only the first two are needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Summary extends Omit<Ending, "requestId"> {}

/**
 * What the decoder of one attempt is given to stamp on `ResponseStart`.
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
 * How a vendor is told that the model is to go on with the last message, which is its own: by a field of that message, or
 * by nothing but its place.
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
  /** The number of the last event that came; undefined to have all of them again. */
  readonly after: number | undefined
  readonly model: string | undefined
}

/**
 * Taking an answer up again where its connection broke.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cursor<Sdk, Params, State> {
  /** Undefined where the server was not asked to keep the answer, or nothing of it came. */
  readonly at: (params: Params, state: State) => Position | undefined
  readonly open: (sdk: Sdk, position: Position, options: OpenOptions) => Promise<Response>
  /** Prepares a state for what the server sends from there on: what came before is skipped, a gap is a fault. */
  readonly resume: (state: State) => void
}

/**
 * A wire format. `State` belongs to one attempt and to `step` alone, which may change it in place; given the same
 * frames it always does the same. Everything is total: foreign bytes give events, a fault, or both, never an exception.
 *
 * `Sdk` is whatever `open` sends with: an SDK's client, or `Http` where there is no SDK. `Params` is a request in the
 * protocol's own terms, and `Quirks` is in what its vendors may differ. docs/adding-a-protocol.md makes one step by step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Protocol<Sdk, Params, State, Quirks extends object = object> {
  /** Errors and checkpoints name it; `providerOptions` has its fields under it. */
  readonly id: string
  /** The quirks that it reads. Any other is refused when a client is made. Default: none. */
  readonly quirks?: { readonly [Name in keyof Quirks]-?: true } | undefined
  /** The request in the SDK's own terms, or an `InvalidRequest` that names the field that cannot be expressed. */
  readonly encode: (request: ModelRequest, quirks?: Quirks) => Either.Either<Params, Fault>
  /** Lets the SDK send the request, and resolves at the head of the answer with the body unread. */
  readonly open: (sdk: Sdk, params: Params, options: OpenOptions) => Promise<Response>
  /** What the vendor will stop to serve of such a request, as a sentence: each is logged once per client, as a warning. */
  readonly deprecation?: ((params: Params) => string | undefined) | undefined
  readonly initial: (stamp: Stamp, quirks?: Quirks) => State
  /** How a body is cut into the frames that `step` takes. Default: `Framing.serverSentEvents`. */
  readonly framing?: Framing | undefined
  /** Takes one frame and pushes what it means. */
  readonly step: (state: State, frame: Frame, events: Array<ModelEvent>) => StepResult
  /** Called when the end is proven: closes what is open, and sums up. */
  readonly end: (state: State, events: Array<ModelEvent>) => Summary
  /**
   * Called in place of `end` where statements contradicted each other: pushes the whole answer anew, as the vendor's last
   * statements have it. Absent where a protocol says nothing twice.
   */
  readonly final?: ((state: State, events: Array<ModelEvent>) => Summary) | undefined
  /** The usage as far as it was told. */
  readonly usage: (state: State) => Usage
  /** Where the server keeps an answer whose connection broke, and sends the rest of it. */
  readonly cursor?: Cursor<Sdk, Params, State> | undefined
  /** Marks the params' last message, the model's own, as one to go on with. */
  readonly prefill?: ((params: Params, flag: PrefillFlag) => Params) | undefined
}
