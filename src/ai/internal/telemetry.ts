/**
 * The attributes of the span of `@effect/ai` that the provider's own span, `chat MODEL`, lacks. Models, settings,
 * finish reasons and tokens are only there: on both spans, a sum would count each token twice.
 */
import { addGenAIAnnotations } from "@effect/ai/Telemetry"
import type { Span } from "effect/Tracer"

export const annotate = (span: Span, system: string): void => addGenAIAnnotations(span, { system })
