/**
 * Errors of a request, one tag for each thing that a caller can do something about.
 *
 * A request ends with the error of its last attempt, so `Effect.catchTag` works. The error carries all attempts and the
 * output that was delivered. Cancellation is interruption and never an error. [docs/errors.md](../../docs/errors.md)
 * lists each tag, when it occurs, whether it is retried, and what to do.
 *
 * A test sets only the fields that it needs. The defaults are those of a request that was never sent:
 *
 * @example
 * ```ts
 * import { ProviderError } from "effect-redial"
 *
 * const limited = new ProviderError.RateLimited({ provider: "anthropic", retryAfterMillis: 2_000 })
 * const dropped = new ProviderError.StreamDropped()
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { fields, given, message } from "./internal/errorFields.js"
import { shown } from "./internal/shownError.js"
import * as Traits from "./internal/traits.js"

/** For the reasons that have nothing to do with the network. */
const connectionAdvice: { readonly [reason: string]: string | undefined } = {
  closed: "Run the stream inside the scope of the layer that provides it.",
  client: "No retry can help: change the program or its installation."
}

/**
 * No connection could be made: refused, DNS, TLS, proxy, timeout, or reset before the answer began. Retried on new
 * connections, unless the reason is `closed` or `client`.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectionFailed extends Schema.TaggedError<ConnectionFailed>("effect-redial/ConnectionFailed")(
  "ConnectionFailed",
  {
    ...fields("no connection could be made"),
    /**
     * `closed`: the layer's scope is closed. `client`: the client could not be built, because this runtime or this
     * installation lacks something that it needs; the message names it.
     */
    reason: given(
      Schema.Literal("refused", "dns", "tls", "proxy", "timeout", "reset", "closed", "client", "other"),
      "other"
    )
  }
) {
  override get message(): string {
    return message(this, connectionAdvice[this.reason] ?? "Check the base URL, the network and the proxy.")
  }
}

/**
 * The connection was reset or closed in the middle of the answer. Retried on new connections.
 *
 * @since 0.1.0
 * @category errors
 */
export class StreamDropped extends Schema.TaggedError<StreamDropped>("effect-redial/StreamDropped")(
  "StreamDropped",
  fields("the connection was closed in the middle of the answer")
) {
  override get message(): string {
    return message(this, "The answer is incomplete; ask again.")
  }
}

/**
 * The answer ended cleanly but without its terminal marker. An empty answer is one, too. Retried on new connections.
 *
 * @since 0.1.0
 * @category errors
 */
export class StreamTruncated extends Schema.TaggedError<StreamTruncated>("effect-redial/StreamTruncated")(
  "StreamTruncated",
  fields("the answer ended without its terminal marker")
) {
  override get message(): string {
    return message(this, "Something between here and the provider cut the answer; ask again.")
  }
}

/**
 * A deadline on waiting for the provider passed. Retried, except for the deadlines `reasoning` and `total`.
 *
 * @since 0.1.0
 * @category errors
 */
export class StreamStalled extends Schema.TaggedError<StreamStalled>("effect-redial/StreamStalled")("StreamStalled", {
  ...fields("no event arrived in time"),
  deadline: given(Schema.Literal("firstEvent", "idle", "stuck", "reasoning", "total"), "idle"),
  /** True if not one byte arrived while waiting: the connection is suspect, not only the generation. */
  silent: given(Schema.Boolean, true)
}) {
  override get message(): string {
    return message(this, `Raise \`deadlines.${this.deadline}\` if this model is rightly that slow.`)
  }
}

/**
 * The answer is not valid for its protocol, or contradicts itself. Retried once.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedStream extends Schema.TaggedError<MalformedStream>("effect-redial/MalformedStream")(
  "MalformedStream",
  fields("the answer is not valid for its protocol")
) {
  override get message(): string {
    return message(this, "Check that the base URL is that of an API of this protocol and that no proxy rewrites it.")
  }
}

/**
 * The provider has no capacity at the moment: 529, 503, or an overload reported inside the stream. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class Overloaded extends Schema.TaggedError<Overloaded>("effect-redial/Overloaded")(
  "Overloaded",
  fields("the provider is overloaded")
) {
  override get message(): string {
    return message(this, "Ask again later or use another model.")
  }
}

/**
 * Too many requests for this key: 429. Retried, not before the provider's `Retry-After`.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimited extends Schema.TaggedError<RateLimited>("effect-redial/RateLimited")(
  "RateLimited",
  fields("too many requests were sent")
) {
  override get message(): string {
    return message(this, "Send fewer requests at once, or ask the provider for a higher limit.")
  }
}

/**
 * The provider failed: 5xx, or an error reported inside the stream. Retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerError extends Schema.TaggedError<ServerError>("effect-redial/ServerError")(
  "ServerError",
  fields("the provider failed")
) {
  override get message(): string {
    return message(this, "Ask again; if it persists, give the provider the request id.")
  }
}

/**
 * The key was not accepted: 401. Not retried, except by another key if there are several.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthenticationFailed extends Schema.TaggedError<AuthenticationFailed>(
  "effect-redial/AuthenticationFailed"
)("AuthenticationFailed", fields("the key was not accepted")) {
  override get message(): string {
    return message(this, "Check the API key and that it belongs to this provider and base URL.")
  }
}

/**
 * The key is valid but may not do this: 403. Not retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermissionDenied extends Schema.TaggedError<PermissionDenied>("effect-redial/PermissionDenied")(
  "PermissionDenied",
  fields("the key may not do this")
) {
  override get message(): string {
    return message(this, "Check the key's rights, its region and the model's terms.")
  }
}

/**
 * The account is out of credit or quota: 402, or a 429 that waiting does not resolve. Not retried, except by another
 * key if there are several.
 *
 * @since 0.1.0
 * @category errors
 */
