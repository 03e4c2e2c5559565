/**
 * The loop of attempts that one stream is. It steps one schedule for the whole stream, tells the consumer of a drop before
 * it waits, and lets the next attempt begin anew or go on, as `Recovery` decides.
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import type * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import type { Keys } from "../../client/internal/keys.js"
import type { ModelClient } from "../../client/ModelClient.js"
import type { FinishReason } from "../../model/FinishReason.js"
import type { GenerationId } from "../../model/GenerationId.js"
import type { Fault } from "../../model/internal/fault.js"
import type { Fold } from "../../model/internal/fold.js"
import { type Context, fromFault } from "../../model/internal/fromFault.js"
import type { ModelEvent, ResponseStart } from "../../model/ModelEvent.js"
import * as ModelResponse from "../../model/ModelResponse.js"
import type { PartialResponse } from "../../model/PartialResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import type { Deadlines } from "../Deadlines.js"
import type { Limits } from "../StreamRetry.js"
import * as Attempt from "./attempt.js"
import * as Budget from "./budget.js"
import * as Held from "./held.js"
import type * as Pulling from "./pull.js"
import * as Record from "./record.js"
import * as Spans from "./spans.js"
import { type Way, Ways, type Options as WaysOptions } from "./ways.js"

export interface Request extends WaysOptions {
  readonly client: WaysOptions["client"] & Pick<ModelClient, "provider" | "protocol">
  /** Of the call, made anew for each run of the stream. */
  readonly keys: () => Keys
  readonly schedule: Schedule.Schedule<unknown, ProviderError.ProviderError>
  readonly limits: Limits
  readonly deadlines: Deadlines
  /** What the span of the request says besides its model. */
  readonly attributes: Readonly<Record<string, unknown>>
}

type Pull = Pulling.Pull<ModelEvent, ProviderError.ProviderError>

interface Running extends Way {
  readonly attempt: Attempt.Attempt
  readonly scope: Scope.CloseableScope
  readonly span: Tracer.Span
  /** How far the answer had got when this attempt began. */
  readonly from: Progress
}

/** How far an answer got: in text that is kept, and in events that the server counts. */
interface Progress {
  readonly text: number
  readonly position: number
}

const end: Pull = Effect.succeed(undefined)

const nothing: PartialResponse = { text: "", blocks: [], delivered: "nothing" }

