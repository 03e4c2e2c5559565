/**
 * The attempts that wait, in the order in which they came. Only the first one takes what is free, so nobody is overtaken,
 * and what it needs of several limits it takes together.
 */
import * as Effect from "effect/Effect"

export class Waiter {
  /** Set while it sleeps. */
  wake: (() => void) | undefined = undefined
  /** It had to wait, and is counted among those that do. */
  queued = false
}

export class Line {
  private readonly waiters = new Set<Waiter>()

  join(): Waiter {
    const waiter = new Waiter()
    this.waiters.add(waiter)
    return waiter
  }

  get first(): Waiter | undefined {
    return this.waiters.values().next().value
  }

  /** Leaves from wherever it stands. The next one is woken if it is now the first. */
  leave(waiter: Waiter): void {
    const { first } = this
    if (this.waiters.delete(waiter) && first === waiter) this.nudge()
  }

  /** Something became free that the first one may wait for. */
  nudge(): void {
    this.first?.wake?.()
  }

  /** Sleeps until it is nudged and `ready`. It is asked and listens in one step, so no nudge is lost in between. */
  sleep(waiter: Waiter, ready: () => boolean): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (ready()) return resume(Effect.void)
      waiter.wake = () => {
        if (!ready()) return
        waiter.wake = undefined
        resume(Effect.void)
      }
      return Effect.sync(() => {
        waiter.wake = undefined
      })
    })
  }
}
