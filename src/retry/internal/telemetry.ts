/**
 * Spans, and what they say, by the OpenTelemetry conventions for generative AI where these have a name for it. A field that
 * is not known is not there.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type * as ModelResponse from "../../model/ModelResponse.js"
import type { Usage } from "../../model/Usage.js"
import type { Content } from "./content.js"

type Attributes = Readonly<Record<string, unknown>>

/**
 * A span that ends with a scope, as `Effect.makeSpanScoped` makes one. The scope is given: to put it into the context and
 * take it out again costs 40 operations instead of 21. `closing` is told of the end, just before.
 */
export const span = (
  scope: Scope.Scope,
  name: string,
  options: Omit<Tracer.SpanOptions, "captureStackTrace">,
  closing: () => void
): Effect.Effect<Tracer.Span> =>
  // Its stack would only say that the span was made here.
  Effect.makeSpan(name, { ...options, captureStackTrace: false }).pipe(
    Effect.tap((made) => Scope.addFinalizerExit(scope, (exit) => end(made, exit, closing))),
    Effect.uninterruptible
  )

const end = (ending: Tracer.Span, exit: Exit.Exit<unknown, unknown>, closing: () => void): Effect.Effect<void> =>
  Effect.flatMap(FiberRef.get(FiberRef.currentTracerTimingEnabled), (timed) =>
    Effect.clockWith((clock) =>
      Effect.sync(() => {
        closing()
        ending.end(timed ? clock.unsafeCurrentTimeNanos() : 0n, exit)
      })
    )
  )

export const annotate = (on: Tracer.Span, attributes: Attributes): void => {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) on.attribute(name, value)
}

/** Values of `gen_ai.provider.name` that the conventions have for vendors which we call otherwise. */
const wellKnown: Readonly<Record<string, string>> = {
  azure: "azure.ai.openai",
  "azure-foundry": "azure.ai.inference",
  gemini: "gcp.gemini",
  mistral: "mistral_ai",
  moonshot: "moonshot_ai",
  "moonshot-cn": "moonshot_ai",
  xai: "x_ai"
}

export const providerName = (id: string): string => (Object.hasOwn(wellKnown, id) ? (wellKnown[id] ?? id) : id)

/** Who is called. */
export const ofServer = (provider: string, baseUrl: string): Attributes => ({
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": providerName(provider),
  ...serverOf(baseUrl)
})

const serverOf = (baseUrl: string): Attributes => {
  if (!URL.canParse(baseUrl)) return {}
  const { hostname, port, protocol } = new URL(baseUrl)
  const usual = protocol === "http:" ? 80 : 443
  return hostname === "" ? {} : { "server.address": hostname, "server.port": port === "" ? usual : Number(port) }
}

/** What is asked for. All that a sampler may want to know is there when the span begins. */
export const ofRequest = (request: ModelRequest.ModelRequest): Attributes => ({
  "gen_ai.request.model": request.model,
  "gen_ai.request.stream": true,
  ...known({
    "gen_ai.output.type": request.output && "json",
    "gen_ai.request.temperature": request.temperature,
    "gen_ai.request.top_p": request.topP,
    "gen_ai.request.top_k": request.topK,
    "gen_ai.request.max_tokens": request.maxOutputTokens,
    "gen_ai.request.stop_sequences": request.stopSequences,
    "gen_ai.request.frequency_penalty": request.frequencyPenalty,
    "gen_ai.request.presence_penalty": request.presencePenalty,
    "gen_ai.request.seed": request.seed
  })
})

/** What the span of the whole request says of its answer. */
export const ofResponse = ({ finishReason, id, model }: ModelResponse.ModelResponse): Attributes => ({
  "gen_ai.response.id": id,
  "gen_ai.response.model": model,
  "gen_ai.response.finish_reasons": [finishReason.reason]
})

/** The tokens of all attempts of a request, as far as they are known. */
export const ofUsage = (usage: Usage): Attributes => ({
  "gen_ai.usage.input_tokens": usage.inputTokens,
  "gen_ai.usage.output_tokens": usage.outputTokens,
  "gen_ai.usage.cache_read.input_tokens": usage.cacheReadTokens,
  "gen_ai.usage.cache_creation.input_tokens": usage.cacheWriteTokens,
  "gen_ai.usage.reasoning.output_tokens": usage.reasoningTokens
})

/** What a span or a log line says of an attempt. */
export const ofAttempt = (attempt: ModelResponse.Attempt): Attributes =>
  known({
    "effect_redial.attempt": attempt.attempt,
    "effect_redial.generation": attempt.generation,
    "effect_redial.credential": attempt.credential && `${attempt.credential.name}@${attempt.credential.version}`,
    "effect_redial.request_id": attempt.requestId,
    "effect_redial.route": attempt.route,
    "effect_redial.delivered": attempt.delivered,
    "error.type": attempt.error?.tag
  })

/** What only its span says: a log line is for people. Whoever sums `gen_ai.usage` would count the tokens of the request twice. */
export const ofAttemptSpan = (attempt: ModelResponse.Attempt): Attributes => ({
  ...ofAttempt(attempt),
  "effect_redial.usage.input_tokens": attempt.usage?.inputTokens,
  "effect_redial.usage.output_tokens": attempt.usage?.outputTokens,
  // The convention has a list of values per name.
  ...Object.fromEntries(
    Object.entries(attempt.headers ?? {}).map(([name, value]) => [`http.response.header.${name}`, [value]])
  )
})

/** Spans take no structure, so each is JSON. */
export const ofContent = (content: Content): Attributes =>
  known({
    "gen_ai.system_instructions": json(content.systemInstructions),
    "gen_ai.input.messages": json(content.inputMessages),
    "gen_ai.tool.definitions": json(content.toolDefinitions),
    "gen_ai.output.messages": json(content.outputMessages)
  })

const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value))

const known = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
