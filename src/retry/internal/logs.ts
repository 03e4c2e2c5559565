/**
 * The log lines of a request: one per redial, and one where a request fails although it was tried again.
 */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as LogLevel from "effect/LogLevel"
import * as Tracer from "effect/Tracer"
import { happened } from "../../model/internal/errorFields.js"
import type * as ModelResponse from "../../model/ModelResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import { ofAttempt, providerName } from "./telemetry.js"

const routes: Readonly<Record<ModelResponse.Route | "restart", string>> = {
  restart: "to begin the answer anew",
  cursor: "to ask the server for the rest of the answer",
  prefill: "to let the model go on with its own message",
  ask: "to ask the model to go on"
}

/**
 * The line belongs to the trace of the span and adds no event to it, as Effect would: its name would be a whole sentence, and
 * the span has an event of its own that says the same.
 */
export const line = (
  level: LogLevel.LogLevel,
  below: Tracer.AnySpan | undefined,
  message: string,
  facts: Readonly<Record<string, unknown>>
): Effect.Effect<void> =>
  level._tag === "None"
    ? Effect.void
    : Effect.logWithLevel(level, message).pipe(
        Effect.annotateLogs(facts),
        below === undefined
          ? identity
          : Effect.withParentSpan(
              Tracer.externalSpan({ spanId: below.spanId, traceId: below.traceId, sampled: below.sampled })
            )
      )

const whose = ({ model, provider }: ProviderError.ProviderError) => ({
  "gen_ai.provider.name": providerName(provider),
  "gen_ai.request.model": model
})

export const redial = (
  level: LogLevel.LogLevel,
  below: Tracer.Span,
  error: ProviderError.ProviderError,
  ended: ModelResponse.Attempt,
  route: ModelResponse.Route | "restart",
  inMillis: number
): Effect.Effect<void> =>
  line(level, below, `Redialling in ${Math.round(inMillis)} ms ${routes[route]}. ${happened(error)}.`, {
    ...whose(error),
    ...ofAttempt(ended),
    "effect_redial.next_route": route,
    "effect_redial.retry_in_ms": Math.round(inMillis)
  })

export const failure = (
  level: LogLevel.LogLevel,
  below: Tracer.Span,
  error: ProviderError.ProviderError,
  last: ModelResponse.Attempt,
  attempts: number
): Effect.Effect<void> =>
  line(level, below, `The request failed after ${attempts} attempts. ${error.message}`, {
    ...whose(error),
    ...ofAttempt(last),
    "effect_redial.attempts": attempts
  })
