/**
 * What went wrong, without the context of the request. The lower rooms make faults; the attempt adds its context and
 * turns the fault into a `ProviderError`.
 */

/**
 * Why no connection could be made.
 *
 * @since 0.1.0
 * @category models
 */
export type ConnectReason = "refused" | "dns" | "tls" | "proxy" | "timeout" | "reset" | "closed" | "client" | "other"

/**
 * The deadline that passed.
 *
 * @since 0.1.0
 * @category models
 */
export type Deadline = "firstEvent" | "idle" | "stuck" | "reasoning" | "total"

interface Common {
  /** What happened, as a sentence without its subject: "the connection was refused". */
  readonly description: string
  readonly cause?: unknown
  /** The HTTP status, if there was one. */
  readonly status?: number | undefined
  /** The vendor's own code or type of the error. */
  readonly code?: string | undefined
  /** How long the provider asked to wait. */
  readonly retryAfterMillis?: number | undefined
  readonly requestId?: string | undefined
  /** True if the provider contradicted itself: the output of this attempt must not be continued. */
  readonly contradicts?: true | undefined
}

/**
 * What went wrong, without the context of the request: those fields of the `ProviderError` with the same tag that come
 * from the provider or the connection. A client or a protocol makes a fault; the attempt turns it into the error.
 *
 * @since 0.1.0
 * @category models
 */
export type Fault =
  | (Common & { readonly _tag: "ConnectionFailed"; readonly reason: ConnectReason })
  | (Common & { readonly _tag: "StreamDropped" })
  | (Common & { readonly _tag: "StreamTruncated" })
  | (Common & { readonly _tag: "StreamStalled"; readonly deadline: Deadline; readonly silent: boolean })
  | (Common & { readonly _tag: "MalformedStream" })
  | (Common & { readonly _tag: "Overloaded" })
  | (Common & { readonly _tag: "RateLimited" })
  | (Common & { readonly _tag: "ServerError" })
  | (Common & { readonly _tag: "AuthenticationFailed" })
  | (Common & { readonly _tag: "PermissionDenied" })
  | (Common & { readonly _tag: "QuotaExhausted" })
  | (Common & { readonly _tag: "ModelNotFound" })
  | (Common & { readonly _tag: "InvalidRequest"; readonly field?: string | undefined })
  | (Common & { readonly _tag: "ContextOverflow" })
  | (Common & { readonly _tag: "ContentRefused" })
  | (Common & { readonly _tag: "SeamNotProven" })
  | (Common & { readonly _tag: "CircuitOpen"; readonly probeAt?: number | undefined })
  | (Common & { readonly _tag: "LimitReached"; readonly limit?: string | undefined })

/**
 * The request cannot be expressed or sent. `field` is the cause, and the description says what to do.
 *
 * @since 0.1.0
 * @category faults
 */
export const invalidRequest = (field: string, description: string): Fault => ({
  _tag: "InvalidRequest",
  field,
  description
})

/**
 * The answer is not valid for the protocol. The attempt is repeated once.
 *
 * @since 0.1.0
 * @category faults
 */
export const malformed = (description: string, cause?: unknown): Fault => ({
  _tag: "MalformedStream",
  description,
  cause
})

/**
 * Two statements of the provider exclude each other: the output of this attempt is never continued.
 *
 * @since 0.1.0
 * @category faults
 */
export const contradiction = (description: string): Fault => ({
  _tag: "MalformedStream",
  description,
  contradicts: true
})

/**
 * The provider itself says that the answer ended early. A body that ends without the proof of its end is detected
 * without the help of a protocol.
 *
 * @since 0.1.0
 * @category faults
 */
export const truncated = (description: string): Fault => ({ _tag: "StreamTruncated", description })

export const seamNotProven = (description: string): Fault => ({ _tag: "SeamNotProven", description })

/** One event of a stream exceeds its limit, in characters. */
export const tooLong = (max: number): Fault => malformed(`the stream has an event of more than ${max} characters`)
