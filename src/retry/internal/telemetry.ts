/**
 * What is seen of a request from outside: its span, the spans of its attempts, and a line in the log for each redial.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import type * as ModelResponse from "../../model/ModelResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"

/**
 * A span that ends with a scope, as `Effect.makeSpanScoped` makes one. The scope is given: to put it into the context and
 * take it out again costs 40 operations instead of 21.
 */
export const span = (
  scope: Scope.Scope,
  name: string,
  options: Omit<Tracer.SpanOptions, "captureStackTrace">
): Effect.Effect<Tracer.Span> =>
  // Its stack would only say that the span was made here.
  Effect.makeSpan(name, { ...options, captureStackTrace: false }).pipe(
    Effect.tap((made) => Scope.addFinalizerExit(scope, (exit) => end(made, exit))),
    Effect.uninterruptible
  )

const end = (ending: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.flatMap(FiberRef.get(FiberRef.currentTracerTimingEnabled), (timed) =>
    Effect.clockWith((clock) => Effect.sync(() => ending.end(timed ? clock.unsafeCurrentTimeNanos() : 0n, exit)))
  )

export const annotate = (on: Tracer.Span, attributes: Readonly<Record<string, unknown>>): void => {
  for (const [name, value] of Object.entries(attributes)) on.attribute(name, value)
}

/** What a span or a log line says of an attempt. */
export const ofAttempt = (attempt: ModelResponse.Attempt): Record<string, unknown> => ({
  "effect_redial.attempt": attempt.attempt,
  "effect_redial.generation": attempt.generation,
  "effect_redial.credential": attempt.credential && `${attempt.credential.name}@${attempt.credential.version}`,
  "effect_redial.request_id": attempt.requestId,
  "effect_redial.route": attempt.route,
  "effect_redial.delivered": attempt.delivered,
  ...(attempt.error === undefined ? {} : { "error.type": attempt.error.tag }),
  "gen_ai.usage.input_tokens": attempt.usage?.inputTokens,
  "gen_ai.usage.output_tokens": attempt.usage?.outputTokens,
  // The convention has a list of values per name.
  ...Object.fromEntries(
    Object.entries(attempt.headers ?? {}).map(([name, value]) => [`http.response.header.${name}`, [value]])
  )
})

/** What the span of the whole request says of its answer. */
export const ofResponse = ({
  finishReason,
  id,
  model,
  usage
}: ModelResponse.ModelResponse): Record<string, unknown> => ({
  "gen_ai.response.id": id,
  "gen_ai.response.model": model,
  "gen_ai.response.finish_reasons": [finishReason.reason],
  "gen_ai.usage.input_tokens": usage.inputTokens,
  "gen_ai.usage.output_tokens": usage.outputTokens
})

/** One line per redial, at debug level: an application's standard output belongs to the application. */
export const redialling = (
  error: ProviderError.ProviderError,
  ended: ModelResponse.Attempt,
  next: ModelResponse.Route | undefined,
  inMillis: number
): Effect.Effect<void> =>
  Effect.logDebug(`redialling in ${inMillis} ms: ${error.message}`).pipe(
    Effect.annotateLogs({
      "gen_ai.provider.name": error.provider,
      "gen_ai.request.model": error.model,
      ...ofAttempt(ended),
      "effect_redial.next_route": next ?? "restart",
      "effect_redial.retry_in_ms": inMillis
    })
  )
