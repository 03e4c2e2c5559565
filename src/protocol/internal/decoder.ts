/**
 * From bytes to model events, for one attempt: frames, the protocol's steps, the fold, and the proof of the end. Pure:
 * the result depends only on the bytes, however they are cut into chunks.
 */
import * as Fault from "../../model/internal/fault.js"
import { Fold } from "../../model/internal/fold.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type * as Partial from "../../model/PartialResponse.js"
import type { Usage } from "../../model/Usage.js"
import * as Framing from "../Framing.js"
import type { Contradiction, Position, Protocol, Stamp, StepResult, Summary } from "../Protocol.js"
import { classify } from "./classify.js"
import { type Limits, Meter, maxEventLengthOf } from "./limits.js"
import { Document, Opening } from "./opening.js"

/**
 * The state after `push` and `end`.
 *
 * - `Open`: the end is not proven yet
 * - `Proven`: it is; usage may still follow, and `end` turns it into the response
 * - `Finished`: `Finish` has been given
 * - `Failed`: not read further; the fault is in `fault`
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict = "Open" | "Proven" | "Finished" | "Failed"

/**
 * Reads the bytes of one attempt's answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decoder {
  /** Takes the next bytes and returns the events they complete. Ignored once finished or failed. */
  readonly push: (bytes: Uint8Array) => Array<ModelEvent>
  /** The body has ended, for whatever reason: gives `Finish` if the end was proven, otherwise fails as truncated. */
  readonly end: () => Array<ModelEvent>
  /** The output so far. */
  readonly fold: Partial.Fold
  readonly verdict: Verdict
  readonly fault: Fault.Fault | undefined
  /** True once an event of the stream came that is more than a keep-alive. */
  readonly started: boolean
  /** How many model events the protocol gave, including those whose text the target holds back. */
  readonly count: number
  /** The usage reported so far. */
  readonly usage: () => Usage
  /** Where the server can continue; undefined if it keeps nothing. */
  readonly position: () => Position | undefined
  /** A decoder for what the server sends from there on. This one must not be used any more. */
  readonly resumed: (stamp: Stamp, contentType?: string | null) => Decoder
}

/**
 * What the events of an attempt are read into, if that is not an empty answer: the output of a broken attempt, or an
 * answer that is not shown at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  /** The output so far. */
  readonly fold: Partial.Fold
  /** Rewrites the events from `from` on, or reports that they do not continue the output. */
  readonly rewrite: (events: Array<ModelEvent>, from: number) => Fault.Fault | undefined
  /** Adds what is still missing at a proven end, or reports that the attempt did not continue the output. */
  readonly close: (events: Array<ModelEvent>) => Fault.Fault | undefined
}

/**
 * How an answer is read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  /** Default: an empty answer. */
  readonly target?: Target | undefined
  /** The content type of the answer; the bytes decide first. Default: events. */
  readonly contentType?: string | null | undefined
  /**
   * Which statements count if the vendor's last ones contradict its deltas. `shown`: the deltas, because a consumer has
   * them, so the attempt fails. `vendor`: nothing was shown, so the last statements replace them. Default: `shown`.
   * With a target, part of which a consumer has, it is always `shown`.
   */
  readonly trust?: "shown" | "vendor" | undefined
  /** Whether to also give each event of the wire, before the events that it means. Default: false. */
  readonly raw?: boolean | undefined
}

export interface Options<State, Quirks extends object = object> extends Reading {
  readonly limits?: Limits | undefined
  readonly position?: ((state: State) => Position | undefined) | undefined
  /** How the vendor differs from the protocol. */
  readonly quirks?: Quirks | undefined
}

type Steps<State, Quirks extends object = object> = Pick<
  Protocol<never, never, State, Quirks>,
  "id" | "framing" | "initial" | "step" | "end" | "final" | "usage" | "cursor"
>

export const make = <State, Quirks extends object>(
  protocol: Steps<State, Quirks>,
  stamp: Stamp,
  options: Options<State, Quirks> = {}
): Decoder => {
  const fold = options.target?.fold ?? new Fold()
  // The continued output counts: a server may break any number of times.
  const meter = new Meter(options.limits, options.target === undefined ? 0 : fold.partial().text.length)
  return new Reader(protocol, protocol.initial(stamp, options.quirks), stamp, fold, meter, options, undefined)
}

const isContradiction = (result: StepResult): result is Contradiction =>
  typeof result === "object" && result._tag === "Contradiction"

/** A class, so that all answers share the same compiled methods. */
class Reader<State> implements Decoder {
  verdict: Verdict = "Open"
  fault: Fault.Fault | undefined = undefined
  started = false
  count = 0
  private events: Array<ModelEvent> = []
  private readonly opening: Opening
  private readonly frames: Framing.Reader
  private document: Document | undefined = undefined
  private readonly target: Target | undefined
  /** True once the vendor contradicted itself and its last statements count. */
  private contradicted = false

  constructor(
    private readonly protocol: Omit<Steps<State>, "initial">,
    private readonly state: State,
    private readonly stamp: Stamp,
    readonly fold: Partial.Fold,
    private readonly meter: Meter,
    private readonly options: Options<State>,
    /** Says that an attempt continues at a cursor; given with its first event. */
    private announcement: ModelEvent | undefined
  ) {
    const framing = protocol.framing ?? Framing.serverSentEvents
    this.opening = new Opening(framing, options.contentType)
    this.frames = framing.reader(maxEventLengthOf(options.limits))
    this.target = options.target
  }

