/**
 * A circuit breaker as plainly as it can be said: it keeps all that ever happened, and finds out from that.
 */
import type { CircuitBreaker } from "effect-redial"

export type How = "succeeded" | "failed" | "excused" | "abandoned"

export type Did =
  | { readonly _tag: "Send" }
  | { readonly _tag: "Begin"; readonly which: number }
  | { readonly _tag: "Settle"; readonly which: number; readonly how: How }
  | { readonly _tag: "Wait"; readonly millis: number }

export interface Options {
  readonly failures: number | false
  readonly share: number
  readonly atLeast: number
  readonly window: number
  readonly openFor: number
  readonly growth: number
  readonly longest: number
  readonly probeTimeout: number
  readonly provenBy: "first-event" | "response"
}

interface Attempt {
  /** How often the circuit had closed or opened from closed when it was sent. */
  epoch: number
  isProbe: boolean
  began: boolean
}

/** What was learned since the circuit closed. */
type Lesson = { readonly at: number; readonly kind: "began" | "proven" | "refused" | "broken" }

export class Model {
  private readonly attempts: Array<Attempt> = []
  private lessons: Array<Lesson> = []
  private epoch = 0
  private openedBefore = 0
  private sentAtBreak = 0
  private mode:
    | { readonly is: "closed" }
    | { readonly is: "open"; readonly since: number; readonly until: number }
    | { readonly is: "probing"; readonly since: number; readonly probe: number } = { is: "closed" }

  constructor(private readonly options: Options) {}

  state(): CircuitBreaker.State {
    const { mode } = this
    if (mode.is === "closed") return { _tag: "Closed" }
    if (mode.is === "probing") return { _tag: "HalfOpen", since: mode.since }
    return { _tag: "Open", since: mode.since, probeAt: mode.until }
  }

  send(now: number): boolean {
    const { mode } = this
    if (mode.is === "open" && now < mode.until) return false
    if (mode.is === "probing" && now < mode.since + this.options.probeTimeout) return false
    this.attempts.push({ epoch: this.epoch, isProbe: mode.is !== "closed", began: false })
    if (mode.is !== "closed") this.mode = { is: "probing", since: now, probe: this.attempts.length - 1 }
    return true
  }

  /** False where it had begun before. */
  begin(which: number, now: number): boolean {
    const attempt = this.attempts[which]!
    if (attempt.began) return false
    attempt.began = true
    if (attempt.epoch !== this.epoch || this.options.provenBy === "response") return true
    if (this.mode.is === "closed") this.lessons.push({ at: now, kind: "began" })
    else this.close(attempt)
    return true
  }

  settle(which: number, how: How, now: number): void {
    const attempt = this.attempts[which]!
    if (attempt.epoch !== this.epoch) return
    if (how === "succeeded") {
      if (this.mode.is !== "closed") this.close(attempt)
      else this.lessons.push({ at: now, kind: "proven" })
      // One whose beginning was counted as good is not counted as good again.
      if (attempt.began && this.options.provenBy === "first-event") this.silence()
      this.openedBefore = 0
    } else if (how === "failed") {
      if (this.mode.is === "closed") this.fail(attempt, which, now)
      else if (this.mode.is === "probing" && this.mode.probe === which) this.open(now)
    } else if (this.mode.is === "probing" && this.mode.probe === which) {
      this.mode = { is: "open", since: this.mode.since, until: this.mode.since }
    }
  }

  /** The latest proof ends each row, and does not count for the share. */
  private silence(): void {
    const last = this.lessons.at(-1)
    if (last?.kind === "proven") this.lessons[this.lessons.length - 1] = { ...last, at: Number.NEGATIVE_INFINITY }
  }

  private fail(attempt: Attempt, which: number, now: number): void {
    if (attempt.began) {
      if (which < this.sentAtBreak) return
      this.sentAtBreak = this.attempts.length
    }
    this.lessons.push({ at: now, kind: attempt.began ? "broken" : "refused" })
    const { atLeast, failures, share, window } = this.options
    const refused = this.row("refused", ["began", "proven"])
    const broken = this.row("broken", ["proven"])
    const part = (at: number) => Math.floor(at / (window / 10))
    const inside = this.lessons.filter(({ at }) => part(now) - part(at) < 10)
    const bad = inside.filter(({ kind }) => kind === "refused" || kind === "broken").length
    const isRow = failures !== false && (refused >= failures || broken >= failures)
    if (isRow || (inside.length >= atLeast && bad / inside.length >= share)) {
      this.epoch++
      this.open(now)
    }
  }

  /** How many of a kind there are since the last of those that end the row. */
  private row(kind: Lesson["kind"], ends: ReadonlyArray<Lesson["kind"]>): number {
    const from = this.lessons.findLastIndex((lesson) => ends.includes(lesson.kind))
    return this.lessons.slice(from + 1).filter((lesson) => lesson.kind === kind).length
  }

  private open(now: number): void {
    const { growth, longest, openFor } = this.options
    const wait = Math.min(longest, openFor * growth ** this.openedBefore++)
    this.mode = { is: "open", since: now, until: now + wait }
  }

  private close(by: Attempt): void {
    this.epoch++
    by.epoch = this.epoch
    this.lessons = []
    this.mode = { is: "closed" }
  }
}
