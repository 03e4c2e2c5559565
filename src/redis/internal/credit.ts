/**
 * What this process took of a shared quota and has not used: it is used first, and is worth nothing once it is old. What
 * turned out to cost more than was taken is a debt, in the same way.
 */

/** Entries whose ends are nearer to each other than this part of a life are one. */
const GRAINS = 128

interface Entry {
  amount: number
  readonly until: number
}

export class Credit {
  private entries: Array<Entry> = []

  constructor(
    /** How long it is worth something, in milliseconds. */
    readonly life: number
  ) {}

  level(now: number): number {
    this.entries = this.entries.filter(({ amount, until }) => amount !== 0 && until > now)
    return this.entries.reduce((sum, { amount }) => sum + amount, 0)
  }

  /** Until when it is worth something is never taken for later than it is. */
  add(amount: number, until: number): void {
    const newest = this.entries[this.entries.length - 1]
    const near = newest !== undefined && newest.until <= until && until - newest.until < this.life / GRAINS
    if (near) newest.amount += amount
    else this.entries.push({ amount, until })
  }

  /** Spends what ends first, and says when that would have ended. */
  spend(amount: number): number {
    let left = amount
    let first = Number.POSITIVE_INFINITY
    for (const entry of this.entries) {
      if (left <= 0) break
      const part = Math.min(left, Math.max(0, entry.amount))
      if (part > 0) first = Math.min(first, entry.until)
      entry.amount -= part
      left -= part
    }
    return first
  }
}
