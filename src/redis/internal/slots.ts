/**
 * A sliding window over a quota, kept in Redis by the fixed windows that the store of `@effect/experimental` has.
 *
 * Neither of its algorithms keeps the law by itself. A fixed window of N permits N at its end and N at the beginning of the
 * next. A bucket of b tokens permits b more than what flows in, so for N in a minute it must be small and slow, and then it
 * holds back a request that comes alone; and the store counts its time by the clocks of the clients, which differ.
 *
 * So a quota of N is N slots, each a fixed window for one: its key is there for as long as the window, by the clock of
 * Redis alone. A slot permits one in any stretch of that length, so N slots permit N, and all of them at once where nothing
 * was sent for long. Tickets say whose turn it is: the n-th of the fleet takes slot n modulo N, the one that is free first.
 */
import type { RateLimiterError, RateLimiterStore } from "@effect/experimental/RateLimiter"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { millisOf } from "../../traffic/internal/time.js"

export type Shared = Context.Tag.Service<typeof RateLimiterStore>

export class Slots {
  /** A ticket that was not used yet, and when its slot is free. */
  private kept: { readonly ticket: number; readonly freeAt: number } | undefined

  private readonly refillRate: Duration.Duration

  constructor(
    private readonly key: string,
    private readonly count: number,
    /** In whole milliseconds, as Redis counts. */
    private readonly window: number
  ) {
    this.refillRate = Duration.millis(window)
  }

  /** Takes a slot: 0. Or says in how many milliseconds one is free. */
  take(store: Shared): Effect.Effect<number, RateLimiterError> {
    return Effect.gen(this, function* () {
      const clock = yield* Effect.clock
      const { kept } = this
      // Forgotten while it is asked for: where the answer is not heard, the slot may be taken.
      this.kept = undefined
      if (kept !== undefined) {
        const wait = yield* this.ask(store, kept.ticket)
        const freeAt = millisOf(clock) + wait
        if (wait === 0) return 0
        // Where another took the slot, it is later by nearly a window; by less, the answer was slow.
        if (freeAt < kept.freeAt + this.window / 2) {
          this.kept = kept
          return wait
        }
      }
      // Its key is there for a window at least after each ticket, so it is not counted anew while slots are taken.
      const [ticket] = yield* store.fixedWindow({
        key: `${this.key}:tickets`,
        tokens: 1,
        refillRate: this.refillRate,
        limit: undefined
      })
      const wait = yield* this.ask(store, ticket)
      if (wait > 0) this.kept = { ticket, freeAt: millisOf(clock) + wait }
      return wait
    })
  }

  private ask(store: Shared, ticket: number): Effect.Effect<number, RateLimiterError> {
    const slot = { key: `${this.key}:${ticket % this.count}`, tokens: 1, refillRate: this.refillRate, limit: 1 }
    return Effect.map(store.fixedWindow(slot), ([taken, ttl]) => (taken === 1 ? 0 : Math.max(1, ttl)))
  }
}
