/**
 * A quota of a fleet: shared while Redis is there, else this process's share of it.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { MemoryQuota, slackOf } from "../../traffic/internal/memoryStore.js"
import { SlidingLog } from "../../traffic/internal/slidingLog.js"
import { millisOf } from "../../traffic/internal/time.js"
import type { Quota, QuotaOptions, Taken } from "../../traffic/Limits.js"
import type { Connection } from "./connection.js"
import { Credit } from "./credit.js"
import { Slots } from "./slots.js"

/** Tokens are taken in parts of the quota, so that it has not as many slots as there are tokens. */
const PARTS = 100

export interface Settings {
  readonly connection: Connection
  readonly key: string
  readonly share: number
}

export class SharedQuota implements Quota {
  /** Counts what this process takes, from whom it may be: so it keeps to its share from the first moment without Redis. */
  private readonly local: MemoryQuota
  private readonly slots: Slots
  private readonly credit: Credit
  /** What a slot is worth. */
  private readonly part: number
  private readonly window: number
  private readonly connection: Connection

  constructor({ connection, key, share }: Settings, { limit, name, per }: QuotaOptions) {
    const slack = slackOf(per)
    const millis = Duration.toMillis(per)
    this.window = Math.ceil(millis + slack)
    // Less than one in a window is one in a longer window.
    const own = limit * share
    this.local = new MemoryQuota(new SlidingLog(Math.max(1, Math.floor(own)), this.window / Math.min(1, own)))
    const slots = name === "requests" ? limit : Math.min(limit, PARTS)
    this.slots = new Slots(`${key}:${name}`, slots, this.window)
    this.part = limit / slots
    // Two thirds of the slack are for the way from Redis to the attempt, and the rest is left to the network. Of tokens,
    // vendors keep a bucket, in which what is not used yet stays.
    this.credit = new Credit(name === "requests" ? (slack * 2) / 3 : millis)
    this.connection = connection
  }

  readonly take = (amount: number): Effect.Effect<Taken | number> =>
    Effect.gen(this, function* () {
      const clock = yield* Effect.clock
      const now = millisOf(clock)
      if (this.connection.isFresh(this.window, now)) {
        const wait = this.local.wait(amount, now)
        if (wait > 0) return wait
      }
      const wait = yield* this.buy(amount)
      if (wait === undefined) return yield* this.local.take(amount)
      if (wait > 0) return wait
      const until = this.credit.spend(amount)
      const counted = this.local.taken(amount, millisOf(clock))
      let had = amount
      return {
        correct: (amount) => {
          counted.correct(amount)
          this.credit.add(had - amount, amount === 0 ? until : millisOf(clock) + this.credit.life)
          had = amount
        }
      }
    })

  /** Takes slots until they are worth the amount. Undefined where Redis is away. */
  private buy(amount: number): Effect.Effect<number | undefined> {
    return Effect.gen(this, function* () {
      const { credit } = this
      const clock = yield* Effect.clock
      while (credit.level(millisOf(clock)) < amount) {
        // Redis decided after this, so what it gave is not older.
        const asked = millisOf(clock)
        const wait = yield* this.connection.use((store) => this.slots.take(store))
        if (wait !== 0) return wait
        credit.add(this.part, asked + credit.life)
        // So slow that what it gives is worth nothing any more.
        if (millisOf(clock) >= asked + credit.life) return credit.life
      }
      return 0
    })
  }
}
