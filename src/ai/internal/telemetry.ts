/**
 * The attributes of the span of `@effect/ai` that the provider's own span, `chat MODEL`, lacks. Models, finish reasons
 * and tokens are only there: on both spans, a sum would count each token twice.
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
