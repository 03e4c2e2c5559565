/** Turns a `ProviderError` into an error of `@effect/ai`, and back. */
import * as AiError from "@effect/ai/AiError"
import * as Option from "effect/Option"
import type { InvalidOutput } from "../../model/InvalidOutput.js"
import { isProviderError, type ProviderError } from "../../model/ProviderError.js"
import type { ReportedTag } from "../../protocol/internal/errorWords.js"

/** Which method of the language model failed. */
export type Method = "generateText" | "generateObject" | "streamText"

export const MODULE = "effect-redial/ai"

/**
 * Where an error keeps its origin: not every error has a field for a cause. A hidden property and not a `WeakMap`,
 * because Effect passes on a proxy of an error that fails inside a span.
 */
const originId: unique symbol = Symbol.for("effect-redial/ai/origin")

export const origin = (error: AiError.AiError): Option.Option<ProviderError> => {
  const found: unknown = Reflect.get(error, originId)
  return isProviderError(found) ? Option.some(found) : Option.none()
}

export const fromProviderError = (method: Method, error: ProviderError): AiError.AiError =>
  // Hidden, so that errors are compared, printed and stored as before.
  Object.defineProperty(convert(method, error), originId, { value: error, enumerable: false })

export const malformedInput = (method: Method, description: string): AiError.MalformedInput =>
  new AiError.MalformedInput({ module: MODULE, method, description })

export const fromInvalidOutput = (error: InvalidOutput): AiError.AiError =>
  new AiError.MalformedOutput({ module: MODULE, method: "generateObject", description: error.message, cause: error })

const convert = (method: Method, error: ProviderError): AiError.AiError => {
  const from = { module: MODULE, method, description: error.message }
  switch (error._tag) {
    case "ConnectionFailed":
    case "StreamDropped":
    case "StreamTruncated":
    case "StreamStalled":
    // Nothing was sent, so there is no answer to report.
    case "CircuitOpen":
    case "LimitReached":
      return new AiError.HttpRequestError({ ...from, reason: "Transport", request: requestOf(error), cause: error })
    case "MalformedStream":
    case "SeamNotProven":
      return new AiError.MalformedOutput({ ...from, cause: error })
    default:
      // A request that was refused before it was sent has no answer of the provider.
      return error.attempt === 0 && error.status === undefined
        ? new AiError.MalformedInput({ ...from, cause: error })
        : new AiError.HttpResponseError({
            ...from,
            reason: "StatusCode",
            request: requestOf(error),
            response: {
              status: error.status ?? usualStatus[error._tag],
              headers: error.attempts.at(-1)?.headers ?? {}
            }
          })
  }
}

/** For errors that came inside a stream: the status with which the vendors answer otherwise. */
const usualStatus: { readonly [Tag in ReportedTag]: number } = {
  Overloaded: 529,
  RateLimited: 429,
  ServerError: 500,
  AuthenticationFailed: 401,
  PermissionDenied: 403,
  QuotaExhausted: 402,
  ModelNotFound: 404,
  InvalidRequest: 400,
  ContextOverflow: 400,
  ContentRefused: 400
}

/** The address is not exposed: the name of the provider replaces it. */
const requestOf = ({ protocol, provider }: ProviderError): typeof AiError.HttpRequestDetails.Type => ({
  method: "POST",
  url: `${provider}:${protocol}`,
  urlParams: [],
  hash: Option.none(),
  headers: {}
})
