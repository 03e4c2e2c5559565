/**
 * Quotas that are counted in this process.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Quota, Store, Taken } from "../Limits.js"
import { SlidingLog } from "./slidingLog.js"
import { millisOf } from "./time.js"

/**
 * What a quota's window is longer by than the time that the vendor counts over, as a part of it. Between the permission and
 * the arrival at the vendor lie a connection and a network, and not the same time for each request: two requests arrive
 * nearer to each other than they were permitted. This much nearer they may, and 94% of a quota are used.
 */
const SLACK = 0.06

/** In milliseconds. */
export const slackOf = (per: Duration.Duration): number => Math.ceil(Duration.toMillis(per) * SLACK)

export const memory: Store = {
  quota: ({ limit, per }) =>
    Effect.succeed(new MemoryQuota(new SlidingLog(limit, Duration.toMillis(per) + slackOf(per))))
}

export class MemoryQuota implements Quota {
  constructor(private readonly log: SlidingLog) {}

  readonly take = (amount: number): Effect.Effect<Taken | number> =>
    Effect.clockWith((clock) =>
      Effect.sync(() => {
        const now = millisOf(clock)
        const wait = this.log.wait(amount, now)
        return wait > 0 ? wait : this.taken(amount, now)
      })
    )

  /** Takes it, whether there is so much or not. */
  taken(amount: number, now: number): Taken {
    const entry = this.log.take(amount, now)
    let counted = amount
    return {
      correct: (amount) => {
        this.log.correct(entry, amount - counted)
        counted = amount
      }
    }
  }

  wait(amount: number, now: number): number {
    return this.log.wait(amount, now)
  }
}
