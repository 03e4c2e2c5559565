/**
 * The answer to one request: what was delivered and is not void, over all attempts, and what is reported about them.
 */
import type { Checkpoint, Cursor } from "../../model/Checkpoint.js"
import * as internal from "../../model/internal/fold.js"
import type { ModelEvent, ResponseStart } from "../../model/ModelEvent.js"
import type { Attempt, Seam } from "../../model/ModelResponse.js"
import type { Delivered, Fold, PartialResponse } from "../../model/PartialResponse.js"
import type { Decoder, Target } from "../../protocol/internal/decoder.js"
import type { Delivery } from "../Recovery.js"
import { Gap } from "./continuation/gap.js"
import type { Continued } from "./continuation/joining.js"
import * as Held from "./held.js"

export interface Options {
  readonly delivery: Delivery
  readonly provider: string
  readonly protocol: string
  /** What another call delivered, and this one continues. */
  readonly from: Checkpoint | undefined
}

/** What an attempt added to the answer before it broke. */
export interface Progress {
  /** The attempt added text. */
  readonly wrote: boolean
  /** It added text, or events of an answer that the server still keeps. */
  readonly gained: boolean
  readonly delivered: Delivered
}

export const nothing: PartialResponse = { text: "", blocks: [], delivered: "nothing" }

/** Whether it has no content to continue: it only lists earlier attempts. */
export const isEmpty = ({ blocks, cursor }: Checkpoint): boolean => blocks.length === 0 && cursor === undefined

export class Answer {
  /** All attempts that ended. */
  readonly attempts: Array<Attempt>
  /** The output that is not void. */
  fold: Fold
  /** The number of the last event from a server that keeps the answer; -1 if there is none. */
  private position = -1
  private textBefore = 0
  private positionBefore = -1
  /** Whether the consumer has anything that can become void: a start, or the content of a checkpoint. */
  isTold: boolean
  private start: ResponseStart | undefined
  /** The seams so far. */
  seams: Array<Seam>
  private cursor: Cursor | undefined
  private best: PartialResponse | undefined
  /** Present if text is never taken back. */
  private readonly gap: Gap | undefined

  constructor(private readonly options: Options) {
    const { delivery, from } = options
    this.attempts = [...(from?.attempts ?? [])]
    this.seams = [...(from?.seams ?? [])]
    this.fold = internal.Fold.of(from?.blocks ?? [])
    this.isTold = this.fold.length > 0
    this.cursor = from?.cursor
    this.gap = delivery === "resume" || delivery === "fail" ? new Gap() : undefined
    this.best = this.isTold ? this.partial() : undefined
  }

  get nextNumber(): number {
    return Math.max(this.attempts.length, this.attempts.at(-1)?.attempt ?? 0) + 1
  }

  /** What was delivered, of all blocks or of those before `toIndex`. */
  partial(toIndex?: number): PartialResponse {
    return this.fold.partial(0, toIndex)
  }

  /** An attempt begins: returns what its events are read into. */
  target(continued: Continued | undefined): Target | undefined {
    this.textBefore = this.partial().text.length
    this.positionBefore = this.position
    const { gap } = this
    if (gap === undefined) return continued
    return {
      fold: continued?.fold ?? new internal.Fold(),
      rewrite: (events, from) => {
        const fault = continued?.rewrite(events, from)
        gap.hold(events, from)
        return fault
      },
      close: (events) => {
        const from = events.length
        const fault = continued?.close(events)
        gap.hold(events, from)
        if (fault === undefined) gap.release(events)
        return fault
      }
    }
  }

  /** The start of an attempt, with what a later continuation needs to know. */
  started(event: ResponseStart, startedAt: number, decoder: Decoder | undefined, isOneAnswer: boolean): ResponseStart {
    this.isTold = true
    this.cursor = decoder && isOneAnswer ? this.cursorOf(decoder) : undefined
    this.start = {
      ...event,
      startedAt,
      ...(this.attempts.length > 0 && { attempts: [...this.attempts] }),
      ...(this.cursor && { cursor: this.cursor })
    }
    return this.start
  }

  /** An attempt broke: its output is now part of the answer. */
  broke(decoder: Decoder | undefined, keptByServer: boolean): Progress {
    this.fold = decoder?.fold ?? this.fold
    this.position = decoder?.position()?.after ?? this.position
    if (decoder !== undefined && this.cursor !== undefined) {
      this.cursor = keptByServer ? (this.cursorOf(decoder) ?? this.cursor) : undefined
    }
    const partial = this.partial()
    if (partial.delivered !== "nothing") this.best = further(this.best, partial)
    const wrote = partial.text.length > this.textBefore
    // Nobody asks for the rest of an answer that failed or was refused, so its events are not progress.
    const gained = wrote || (keptByServer && this.position > this.positionBefore)
    return { wrote, gained, delivered: partial.delivered }
  }

  /** The seam, once known. False if an answer that a cursor continues keeps its seam. */
  met(seam: Seam): boolean {
    if (seam.attempt === this.seams.at(-1)?.attempt) return false
    this.seams.push(seam)
    return true
  }

  /** Removes the blocks from `fromIndex` on from the answer; returns their content, if there was any. */
  discard(fromIndex: number): PartialResponse | undefined {
    this.gap?.drop()
    // Another answer numbers its events anew.
    this.position = -1
    this.cursor = undefined
    const discarded = fromIndex < this.fold.length ? this.fold.partial(fromIndex) : undefined
    this.fold.truncate(fromIndex)
    if (discarded !== undefined && this.seams.length > 0) {
      const { length } = this.partial().text
      this.seams = this.seams.filter(({ offset }) => offset < length)
    }
    return discarded
  }

  /** Nothing of it is left. True if the consumer has something to discard. */
  restart(): boolean {
    const { isTold } = this
    this.isTold = false
    this.start = undefined
    this.seams = []
    return isTold
  }

  /** The output for an error. Held output was not delivered. */
  soFar(): { delivered: Delivered; partial: PartialResponse | undefined; checkpoint: Checkpoint } {
    const { best, cursor } = this
    const held = this.options.delivery === "hold"
    return {
      delivered: held ? "nothing" : (best?.delivered ?? "nothing"),
      partial: best,
      checkpoint: {
        ...(held ? nothing : this.partial()),
        attempts: [...this.attempts],
        seams: held ? [] : [...this.seams],
        ...(cursor && !held && { cursor })
      }
    }
  }

  /** The events of an answer that was held back until its end was proven. */
  held(fold: Fold = this.fold): Array<ModelEvent> {
    const events = Held.events(fold.partial())
    return this.start === undefined ? events : [{ ...this.start, route: undefined }, ...events]
  }

  private cursorOf(decoder: Decoder): Cursor | undefined {
    const { protocol, provider } = this.options
    const position = decoder.position()
    return position && { provider, protocol, id: position.id, after: position.after }
  }
}

const depth: Readonly<Record<Delivered, number>> = { nothing: 0, reasoning: 1, text: 2, "tool-call": 3 }

/** The one with more text; if that is equal, the one that got further. */
const further = (a: PartialResponse | undefined, b: PartialResponse): PartialResponse => {
  const more = b.text.length - (a?.text.length ?? 0) || depth[b.delivered] - depth[a?.delivered ?? "nothing"]
  return a === undefined || more >= 0 ? b : a
}
