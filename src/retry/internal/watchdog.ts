/**
 * Measures the time spent waiting for a provider and says when a deadline passed. One per attempt; the reader only
 * reports when waiting begins and ends, so an event costs at most two reads of the clock.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Deadline } from "../../model/internal/fault.js"
import type { Deadlines } from "../Deadlines.js"

/** The result of one wait. */
export type Progress = "bytes" | "reasoning" | "output"

/** However long the deadlines, the clock is read this often, so that a jump of it is detected. */
const LOOK_MILLIS = 30_000

/** A timer later than twice its time plus this means that the machine slept or its clock was set. */
const JUMP_MILLIS = 1_000

/** Waiting time that all attempts of one request share. */
export interface Waiting {
  waited: number
}

export class Watchdog {
  private waitingSince: number | undefined
  private begun = false
  private output = false
  private sinceByte = 0
  private sinceEvent = 0
  private bytes = false
  private reasoning = 0
  /** The longest plausible gap between two reads of the clock. */
  private readonly tick: number

  constructor(
    private readonly clock: Clock.Clock,
    private readonly limits: Deadlines,
    private readonly total: Waiting
  ) {
    this.tick = Math.min(LOOK_MILLIS, ...Object.values(limits))
  }

  waiting(): void {
    this.waitingSince = this.clock.unsafeCurrentTimeMillis()
  }

  /** Nobody waits any more; the event may still come. */
  paused(): void {
    this.count()
    this.waitingSince = undefined
  }

  /** Gives how long the events that came were waited for, in milliseconds; undefined where none came. */
  arrived(progress: Progress): number | undefined {
    this.count()
    this.waitingSince = undefined
    this.sinceByte = 0
    this.bytes = true
    if (progress === "bytes") return undefined
    const waited = this.sinceEvent
    this.begun = true
    this.bytes = false
    this.sinceEvent = 0
    if (progress === "output") this.output = true
    return waited
  }

  /** Runs until a deadline passes, and tells which, and whether no byte came while it ran. */
  readonly run: Effect.Effect<{ readonly deadline: Deadline; readonly silent: boolean }> = Effect.suspend(() => {
    this.count()
    const left = this.left()
    const passed = left.find(([, millis]) => millis <= 0)
    if (passed !== undefined) {
      const [deadline] = passed
      return Effect.succeed({ deadline, silent: deadline === "idle" || !this.bytes })
    }
    const next = this.waitingSince === undefined ? this.tick : Math.min(this.tick, ...left.map(([, millis]) => millis))
    return Effect.zipRight(Effect.sleep(next), this.run)
  })

  /** The time left of each deadline that applies now. */
  private left(): ReadonlyArray<readonly [Deadline, number]> {
    const { firstEvent, idle, reasoning, stuck, total } = this.limits
    return [
      ["total", total - this.total.waited],
      ...(this.begun
        ? ([
            ["idle", idle - this.sinceByte],
            ["stuck", stuck - this.sinceEvent],
            ...(this.output ? [] : ([["reasoning", reasoning - this.reasoning]] as const))
          ] as const)
        : ([["firstEvent", firstEvent - this.sinceEvent]] as const))
    ]
  }

  private count(): void {
    if (this.waitingSince === undefined) return
    const now = this.clock.unsafeCurrentTimeMillis()
    const waited = now - this.waitingSince
    this.waitingSince = now
    // A jump, in either direction: the time in between is unknown.
    if (waited < 0 || waited > 2 * this.tick + JUMP_MILLIS) return
    this.sinceByte += waited
    this.sinceEvent += waited
    this.total.waited += waited
    if (this.begun && !this.output) this.reasoning += waited
  }
}
