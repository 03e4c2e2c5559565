/**
 * From bytes to model events, for one attempt: server-sent events, the protocol's steps, the fold, and the proof of the
 * end. Pure: what it gives depends on the bytes alone, however they are cut into chunks.
 */
import * as Fault from "../../model/internal/fault.js"
import { Fold } from "../../model/internal/fold.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Protocol, ServerSentEvent, Stamp } from "../Protocol.js"
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
}

export const make = <State>(
  protocol: Pick<Protocol<never, unknown, State>, "initial" | "step" | "end">,
  stamp: Stamp,
  limits?: Limits
): Decoder => {
  const fold = new Fold()
  const state = protocol.initial(stamp)
  const meter = new Meter(limits)
  let events: Array<ModelEvent> = []
  let verdict: Verdict = "Open"
  let fault: Fault.Fault | undefined
  let started = false

  const fail = (why: Fault.Fault): void => {
    verdict = "Failed"
    fault = why
  }

  const finish = (): void => {
    const from = events.length
    const summary = protocol.end(state, events)
    for (let i = from; i < events.length; i++) fold.apply(events[i]!)
    events.push({ _tag: "Finish", response: fold.response({ ...summary, requestId: stamp.requestId }) })
    verdict = "Finished"
  }

  const onEvent = (event: ServerSentEvent): void => {
    if (verdict !== "Open" && verdict !== "Proven") return
    const from = events.length
    let result = protocol.step(state, event, events)
    if (result === undefined || result === "Proven") result = meter.count(event.data.length, events, from) ?? result
    for (let i = from; i < events.length; i++) fold.apply(events[i]!)
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
    }
  }
}