export class QuotaExhausted extends Schema.TaggedError<QuotaExhausted>("effect-redial/QuotaExhausted")(
  "QuotaExhausted",
  fields("the quota is exhausted")
) {
  override get message(): string {
    return message(this, "Top up the account or use another key.")
  }
}

/**
 * There is no such model, or no such endpoint: 404. Not retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class ModelNotFound extends Schema.TaggedError<ModelNotFound>("effect-redial/ModelNotFound")(
  "ModelNotFound",
  fields("there is no such model")
) {
  override get message(): string {
    return message(this, "Check the model's name, that the key may use it, and the base URL.")
  }
}

/**
 * The request cannot be expressed or was not accepted: 400, 413, 422. Not retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>("effect-redial/InvalidRequest")(
  "InvalidRequest",
  {
    ...fields("the request was not accepted"),
    /** The field of the request, if known. */
    field: Schema.optional(Schema.String)
  }
) {
  override get message(): string {
    return message(this, "Change the request; sending it again will not help.")
  }
}

/**
 * The conversation is longer than the model can read. Not retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class ContextOverflow extends Schema.TaggedError<ContextOverflow>("effect-redial/ContextOverflow")(
  "ContextOverflow",
  fields("the conversation is too long")
) {
  override get message(): string {
    return message(this, "Shorten the conversation or use a model with a larger context.")
  }
}

/**
 * The provider's policy refuses the request. Not retried.
 *
 * @since 0.1.0
 * @category errors
 */
export class ContentRefused extends Schema.TaggedError<ContentRefused>("effect-redial/ContentRefused")(
  "ContentRefused",
  fields("the provider refused the content")
) {
  override get message(): string {
    return message(this, "Change the content; sending it again will not help.")
  }
}

/**
 * A model that was asked to continue a broken answer did not show where it continues, or could not be asked. A request
 * that breaks ends with the error of the break, and has this one only in its `attempts`. A request that begins `from` a
 * checkpoint can end with it.
 *
 * @since 0.1.0
 * @category errors
 */
export class SeamNotProven extends Schema.TaggedError<SeamNotProven>("effect-redial/SeamNotProven")(
  "SeamNotProven",
  fields("the model did not show where it continues")
) {
  override get message(): string {
    return message(this, "Keep what was delivered, or ask for a new answer.")
  }
}

/**
 * A circuit breaker refused the attempt, because the provider failed too often: see `CircuitBreaker`. Nothing was sent.
 * The schedule does not retry it; a `Fallback` continues with the next provider at once.
 *
 * @since 0.1.0
 * @category errors
 */
export class CircuitOpen extends Schema.TaggedError<CircuitOpen>("effect-redial/CircuitOpen")("CircuitOpen", {
  ...fields("the circuit breaker is open"),
  /** When the provider is tried next, in milliseconds since the epoch; absent while a probe is in flight. */
  probeAt: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    return message(this, "Use another provider, or ask again after the next probe.")
  }
}

/**
 * A limit of this program refused the attempt: its queue is full, or the wait was too long. See `Limits`. Nothing was
 * sent. The schedule does not retry it; a `Fallback` continues with the next provider at once.
 *
 * @since 0.1.0
 * @category errors
 */
export class LimitReached extends Schema.TaggedError<LimitReached>("effect-redial/LimitReached")("LimitReached", {
  ...fields("a limit of this program was reached"),
  /** The limit: `concurrency`, `requests` and `tokens` are those of `Limits`. */
  limit: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return message(this, "Ask for less at once, allow a longer wait, or raise the limit.")
  }
}

const classes = {
  ConnectionFailed,
  StreamDropped,
  StreamTruncated,
  StreamStalled,
  MalformedStream,
  Overloaded,
  RateLimited,
  ServerError,
  AuthenticationFailed,
  PermissionDenied,
  QuotaExhausted,
  ModelNotFound,
  InvalidRequest,
  ContextOverflow,
  ContentRefused,
  SeamNotProven,
  CircuitOpen,
  LimitReached
}

for (const Class of Object.values(classes)) shown(Class)

/**
 * The schema of all errors, for storing and sending them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProviderError = Schema.Union(...Object.values(classes))

/**
 * @since 0.1.0
 * @category models
 */
export type ProviderError = InstanceType<(typeof classes)[keyof typeof classes]>

/**
 * Tells a provider's error from any other.
 *
 * @since 0.1.0
 * @category guards
 */
export const isProviderError = (u: unknown): u is ProviderError =>
  Object.values(classes).some((constructor) => u instanceof constructor)

/**
 * Whether another attempt can succeed. The retry loop retries a malformed stream only once.
 *
 * @example
 * ```ts
 * import { ProviderError } from "effect-redial"
 *
 * ProviderError.isRetryable(new ProviderError.Overloaded()) // true
 * ProviderError.isRetryable(new ProviderError.ContextOverflow()) // false
 * ```
 *
 * @since 0.1.0
 * @category guards
 */
export const isRetryable = (error: ProviderError): boolean => Traits.isRetryable(error)

/**
 * Whether the connection is suspect, so that the client that carried it must be renewed. A provider that answered with
 * a status code has a working connection.
 *
 * @since 0.1.0
 * @category guards
 */
export const isTransport = (error: ProviderError): boolean => Traits.isTransport(error)

/**
 * How long the provider asked to wait, from `Retry-After`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const retryAfter = (error: ProviderError): Option.Option<Duration.Duration> =>
  Option.map(Option.fromNullable(error.retryAfterMillis), Duration.millis)
