/**
 * From bytes to model events, for one attempt: server-sent events, the protocol's steps, the fold, and the proof of the
 * end. Pure: what it gives depends on the bytes alone, however they are cut into chunks.
 */
import * as Fault from "../../model/internal/fault.js"
import { Fold } from "../../model/internal/fold.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Usage } from "../../model/Usage.js"
import type { Position, Protocol, ServerSentEvent, Stamp } from "../Protocol.js"
import * as Sse from "../Sse.js"
import { type Limits, Meter } from "./limits.js"

/** What `push` and `end` leave behind, besides events. */
export type Verdict =
  /** The end is not proven yet. */
  | "Open"
  /** Proven; usage may still follow. `end` turns it into the response. */
  | "Proven"
  /** `Finish` has been given. */
  | "Finished"
  /** Not to be read further; the fault is in `fault`. */
  | "Failed"

/**
 * Reads the bytes of one attempt's answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decoder {
  /** Takes the next bytes and returns the events they complete. Ignored once finished or failed. */
  readonly push: (bytes: Uint8Array) => Array<ModelEvent>
  /** The body is over, in whatever way: gives `Finish` where the end was proven, else fails as truncated. */
  readonly end: () => Array<ModelEvent>
  /** What has come so far. */
  readonly fold: Fold
  readonly verdict: Verdict
  readonly fault: Fault.Fault | undefined
  /** True once any server-sent event came that is more than a sign of life. */
  readonly started: boolean
  /** How many model events the protocol gave, also those of which a join holds the text back. */
  readonly count: number
  /** The usage as far as it was told. */
  readonly usage: () => Usage
  /** Where the server could be asked to go on; undefined where it keeps nothing. */
  readonly position: () => Position | undefined
  /** A decoder for what the server sends from there on. This one is not to be used any more. */
  readonly resumed: (stamp: Stamp) => Decoder
}

/**
 * Joins an attempt that goes on with the output of a broken one to that output.
 *
 * @since 0.1.0
 * @category models
 */
export interface Join {
  /** What there is of that output. */
  readonly fold: Fold
  /** Rewrites the events from `from` on, or says that they do not go on with it. */
  readonly rewrite: (events: Array<ModelEvent>, from: number) => Fault.Fault | undefined
  /** Closes what the attempt itself did not, at a proven end. */
  readonly close: (events: Array<ModelEvent>) => void
}

export interface Options<State> {
  readonly limits?: Limits | undefined
  readonly join?: Join | undefined
  readonly position?: ((state: State) => Position | undefined) | undefined
}

type Steps<State> = Pick<Protocol<never, never, State>, "initial" | "step" | "end" | "usage" | "cursor">

export const make = <State>(protocol: Steps<State>, stamp: Stamp, options: Options<State> = {}): Decoder => {
  const fold = options.join?.fold ?? new Fold()
  // What is gone on with counts: a server may break as often as it likes.
  const meter = new Meter(options.limits, options.join === undefined ? 0 : fold.partial().text.length)
  return over(protocol, protocol.initial(stamp), stamp, fold, meter, options, undefined)
}

const over = <State>(
  protocol: Steps<State>,
  state: State,
  stamp: Stamp,
  fold: Fold,
  meter: Meter,
  options: Options<State>,
  /** Says that an attempt goes on where a cursor stood; given with its first event. */
  announcement: ModelEvent | undefined
): Decoder => {
  const { join, limits, position } = options
  let unannounced = announcement
  let events: Array<ModelEvent> = []
  let verdict: Verdict = "Open"
  let fault: Fault.Fault | undefined
  let started = false
  let count = 0

  const fail = (why: Fault.Fault): void => {
    verdict = "Failed"
    fault = why
  }

  /** Folds the events that were pushed since there were `from` of them. False where they do not belong here. */
  const accept = (from: number): boolean => {
    const foreign = join?.rewrite(events, from)
    for (let i = from; i < events.length; i++) fold.apply(events[i]!)
    if (foreign !== undefined) fail(foreign)
    return foreign === undefined
  }

  const finish = (): void => {
    const from = events.length
    const summary = protocol.end(state, events)
    if (!accept(from)) return
    const closing = events.length
    join?.close(events)
    for (let i = closing; i < events.length; i++) fold.apply(events[i]!)
    events.push({ _tag: "Finish", response: fold.response({ ...summary, requestId: stamp.requestId }) })
    verdict = "Finished"
  }

  const onEvent = (event: ServerSentEvent): void => {
    if (verdict !== "Open" && verdict !== "Proven") return
    const from = events.length
    if (unannounced !== undefined) {
      events.push(unannounced)
      unannounced = undefined
    }
    let result = protocol.step(state, event, events)
    count += events.length - from
    if (result === undefined || result === "Proven") result = meter.count(event.data.length, events, from) ?? result
    if (!accept(from)) return
    started ||= events.length > from
    if (result === undefined) return
    if (result === "Proven") verdict = "Proven"
    else if (result === "Complete") finish()
    // A fault after the proof never undoes a proven response.
    else if (verdict === "Proven") finish()
    else fail(result)
  }

  const onFault = (why: Fault.Fault): void => {
    if (verdict === "Proven") finish()
    // The rest of the chunk that brought the end may be anything.
    else if (verdict === "Open") fail(why)
  }

  const sse = Sse.make({ onEvent, onFault }, limits)

  const drain = (): Array<ModelEvent> => {
    const out = events
    events = []
    return out
  }

  return {
    push(bytes) {
      if (verdict === "Open" || verdict === "Proven") sse.push(bytes)
      return drain()
    },
    end() {
      if (verdict === "Open" || verdict === "Proven") sse.end()
      if (verdict === "Proven") finish()
      else if (verdict === "Open") {
        fail(
          Fault.truncated(started ? "the answer ended without its terminal marker" : "the answer ended before it began")
        )
      }
      return drain()
    },
    fold,
    get verdict() {
      return verdict
    },
    get fault() {
      return fault
    },
    get started() {
      return started
    },
    get count() {
      return count
    },
    usage: () => protocol.usage(state),
    position: () => position?.(state),
    resumed(next) {
      protocol.cursor?.resume(state)
      const { attempt, generation, requestId } = next
      const { id, model } = position?.(state) ?? {}
      return over(protocol, state, next, fold, meter, options, {
        _tag: "ResponseStart",
        attempt,
        generation,
        id,
        model,
        requestId,
        continues: "cursor"
      })
    }
  }
}
