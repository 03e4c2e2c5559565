/**
 * What is written down of an attempt: in the response or the error, on its span, in the log.
 */
import type * as Tracer from "effect/Tracer"
import type { Fault } from "../../model/internal/fault.js"
import type * as ModelResponse from "../../model/ModelResponse.js"
import type { Delivered, PartialResponse } from "../../model/PartialResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import type { Usage } from "../../model/Usage.js"
import type { Attempt } from "./attempt.js"

/** An attempt that broke. */
export const broken = (
  attempt: Attempt,
  error: ProviderError.ProviderError,
  of: {
    readonly endedAt: number
    readonly delivered: Delivered
    readonly continues: ModelResponse.Continues | undefined
    readonly discarded: PartialResponse | undefined
  }
): ModelResponse.Attempt => {
  const usage = attempt.decoder()?.usage()
  return {
    attempt: attempt.number,
    generation: attempt.generation(),
    credential: attempt.credential(),
    requestId: error.requestId ?? attempt.requestId(),
    headers: attempt.headers(),
    startedAt: attempt.startedAt,
    error: summary(error),
    ...(usage !== undefined && isKnown(usage) && { usage, usageIsPartial: true }),
    ...of
  }
}

/** The attempt whose end was proven. */
export const complete = (
  attempt: Attempt,
  usage: Usage,
  of: { readonly endedAt: number; readonly continues: ModelResponse.Continues | undefined }
): ModelResponse.Attempt => ({
  attempt: attempt.number,
  generation: attempt.generation(),
  credential: attempt.credential(),
  requestId: attempt.requestId(),
  headers: attempt.headers(),
  startedAt: attempt.startedAt,
  delivered: attempt.decoder()?.fold.delivered() ?? "nothing",
  usage,
  ...of
})

const isKnown = (usage: Usage): boolean => Object.values(usage).some((tokens) => tokens !== undefined)

export const summary = (error: ProviderError.ProviderError): ModelResponse.ErrorSummary => ({
  tag: error._tag,
  description: error.description,
  message: error.message
})

/** What a span or a log line says of an attempt. */
export const attributes = (attempt: ModelResponse.Attempt): Record<string, unknown> => ({
  "effect_redial.attempt": attempt.attempt,
  "effect_redial.generation": attempt.generation,
  "effect_redial.credential": attempt.credential && `${attempt.credential.name}@${attempt.credential.version}`,
  "effect_redial.request_id": attempt.requestId,
  "effect_redial.continues": attempt.continues,
  "effect_redial.delivered": attempt.delivered,
  ...(attempt.error === undefined ? {} : { "error.type": attempt.error.tag }),
  "gen_ai.usage.input_tokens": attempt.usage?.inputTokens,
  "gen_ai.usage.output_tokens": attempt.usage?.outputTokens,
  // The convention has a list of values per name.
  ...Object.fromEntries(
    Object.entries(attempt.headers ?? {}).map(([name, value]) => [`http.response.header.${name}`, [value]])
  )
})

export const annotate = (span: Tracer.Span, attributes: Readonly<Record<string, unknown>>): void => {
  for (const [name, value] of Object.entries(attributes)) span.attribute(name, value)
}

/** What the span of the whole request says of its answer. */
export const outcome = ({ finishReason, id, model, usage }: ModelResponse.ModelResponse): Record<string, unknown> => ({
  "gen_ai.response.id": id,
  "gen_ai.response.model": model,
  "gen_ai.response.finish_reasons": [finishReason.reason],
  "gen_ai.usage.input_tokens": usage.inputTokens,
  "gen_ai.usage.output_tokens": usage.outputTokens
})

/** Whether a provider refused a way of going on, rather than failing at it: another way is tried then. */
export const isRefusal = ({ _tag }: Fault): boolean =>
  _tag === "InvalidRequest" || _tag === "ModelNotFound" || _tag === "ContextOverflow" || _tag === "ContentRefused"

/** Whether a server that keeps an answer can be asked for the rest of it: the answer itself did not fail. */
export const leavesAnswer = ({ _tag }: Fault, began: boolean): boolean => {
  switch (_tag) {
    case "ConnectionFailed":
    case "StreamDropped":
    case "StreamTruncated":
    case "StreamStalled":
      return true
    case "Overloaded":
    case "RateLimited":
    case "ServerError":
    // Another key may ask for the rest.
    case "AuthenticationFailed":
    case "QuotaExhausted":
      // Said in place of an answer, and not in the middle of one.
      return !began
    default:
      return false
  }
}
