/**
 * The loop of attempts that one stream is. It steps one schedule for the whole stream, and tells the consumer of a drop
 * before it waits.
 */
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as Intervals from "effect/ScheduleIntervals"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import type { PreparedCall } from "../../client/ModelClient.js"
import type { GenerationId } from "../../model/GenerationId.js"
import type { Fault } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import * as ModelResponse from "../../model/ModelResponse.js"
import type { PartialResponse } from "../../model/PartialResponse.js"
import * as ProviderError from "../../model/ProviderError.js"
import type { Deadlines } from "../Deadlines.js"
import type { Limits } from "../StreamRetry.js"
import * as Attempt from "./attempt.js"

export interface Request {
  readonly provider: string
  readonly protocol: string
  readonly model: string
  readonly call: PreparedCall
  readonly schedule: Schedule.Schedule<unknown, ProviderError.ProviderError>
  readonly limits: Limits
  readonly deadlines: Deadlines
  /** Whether output that was delivered may be taken back. */
  readonly delivery: "restart" | "fail"
}

type Pull = Effect.Effect<Chunk.Chunk<ModelEvent>, Option.Option<ProviderError.ProviderError>>

const end: Pull = Effect.fail(Option.none())

export const stream = (request: Request): Stream.Stream<ModelEvent, ProviderError.ProviderError> =>
  Stream.fromPull(
    Effect.gen(function* () {
      const owner = yield* Effect.scope
      const startedAt = yield* Clock.currentTimeMillis
      const limits = resolve(request.limits)
      const budget = { waited: 0 }
      const attempts: Array<ModelResponse.Attempt> = []
      let state: unknown = request.schedule.initial
      let malformed = 0
      let best: PartialResponse | undefined
      let failed: GenerationId | undefined
      let current:
        | { readonly attempt: Attempt.Attempt; readonly scope: Scope.CloseableScope; readonly span: Tracer.Span }
        | undefined
      let retryAt: number | undefined
      let finished = false

      const start: Effect.Effect<void> = Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        if (retryAt !== undefined && retryAt > now) yield* Effect.sleep(retryAt - now)
        yield* Effect.uninterruptible(
          Effect.gen(function* () {
            const scope = yield* Scope.fork(owner, { _tag: "Sequential" })
            const span = yield* Scope.extend(Effect.makeSpanScoped(`attempt ${attempts.length + 1}`), scope)
            const attempt = yield* Scope.extend(
              Attempt.make({
                call: request.call,
                number: attempts.length + 1,
                failed,
                deadlines: request.deadlines,
                budget
              }),
              scope
            )
            current = { attempt, scope, span }
          })
        )
      })

      const close = (ended: ModelResponse.Attempt): Effect.Effect<void> =>
        Effect.suspend(() => {
          if (current === undefined) return Effect.void
          for (const [key, value] of Object.entries(attributes(ended))) current.span.attribute(key, value)
          return Scope.close(current.scope, ended.error === undefined ? Exit.void : Exit.fail(ended.error.message))
        })

      const record = (
        attempt: Attempt.Attempt,
        endedAt: number,
        error?: ProviderError.ProviderError
      ): ModelResponse.Attempt => {
        const delivered = attempt.fold()?.delivered() ?? "nothing"
        return {
          attempt: attempt.number,
          generation: attempt.generation(),
          requestId: error?.requestId ?? attempt.requestId(),
          headers: attempt.headers(),
          startedAt: attempt.startedAt,
          endedAt,
          error: error && summary(error),
          delivered,
          discarded: error && delivered !== "nothing" ? attempt.hidden(attempt.fold()?.partial()) : undefined
        }
      }

      /** The end was proven: the connection is given back before the consumer hears of it. */
      const complete = (attempt: Attempt.Attempt, events: Array<ModelEvent>, response: ModelResponse.ModelResponse) =>
        Effect.gen(function* () {
          const ended = { ...record(attempt, yield* Clock.currentTimeMillis), usage: response.usage }
          attempts.push(ended)
          finished = true
          yield* close(ended)
          yield* Effect.annotateCurrentSpan({
            "gen_ai.response.id": response.id,
            "gen_ai.response.model": response.model,
            "gen_ai.response.finish_reasons": [response.finishReason.reason],
            "gen_ai.usage.input_tokens": response.usage.inputTokens,
            "gen_ai.usage.output_tokens": response.usage.outputTokens
          })
          events[events.length - 1] = {
            _tag: "Finish",
            response: ModelResponse.unsafeMake({ ...response, attempts: [...attempts] })
          }
          return Chunk.unsafeFromArray(events)
        })

      /** An attempt broke: free its connection, decide, and say so. Waiting comes with the next pull. */
      const recover = (attempt: Attempt.Attempt, raw: Fault): Pull =>
        Effect.gen(function* () {
          const fault = attempt.hidden(raw)
          const started = attempt.started()
          const partial = attempt.fold()?.partial()
          if (partial !== undefined && partial.delivered !== "nothing") best = further(best, partial)
          failed = attempt.generation() ?? failed
          const context: ProviderError.Context = {
            provider: request.provider,
            protocol: request.protocol,
            model: request.model,
            attempt: attempt.number,
            generation: attempt.generation(),
            requestId: attempt.requestId(),
            delivered: best?.delivered ?? "nothing",
            attempts,
            partial: attempt.hidden(best)
          }
          const ended = record(attempt, yield* Clock.currentTimeMillis, ProviderError.fromFault(fault, context))
          attempts.push(ended)
          yield* close(ended)
          current = undefined
          const error = ProviderError.fromFault(fault, { ...context, attempts: [...attempts] })

          const decidedAt = yield* Clock.currentTimeMillis
          const [nextState, , decision] = yield* request.schedule.step(decidedAt, error, state)
          state = nextState
          if (error._tag === "MalformedStream") malformed++
          const wait = waitOf(decision, decidedAt, error)
          const refused =
            wait === undefined ||
            !ProviderError.isRetryable(error) ||
            malformed > 1 ||
            attempts.length >= limits.maxAttempts ||
            (error.retryAfterMillis ?? 0) > limits.maxRetryAfter ||
            decidedAt + wait - startedAt > limits.maxElapsed ||
            (request.delivery === "fail" && (partial?.delivered === "text" || partial?.delivered === "tool-call"))
          if (refused) {
            finished = true
            return yield* Effect.fail(Option.some(error))
          }
          retryAt = decidedAt + wait
          yield* Effect.logDebug(`redialling in ${wait} ms: ${error.message}`).pipe(
            Effect.annotateLogs({
              "gen_ai.provider.name": request.provider,
              "gen_ai.request.model": request.model,
              ...attributes(ended),
              "effect_redial.retry_in_ms": wait
            })
          )
          if (!started || partial === undefined) return yield* pull
          return Chunk.of<ModelEvent>({
            _tag: "Superseded",
            attempt: attempt.number,
            fromIndex: 0,
            error: summary(error),
            discarded: partial,
            retryAt
          })
        })

      const pull: Pull = Effect.suspend(() => {
        if (finished) return end
        if (current === undefined) return Effect.zipRight(start, pull)
        const { attempt } = current
        return Effect.matchEffect(attempt.pull, {
          onFailure: (fault) => recover(attempt, fault),
          onSuccess: (events) => {
            const last = events[events.length - 1]
            return last?._tag === "Finish"
              ? complete(attempt, events, last.response)
              : Effect.succeed(Chunk.unsafeFromArray(events))
          }
        })
      })

      return pull
    })
  )