export const open =
  (options: Request): Pulling.Open<ModelEvent, ProviderError.ProviderError> =>
  (owner) =>
    Effect.gen(function* () {
      const { client, deadlines, delivery, limits, request, schedule } = options
      const clock = yield* Effect.clock
      const span = yield* Spans.make(owner, `chat ${request.model}`, {
        kind: "client",
        attributes: { ...options.attributes, "gen_ai.request.model": request.model }
      })
      const budget = yield* Budget.make(schedule, limits)
      const waiting = { waited: 0 }
      const keys = options.keys()
      const ways = new Ways(options)
      const attempts: Array<ModelResponse.Attempt> = []
      const seams: Array<ModelResponse.Seam> = []
      let way = ways.anew
      let current: (Running & { readonly pull: Pull }) | undefined
      let failed: GenerationId | undefined
      let retryAt: number | undefined
      let finished = false
      /** What has come and is not void, of one attempt or of several. */
      let delivered: Fold | undefined
      let position = -1
      /** The start of an attempt that came and is not void. */
      let begun: ResponseStart | undefined
      let best: PartialResponse | undefined
      /** The last failure that was not the refusal of a way to go on. */
      let broken: readonly [Fault, Context] | undefined

      const start: Effect.Effect<void> = Effect.gen(function* () {
        const wait = retryAt === undefined ? 0 : retryAt - clock.unsafeCurrentTimeMillis()
        if (wait > 0) yield* Effect.sleep(wait)
        const number = attempts.length + 1
        // A child of the owner's, so nothing of it is lost to an interruption.
        const scope = yield* Scope.fork(owner, ExecutionStrategy.sequential)
        const own = yield* Spans.make(scope, `attempt ${number}`, { parent: span })
        const attempt = Attempt.make({
          scope,
          span: own,
          clock,
          call: way.call,
          join: way.join,
          keys,
          number,
          failed,
          deadlines,
          budget: waiting
        })
        yield* Scope.addFinalizer(scope, attempt.release)
        const from = { text: delivered?.partial().text.length ?? 0, position }
        const running = { ...way, attempt, scope, span: own, from }
        current = { ...running, pull: reading(running) }
      })

      const close = ({ scope, span }: Running, ended: ModelResponse.Attempt): Effect.Effect<void> =>
        Effect.suspend(() => {
          attempts.push(ended)
          Record.annotate(span, Record.attributes(ended))
          const exit = ended.error === undefined ? Exit.void : Exit.fail(ended.error.message)
          // A scope is closed once only: what an interruption left of it would never be freed.
          return Effect.uninterruptible(Scope.close(scope, exit))
        })

      const noteSeam = ({ join }: Running): void => {
        const seam = join?.seam()
        // An answer that a cursor took up again has the seam that it had.
        if (seam !== undefined && seam.attempt !== seams.at(-1)?.attempt) seams.push(seam)
      }

      /** The end was proven: the connection is given back before the consumer hears of it. */
      const complete = (running: Running, events: Array<ModelEvent>, response: ModelResponse.ModelResponse): Pull => {
        const { attempt, continues } = running
        noteSeam(running)
        finished = true
        const ended = Record.complete(attempt, response.usage, { endedAt: clock.unsafeCurrentTimeMillis(), continues })
        return Effect.map(close(running, ended), () => {
          Record.annotate(span, Record.outcome(response))
          events[events.length - 1] = {
            _tag: "Finish",
            response: ModelResponse.unsafeMake({
              ...response,
              finishReason: finishOf(response, running.join !== undefined),
              attempts: [...attempts],
              seams: [...seams]
            })
          }
          return events
        })
      }

      const hold = (events: ReadonlyArray<ModelEvent>): Array<ModelEvent> => {
        const finish = events.at(-1)
        if (finish?._tag !== "Finish") return []
        const held = Held.events(current?.attempt.decoder()?.fold.partial() ?? nothing)
        return begun === undefined ? [...held, finish] : [{ ...begun, continues: undefined }, ...held, finish]
      }

      const fail = (fault: Fault, context: Context): Pull => {
        finished = true
        return Effect.fail(fromFault(fault, { ...context, ...soFar(), attempts: [...attempts] }))
      }

      /** What an error says of what came; of what was held back, nothing was delivered. */
      const soFar = (): Pick<Context, "delivered" | "partial"> => ({
        delivered: delivery === "hold" ? "nothing" : (best?.delivered ?? "nothing"),
        partial: best
      })

      /** An attempt broke: free its connection, decide, and say so. Waiting comes with the next pull. */
      const recover = (running: Running, raw: Fault): Pull =>
        Effect.gen(function* () {
          const { attempt, continues, from, join } = running
          const fault = attempt.hidden(raw)
          const decoder = attempt.decoder()
          delivered = decoder?.fold ?? delivered
          position = decoder?.position()?.after ?? position
          const partial = delivered?.partial() ?? nothing
          if (partial.delivered !== "nothing") best = further(best, attempt.hidden(partial))
          failed = attempt.generation() ?? failed
          noteSeam(running)

          // A way that was refused, or not understood, costs nothing: the next one is tried at once.
          const gained = partial.text.length > from.text || position > from.position
          const refused = join?.failed() ? join.continues : !gained && Record.isRefusal(fault) ? continues : undefined
          if (refused !== undefined) ways.refuse(refused, fault)
          const rest =
            decoder === undefined && continues === "cursor" ? running.call : decoder && running.call.after(decoder)
          const left = Record.leavesAnswer(fault, decoder !== undefined)
          const next = ways.next(delivered, left ? rest : undefined)
          const { discarded, fromIndex, recovery } = next

          const context: Context = {
            provider: client.provider,
            protocol: client.protocol,
            model: request.model,
            attempt: attempt.number,
            generation: attempt.generation(),
            credential: attempt.credential(),
            requestId: attempt.requestId(),
            attempts,
            ...soFar()
          }
          const ended = Record.broken(attempt, fromFault(fault, context), {
            endedAt: clock.unsafeCurrentTimeMillis(),
            delivered: partial.delivered,
            continues,
            discarded: discarded?.delivered === "nothing" ? undefined : attempt.hidden(discarded)
          })
          yield* close(running, ended)
          current = undefined
          const verdict = yield* keys.failed(fault, { delivered: gained, maxWait: budget.maxRetryAfter })
          const error = fromFault(verdict.fault, { ...context, attempts: [...attempts] })
          if (refused === undefined || broken === undefined) broken = [verdict.fault, context]

          const now = clock.unsafeCurrentTimeMillis()
          const kept = recovery._tag !== "Restart" && gained
          const spent = { kept, anotherKey: verdict.another }
          retryAt = refused !== undefined ? now : yield* budget.spend(error, now, spent)
          if (retryAt === undefined || next.way === undefined) return yield* fail(...broken)
          way = next.way
          yield* Effect.logDebug(`redialling in ${retryAt - now} ms: ${error.message}`).pipe(
            Effect.annotateLogs({
              "gen_ai.provider.name": client.provider,
              "gen_ai.request.model": request.model,
              ...Record.attributes(ended),
              "effect_redial.recovery": recovery._tag,
              "effect_redial.retry_in_ms": retryAt - now
            })
          )
          const untold = begun === undefined || fromIndex === undefined || delivery === "hold"
          if (recovery._tag === "Restart") {
            delivered = undefined
            begun = undefined
            seams.length = 0
          }
          // Another answer counts its events anew.
          if (recovery._tag !== "Cursor") position = -1
          if (untold) return yield* pull
          const superseded: ModelEvent = {
            _tag: "Superseded",
            attempt: attempt.number,
            fromIndex,
            error: Record.summary(error),
            discarded: discarded ?? nothing,
            retryAt
          }
          return [superseded]
        })

      const reading = (running: Running): Pull =>
        Effect.matchEffect(running.attempt.pull, {
          onFailure: (fault) => Effect.withParentSpan(recover(running, fault), span),
          onSuccess: (events) => {
            if (events[0]?._tag === "ResponseStart") begun = events[0]
            const given = delivery === "hold" ? hold(events) : events
            const last = given[given.length - 1]
            if (last === undefined) return pull
            return last._tag === "Finish" ? complete(running, given, last.response) : Effect.succeed(given)
          }
        })

      const pull: Pull = Effect.suspend(() => {
        if (finished) return end
        return current === undefined ? Effect.zipRight(start, pull) : current.pull
      })

      return pull
    })

/** An attempt that only went on with the text does not know of calls that were made before it. */
const finishOf = ({ finishReason, toolCalls }: ModelResponse.ModelResponse, joined: boolean): FinishReason =>
  joined && toolCalls.length > 0 && finishReason.reason === "stop"
    ? { ...finishReason, reason: "tool-calls" }
    : finishReason

const depth: Readonly<Record<PartialResponse["delivered"], number>> = {
  nothing: 0,
  reasoning: 1,
  text: 2,
  "tool-call": 3
}

/** The one with more text; where that is the same, the one that got further. */
const further = (a: PartialResponse | undefined, b: PartialResponse): PartialResponse => {
  const more = b.text.length - (a?.text.length ?? 0) || depth[b.delivered] - depth[a?.delivered ?? "nothing"]
  return a === undefined || more >= 0 ? b : a
}