  push(bytes: Uint8Array): Array<ModelEvent> {
    if (this.isReading()) this.read(this.opening.push(bytes))
    return this.drain()
  }

  end(): Array<ModelEvent> {
    if (this.isReading()) this.read(this.opening.end())
    this.takeAll(this.frames.end())
    if (this.frames.fault !== undefined && this.isReading()) this.conclude(this.frames.fault)
    if (this.verdict === "Proven") this.finish()
    else if (this.verdict === "Open") {
      const what = this.started ? "ended without its terminal marker" : "ended before it began"
      // A blank document is not an answer, whatever its content type.
      const said = this.document?.text.trim()
      this.fail(said ? this.refused(said) : Fault.truncated(`the answer ${what}`))
    }
    return this.drain()
  }

  usage(): Usage {
    return this.protocol.usage(this.state)
  }

  position(): Position | undefined {
    return this.options.position?.(this.state)
  }

  resumed(stamp: Stamp, contentType?: string | null): Decoder {
    this.protocol.cursor?.resume(this.state)
    const { attempt, generation, requestId } = stamp
    const { id, model } = this.position() ?? {}
    const options = { ...this.options, contentType }
    return new Reader(this.protocol, this.state, stamp, this.fold, this.meter, options, {
      _tag: "ResponseStart",
      attempt,
      generation,
      id,
      model,
      requestId,
      route: "cursor"
    })
  }

  private isReading(): boolean {
    return this.verdict === "Open" || this.verdict === "Proven"
  }

  private read(bytes: Uint8Array): void {
    if (this.opening.beginning === "document") {
      this.document ??= new Document()
      if (!this.document.push(bytes)) this.fail(this.refused(this.document.text))
      return
    }
    this.takeAll(this.frames.push(bytes))
    if (this.frames.fault !== undefined && this.isReading()) this.conclude(this.frames.fault)
  }

  /** An answer that is not a stream, with a status of success. */
  private refused(text: string): Fault.Fault {
    return classify({ status: 200, body: text, requestId: this.stamp.requestId })
  }

  private takeAll(received: ReadonlyArray<Framing.Frame>): void {
    for (let i = 0; i < received.length && this.isReading(); i++) this.take(received[i]!)
  }

  private take(event: Framing.Frame): void {
    const { events } = this
    if (this.options.raw === true) {
      events.push({ _tag: "Raw", attempt: this.stamp.attempt, event: event.event, data: event.data })
    }
    const from = events.length
    if (this.announcement !== undefined) {
      events.push(this.announcement)
      this.announcement = undefined
    }
    const stepped = this.protocol.step(this.state, event, events)
    let result = isContradiction(stepped) ? this.contradict(stepped) : stepped
    this.count += events.length - from
    if (typeof result !== "object" && result !== "Complete") {
      result = this.meter.count(event.data.length, events, from) ?? result
    }
    if (!this.accept(from)) return
    if (events.length > from) this.started = true
    if (result !== undefined) this.conclude(result)
  }

  private contradict({ fault, otherwise }: Contradiction): Exclude<StepResult, Contradiction> {
    if (this.options.trust !== "vendor" || this.target !== undefined || this.protocol.final === undefined) return fault
    this.contradicted = true
    return otherwise
  }

  /** Folds the events that were pushed, from index `from` on. False if they do not belong here. */
  private accept(from: number): boolean {
    const { events } = this
    const foreign = this.target?.rewrite(events, from)
    this.foldFrom(events, from)
    if (foreign !== undefined) this.fail(foreign)
    return foreign === undefined
  }

  private foldFrom(events: Array<ModelEvent>, from: number): void {
    for (let i = from; i < events.length; i++) {
      const event = events[i]!
      switch (event._tag) {
        // Parts that go back over their own protocol only are stamped with it.
        case "ReasoningStart":
        case "Citation":
        case "ProviderPart":
          events[i] = { ...event, protocol: this.protocol.id }
      }
      this.fold.apply(events[i]!)
    }
  }

  private conclude(result: Exclude<StepResult, Contradiction | undefined>): void {
    // A fault after the proof never invalidates a proven response.
    if (result === "Disproven") this.verdict = "Open"
    else if (result === "Complete" || (result !== "Proven" && this.verdict === "Proven")) this.finish()
    else if (result === "Proven") this.verdict = "Proven"
    else this.fail(result)
  }

  private finish(): void {
    const { events } = this
    const from = events.length
    const summary = this.contradicted ? this.rewrite() : this.protocol.end(this.state, events)
    if (!this.accept(from)) return
    const closing = events.length
    const foreign = this.target?.close(events)
    this.foldFrom(events, closing)
    if (foreign !== undefined) {
      this.fail(foreign)
      return
    }
    events.push({ _tag: "Finish", response: this.fold.response({ ...summary, requestId: this.stamp.requestId }) })
    this.verdict = "Finished"
  }

  /** Replaces the folded output. Its events are given to nobody: whoever trusts the vendor reads the response. */
  private rewrite(): Summary {
    const whole: Array<ModelEvent> = []
    const summary = (this.protocol.final ?? this.protocol.end)(this.state, whole)
    this.fold.truncate(0)
    this.foldFrom(whole, 0)
    return summary
  }

  private fail(why: Fault.Fault): void {
    this.verdict = "Failed"
    this.fault = why
  }

  private drain(): Array<ModelEvent> {
    const out = this.events
    this.events = []
    return out
  }
}
