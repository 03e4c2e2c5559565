/**
 * What each kind of call wants of a provider, and what its consumer has where the next one is to go on.
 */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Checkpoint } from "../../../model/Checkpoint.js"
import type { InvalidOutput } from "../../../model/InvalidOutput.js"
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type * as ModelRequest from "../../../model/ModelRequest.js"
import type { Attempt } from "../../../model/ModelResponse.js"
import type { ProviderError } from "../../../model/ProviderError.js"
import { isEmpty } from "../../../retry/internal/answer.js"
import { fromStream, type Open } from "../../../retry/internal/pull.js"
import * as Record from "../../../retry/internal/record.js"
import { withAttempts } from "../attempts.js"
import type { CallOptions, StreamOptions, TextOptions } from "../callOptions.js"
import type { ObjectEvent } from "../objectEvents.js"
import type { Settled } from "../service.js"
import { Shown } from "../shown.js"
import type { Service } from "../tag.js"
import type { Member } from "./plan.js"
import { begunAnew, type Task } from "./run.js"

/** The events of an answer: the next provider goes on with what was shown, by the rules of the delivery. */
export const events = (request: ModelRequest.Options, call: Settled): Task<ModelEvent, never> => {
  const shown = new Shown(call.delivery, call.from)
  return {
    model: request.model,
    call,
    ask: (service, { requestOf }, of) => fromStream(service.stream(requestOf(request), { ...call, ...of })),
    begin: (attempts) => shown.next(attempts),
    take: (pieces) => shown.take(pieces),
    isAnswer: (pieces) => pieces.some(({ _tag }) => _tag !== "Superseded"),
    end: () => shown.end(),
    checkpoint: (error, attempts) => shown.checkpoint(error, attempts),
    next: (error, attempts) => {
      const { delivered } = shown
      if (call.delivery === "fail" && (delivered === "text" || delivered === "tool-call")) return undefined
      const from = shown.checkpoint(error, attempts)
      if (from === undefined && shown.keepsText(0)) return undefined
      return { from: from ?? begunAnew(attempts), tell: [] }
    }
  }
}

/** An answer that comes whole: nothing of it was shown, so it is begun anew, unless it goes on from a checkpoint. */
export const whole = <A, E>(of: {
  readonly model: string
  readonly call: CallOptions
  readonly ask: (service: Service, member: Member, call: CallOptions) => Effect.Effect<A, E | ProviderError>
  /** The answer with the attempts of other providers. */
  readonly complete: (answer: A, before: ReadonlyArray<Attempt>) => A
}): Task<A, E> => {
  const { call, complete, model } = of
  const { checkpoint, from } = kept(call)
  let before: ReadonlyArray<Attempt> = []
  return {
    model,
    call,
    ask: (service, member, replaced) => single(of.ask(service, member, { ...call, ...replaced })),
    begin: (attempts) => {
      before = attempts
    },
    isAnswer: hasCome,
    take: ([answer]) => ({ give: answer === undefined ? [] : [complete(answer, before)] }),
    checkpoint,
    next: (error, attempts) => ({ from: from(error, attempts), tell: [] })
  }
}

/** An object while it is written: JSON is never gone on with, so what was shown is void, where the delivery allows that. */
export const object = <A, I>(of: {
  readonly model: string
  readonly call: StreamOptions
  readonly ask: (
    service: Service,
    member: Member,
    call: CallOptions
  ) => Stream.Stream<ObjectEvent<A, I>, ProviderError | InvalidOutput>
}): Task<ObjectEvent<A, I>, InvalidOutput> => {
  const { call, model } = of
  const { checkpoint, from } = kept(call)
  let before: ReadonlyArray<Attempt> = []
  let hasShown = false
  return {
    model,
    call,
    ask: (service, member, replaced) => fromStream(of.ask(service, member, { ...call, ...replaced })),
    begin: (attempts) => {
      before = attempts
    },
    isAnswer: hasCome,
    take: (pieces) => {
      for (const { _tag } of pieces) hasShown = _tag === "ObjectPartial" || (hasShown && _tag !== "ObjectRestarted")
      return {
        give: pieces.map((event) => (event._tag === "ObjectDone" ? { ...event, ...complete(event, before) } : event))
      }
    },
    checkpoint,
    next: (error, attempts) => {
      if (!hasShown) return { from: from(error, attempts), tell: [] }
      if (call.delivery === "fail" || call.delivery === "resume") return undefined
      hasShown = false
      const restarted = { _tag: "ObjectRestarted", reason: "drop", error: Record.summary(error) } as const
      return { from: begunAnew(attempts), tell: [restarted] }
    }
  }
}

/**
 * The elements of a list. The next provider writes the list again, and is read on from behind the elements that were given
 * where it writes exactly those again.
 */
export const elements = <A>(of: {
  readonly model: string
  readonly call: TextOptions
  /** Whether each provider compares its list with what others gave. */
  readonly isCompared: boolean
  readonly ask: (service: Service, member: Member, call: TextOptions) => Stream.Stream<A, ProviderError | InvalidOutput>
}): Task<A, InvalidOutput> => {
  const { call, isCompared, model } = of
  const { checkpoint, from } = kept(call)
  let hasGiven = false
  return {
    model,
    call,
    ask: (service, member, replaced) => fromStream(of.ask(service, member, { ...call, ...replaced })),
    isAnswer: hasCome,
    take: (give) => {
      hasGiven = true
      return { give }
    },
    checkpoint,
    next: (error, attempts) => {
      const isVisible = hasGiven || error.delivered === "text" || error.delivered === "tool-call"
      if ((hasGiven && !isCompared) || (call.delivery === "fail" && isVisible)) return undefined
      return { from: hasGiven ? begunAnew(attempts) : from(error, attempts), tell: [] }
    }
  }
}

/** A response among other things, with the attempts of other providers. Corrections are requests of their own. */
export const complete = <
  R extends { readonly response: Parameters<typeof withAttempts>[0]; readonly repairs: ReadonlyArray<unknown> }
>(
  answer: R,
  before: ReadonlyArray<Attempt>
): R => (answer.repairs.length > 0 ? answer : { ...answer, response: withAttempts(answer.response, before) })

/** What is kept of an answer that is not shown event by event: the checkpoint that its errors say. */
const kept = (call: CallOptions) => {
  let last = call.from
  const checkpoint = (error: ProviderError, attempts: ReadonlyArray<Attempt>): Checkpoint | undefined => {
    // A request that was never sent has brought nothing.
    const now = error.attempt === 0 ? (error.checkpoint ?? last) : error.checkpoint
    last = now
    return now && { ...now, attempts }
  }
  return {
    checkpoint,
    /** Goes on only where the caller asked for that. */
    from: (error: ProviderError, attempts: ReadonlyArray<Attempt>): Checkpoint => {
      const now = checkpoint(error, attempts)
      return call.from === undefined || isEmpty(call.from) || now === undefined ? begunAnew(attempts) : now
    }
  }
}

const hasCome = (pieces: ReadonlyArray<unknown>): boolean => pieces.length > 0

const single =
  <A, E>(answer: Effect.Effect<A, E>): Open<A, E> =>
  () =>
    Effect.succeed(() => Effect.map(answer, (a) => [a]))
