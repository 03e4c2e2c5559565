/**
 * What the span of `@effect/ai` says of a request: what the provider's span, which is its child, does not. Models, finish
 * reasons and tokens are there, once: on both, whoever sums them would count each token twice.
 */
import { addGenAIAnnotations } from "@effect/ai/Telemetry"
import type { Span } from "effect/Tracer"
import type { Options } from "../../model/ModelRequest.js"

export const annotate = (span: Span, system: string, request: Options): void =>
  addGenAIAnnotations(span, {
    system,
    request: {
      temperature: request.temperature,
      topK: request.topK,
      topP: request.topP,
      maxTokens: request.maxOutputTokens,
      stopSequences: request.stopSequences,
      frequencyPenalty: request.frequencyPenalty,
      presencePenalty: request.presencePenalty,
      seed: request.seed
    }
  })
