/**
 * The spans of a request and of its attempts, which end with the scope that each belongs to.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"

/**
 * As `Effect.makeSpanScoped`, with the scope at hand: to have it put into the environment and taken out again makes 40
 * operations of 21.
 */
export const make = (
  scope: Scope.Scope,
  name: string,
  options: Omit<Tracer.SpanOptions, "captureStackTrace">
): Effect.Effect<Tracer.Span> =>
  // Its stack would only say that the span was made here.
  Effect.makeSpan(name, { ...options, captureStackTrace: false }).pipe(
    Effect.tap((span) => Scope.addFinalizerExit(scope, (exit) => end(span, exit))),
    Effect.uninterruptible
  )

const end = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.flatMap(FiberRef.get(FiberRef.currentTracerTimingEnabled), (timed) =>
    Effect.clockWith((clock) => Effect.sync(() => span.end(timed ? clock.unsafeCurrentTimeNanos() : 0n, exit)))
  )
