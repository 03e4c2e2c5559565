/**
 * What the span of `@effect/ai` says of a request: what the provider's own span, `chat MODEL`, does not. Models, settings,
 * finish reasons and tokens are there, once: on both, whoever sums them would count each token twice.
 */
import { addGenAIAnnotations } from "@effect/ai/Telemetry"
import type { Span } from "effect/Tracer"

export const annotate = (span: Span, system: string): void => addGenAIAnnotations(span, { system })
