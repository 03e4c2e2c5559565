/**
 * What was taken of a quota, and when. The law: in any stretch of time as long as the window, never more than the limit.
 *
 * What is taken at nearly the same time is one entry, which lasts until its last part is as old as the window. So the
 * memory is bounded whatever the limit is, and what that costs is less than a hundredth of the quota.
 */

/** Entries are at least this part of a window apart. */
const GRAINS = 128

export interface Entry {
  amount: number
  readonly first: number
  last: number
  gone: boolean
}

export class SlidingLog {
  private readonly entries: Array<Entry> = []
  private sum = 0

  constructor(
    private readonly limit: number,
    /** In milliseconds, as all times here. They are of a clock that never goes back. */
    private readonly window: number
  ) {}

  /** How long until `amount` can be taken, as things stand: 0 if now. */
  wait(amount: number, now: number): number {
    this.forget(now)
    let left = this.sum
    let until = now
    for (const entry of this.entries) {
      if (left + amount <= this.limit) break
      left -= entry.amount
      until = entry.last + this.window
    }
    return until - now
  }

  take(amount: number, now: number): Entry {
    this.forget(now)
    this.sum += amount
    const newest = this.entries[this.entries.length - 1]
    if (newest !== undefined && now - newest.first < this.window / GRAINS) {
      newest.amount += amount
      newest.last = now
      return newest
    }
    const entry = { amount, first: now, last: now, gone: false }
    this.entries.push(entry)
    return entry
  }

  /** Of what was taken with an entry, it was so much more, or less, after all. */
  correct(entry: Entry, difference: number): void {
    if (entry.gone) return
    entry.amount += difference
    this.sum += difference
  }

  private forget(now: number): void {
    let old = 0
    for (; old < this.entries.length && this.entries[old]!.last + this.window <= now; old++) {
      this.entries[old]!.gone = true
      this.sum -= this.entries[old]!.amount
    }
    if (old > 0) this.entries.splice(0, old)
  }
}
