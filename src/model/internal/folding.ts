/**
 * Folds events into a checkpoint: the content of the answer, and what the events tell of its attempts.
 */
import type { Checkpoint, Cursor } from "../Checkpoint.js"
import type { ModelEvent, ResponseStart } from "../ModelEvent.js"
import type { Attempt, Seam } from "../ModelResponse.js"
import { Fold } from "./fold.js"

/** What is known of an attempt while it runs: from its start, or from a checkpoint that was made in the middle of it. */
type Running = Pick<ResponseStart, "attempt" | "generation" | "requestId" | "route" | "startedAt"> | Attempt

export class Folding {
  /** Whether the end of the answer was among the events. */
  isFinished = false
  private readonly fold: Fold
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
  }

  apply(event: ModelEvent): void {
    this.fold.apply(event)
    if (event._tag === "ResponseStart") {
      this.ended = event.attempts ?? this.ended
      this.running = event
      this.cursor = event.cursor
    } else if (event._tag === "Superseded" && event.fromIndex === 0) {
      this.seams = []
    } else if (event._tag === "Finish") {
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
      cursor: this.cursor
    }
  }
}

/** An attempt of which nobody has told the end: it cost at least what it delivered. */
const runningAttempt = (
  start: Running | undefined,
  delivered: Attempt["delivered"],
  ended: ReadonlyArray<Attempt>
): ReadonlyArray<Attempt> => {
  if (start === undefined || ended.some(({ attempt }) => attempt === start.attempt)) return []
  const { attempt, generation, requestId, route, startedAt = 0 } = start
  return [{ attempt, generation, requestId, route, startedAt, endedAt: startedAt, usageIsPartial: true, delivered }]
}

/** Whether a checkpoint was made in the middle of this attempt: the one that ended has its error or what it cost. */
const isRunning = ({ endedAt, error, startedAt, usage, usageIsPartial }: Attempt): boolean =>
  usageIsPartial === true && error === undefined && usage === undefined && endedAt === startedAt
