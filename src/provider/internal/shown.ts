/**
 * What the consumer of one answer was shown, whoever wrote it. It keeps the promise of the delivery if the events come
 * from code outside this library, or from several providers in turn:
 *
 * - an answer that starts over voids what was shown before it
 * - visible text is never taken back with `resume` and `fail`
 * - with `hold`, nothing is shown before the end
 */
import type { Checkpoint } from "../../model/Checkpoint.js"
import { type Fault, seamNotProven, truncated } from "../../model/internal/fault.js"
import { Folding } from "../../model/internal/folding.js"
import type { ModelEvent, ResponseStart } from "../../model/ModelEvent.js"
import type { Attempt } from "../../model/ModelResponse.js"
import type { Delivered, PartialResponse } from "../../model/PartialResponse.js"
import type { ProviderError } from "../../model/ProviderError.js"
import { nothing } from "../../retry/internal/answer.js"
import * as Held from "../../retry/internal/held.js"
import { begunAnew } from "../../retry/internal/told.js"
import type { Delivery } from "../../retry/Recovery.js"
import { withAttempts } from "./attempts.js"

export interface Taken<A> {
  /** What the consumer gets. */
  readonly give: ReadonlyArray<A>
  /** What was wrong with the piece after that. */
  readonly fault?: Fault | undefined
}

export class Shown {
  private readonly folding: Folding
  private before: ReadonlyArray<Attempt>
  /** Whether the consumer has a start, or the content of a checkpoint. */
  private isTold: boolean
  private start: ResponseStart | undefined
  /** Whether the current provider has written anything. */
  private brought = false
  /** The consumer's indices for the blocks of the current provider; undefined if they equal the provider's own. */
  private places: { readonly indices: ReadonlyArray<number>; readonly end: number } | undefined

  constructor(
    private readonly delivery: Delivery,
    from: Checkpoint | undefined
  ) {
    this.folding = new Folding(from)
    this.before = from?.attempts ?? []
    this.isTold = this.folding.fold.length > 0
  }

  get delivered(): Delivered {
    return this.delivery === "hold" ? "nothing" : this.folding.fold.delivered()
  }

  get isFinished(): boolean {
    return this.folding.isFinished
  }

  /**
   * Another provider continues. A checkpoint has no place for a block that never came, so later blocks have moved up.
   */
  next(attempts: ReadonlyArray<Attempt>): void {
    const { fold } = this.folding
    const indices = fold.indices()
    this.before = attempts
    this.brought = false
    this.places = indices.length === fold.length ? undefined : { indices, end: fold.length }
  }

  take(events: ReadonlyArray<ModelEvent>): Taken<ModelEvent> {
    const give: Array<ModelEvent> = []
    for (const theirs of events) {
      const event = this.places === undefined ? theirs : this.placed(theirs, this.places)
      const fault = this.one(event, give)
      if (fault !== undefined) return { give, fault }
    }
    return { give: this.delivery === "hold" && !this.isFinished ? [] : give }
  }

  /** There are no more events. */
  end(): Fault | undefined {
    return this.isFinished ? undefined : truncated("the answer ended without its `Finish`")
  }

  /** What another provider can continue after this error; undefined if none may, because the text was contradicted. */
  checkpoint(error: ProviderError, attempts: ReadonlyArray<Attempt>): Checkpoint | undefined {
    if (this.delivery === "hold") return { ...nothing, attempts, seams: [] }
    if (this.brought && error.checkpoint === undefined) return undefined
    const { cursor: _, ...folded } = this.folding.checkpoint()
    const cursor = error.checkpoint?.cursor
    return { ...folded, attempts, ...(cursor && { cursor }) }
  }

  /** What the consumer has, for the error of an answer that ended too early. Nothing with `hold`. */
  get kept(): { readonly checkpoint: Checkpoint; readonly partial: PartialResponse } | undefined {
    if (this.delivery === "hold" || this.folding.fold.length === 0) return undefined
    return { checkpoint: this.folding.checkpoint(), partial: this.folding.fold.partial() }
  }

  private one(event: ModelEvent, give: Array<ModelEvent>): Fault | undefined {
    switch (event._tag) {
      case "ResponseStart": {
        if (event.route === undefined && this.isTold && this.delivery !== "hold") {
          if (this.keepsText(0)) return begun
          this.void(event, give)
        }
        if (event.route === undefined) this.places = undefined
        this.isTold = true
        this.start = event
        break
      }
      case "Superseded":
        if (this.keepsText(event.fromIndex)) return tookBack
        if (event.fromIndex === 0) {
          this.isTold = false
          this.places = undefined
        }
        break
      case "Finish": {
        const finish = { ...event, response: withAttempts(event.response, this.before) }
        this.folding.apply(finish)
        if (this.delivery === "hold") this.held(give)
        give.push(finish)
        return undefined
      }
    }
    this.brought ||= event._tag !== "Superseded"
    this.folding.apply(event)
    if (this.delivery !== "hold") give.push(event)
    return undefined
  }

  /** Whether it contains visible text, which the delivery promises to keep. */
  keepsText(fromIndex: number): boolean {
    if (this.delivery !== "resume" && this.delivery !== "fail") return false
    return /\S/.test(this.folding.fold.partial(fromIndex).text)
  }

  private void({ attempt, startedAt = 0 }: ResponseStart, give: Array<ModelEvent>): void {
    const discarded = this.folding.fold.partial()
    const error = this.before.at(-1)?.error ?? begunAnew
    const event = {
      _tag: "Superseded",
      attempt: attempt - 1,
      fromIndex: 0,
      error,
      discarded,
      retryAt: startedAt
    } as const
    this.folding.apply(event)
    give.push(event)
  }

  private held(give: Array<ModelEvent>): void {
    if (this.start !== undefined) give.push({ ...this.start, route: undefined })
    for (const event of Held.events(this.folding.fold.partial())) give.push(event)
  }

  private placed(event: ModelEvent, { end, indices }: NonNullable<Shown["places"]>): ModelEvent {
    const place = (index: number): number => indices[index] ?? end + index - indices.length
    if ("index" in event) return { ...event, index: place(event.index) }
    return event._tag === "Superseded" ? { ...event, fromIndex: place(event.fromIndex) } : event
  }
}

const begun = seamNotProven("another answer was started, although text was delivered that is never taken back")
const tookBack = seamNotProven("text was taken back that was delivered for good")