const summary = (error: ProviderError.ProviderError): ModelResponse.ErrorSummary => ({
  tag: error._tag,
  description: error.description,
  message: error.message
})

/** What a span or a log line says of an attempt. */
const attributes = (attempt: ModelResponse.Attempt): Record<string, unknown> => ({
  "effect_redial.attempt": attempt.attempt,
  "effect_redial.generation": attempt.generation,
  "effect_redial.request_id": attempt.requestId,
  "effect_redial.delivered": attempt.delivered,
  ...(attempt.error === undefined ? {} : { "error.type": attempt.error.tag }),
  "gen_ai.usage.input_tokens": attempt.usage?.inputTokens,
  "gen_ai.usage.output_tokens": attempt.usage?.outputTokens,
  // The convention has a list of values per name.
  ...Object.fromEntries(
    Object.entries(attempt.headers ?? {}).map(([name, value]) => [`http.response.header.${name}`, [value]])
  )
})

const resolve = (limits: Limits) => ({
  maxAttempts: limits.maxAttempts ?? 10,
  maxElapsed: Duration.toMillis(limits.maxElapsed ?? "10 minutes"),
  maxRetryAfter: Duration.toMillis(limits.maxRetryAfter ?? "5 minutes")
})

/** The larger of what the schedule and the provider want; undefined where the schedule is done. */
const waitOf = (
  decision: ScheduleDecision.ScheduleDecision,
  now: number,
  error: ProviderError.ProviderError
): number | undefined =>
  ScheduleDecision.isDone(decision)
    ? undefined
    : Math.max(0, Intervals.start(decision.intervals) - now, error.retryAfterMillis ?? 0)

const further = (a: PartialResponse | undefined, b: PartialResponse): PartialResponse =>
  a === undefined || b.text.length >= a.text.length ? b : a
