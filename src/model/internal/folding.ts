/** Folds events into a checkpoint: the content of the answer, and what the events say about its attempts. */
import type { Checkpoint, Cursor } from "../Checkpoint.js"
import type { ModelEvent, ResponseStart } from "../ModelEvent.js"
import type { Attempt, ErrorSummary, Seam } from "../ModelResponse.js"
import { Fold } from "./fold.js"

/** What is known of an attempt while it runs, from its start or from a checkpoint in the middle of it. */
type Running = Pick<ResponseStart, "attempt" | "generation" | "requestId" | "route" | "startedAt" | "usage"> | Attempt

export class Folding {
  /** Whether the end of the answer was among the events. */
  isFinished: boolean
  readonly fold: Fold
  private ended: ReadonlyArray<Attempt>
  private running: Running | undefined
  private cursor: Cursor | undefined
  private seams: ReadonlyArray<Seam>

  constructor(from?: Checkpoint) {
    this.fold = Fold.of(from?.blocks ?? [])
    const last = from?.attempts.at(-1)
    this.running = last && isRunning(last) ? last : undefined
    this.ended = (this.running ? from?.attempts.slice(0, -1) : from?.attempts) ?? []
    this.cursor = from?.cursor
    this.seams = from?.seams ?? []
    this.isFinished = from?.finished ?? false
  }

  apply(event: ModelEvent): void {
    const { delivered } = event._tag === "Superseded" ? this.fold.partial() : { delivered: undefined }
    this.fold.apply(event)
    switch (event._tag) {
      case "ResponseStart":
        this.ended = event.attempts ?? this.ended
        this.running = event
        this.cursor = event.cursor
        return
      case "Superseded":
        if (event.fromIndex === 0) this.seams = []
        this.ended = [...this.ended, ...runningAttempt(this.running, delivered ?? "nothing", this.ended, event.error)]
        this.running = undefined
        // The next attempt is another answer, which the server may keep again.
        this.cursor = undefined
        return
      case "Finish":
        this.isFinished = true
        this.ended = event.response.attempts
        this.seams = event.response.seams
        this.running = undefined
        this.cursor = undefined
    }
  }

  checkpoint(): Checkpoint {
    const partial = this.fold.partial()
    return {
      ...partial,
      attempts: [...this.ended, ...runningAttempt(this.running, partial.delivered, this.ended)],
      seams: this.seams,
      ...(this.cursor && { cursor: this.cursor }),
      ...(this.isFinished && { finished: true })
    }
  }
}

/** An attempt that no later start has reported yet: it cost at least what it delivered. */
const runningAttempt = (
  start: Running | undefined,
  delivered: Attempt["delivered"],
  ended: ReadonlyArray<Attempt>,
  error?: ErrorSummary
): ReadonlyArray<Attempt> => {
  if (start === undefined || ended.some(({ attempt }) => attempt === start.attempt)) return []
  const { attempt, generation, requestId, route, startedAt = 0, usage } = start
  return [
    {
      attempt,
      generation,
      requestId,
      route,
      startedAt,
      endedAt: startedAt,
      usageIsPartial: true,
      delivered,
      ...(usage && { usage }),
      ...(error && { error })
    }
  ]
}

/** Whether a checkpoint was made in the middle of this attempt: an ended attempt has an error or its full usage. */
const isRunning = ({ endedAt, error, startedAt, usageIsPartial }: Attempt): boolean =>
  usageIsPartial === true && error === undefined && endedAt === startedAt
