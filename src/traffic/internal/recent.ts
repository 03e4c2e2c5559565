/**
 * How many attempts of the last while were good and how many failed, in constant memory: a ring of counts, each for a part
 * of the window.
 */

const BUCKETS = 10

export class Recent {
  private readonly good = new Float64Array(BUCKETS)
  private readonly bad = new Float64Array(BUCKETS)
  private readonly width: number
  /** Which part of time the newest bucket is. */
  private newest = Number.NEGATIVE_INFINITY

  constructor(windowMillis: number) {
    this.width = Math.max(1, windowMillis / BUCKETS)
  }

  add(isGood: boolean, now: number): void {
    const counts = isGood ? this.good : this.bad
    const at = this.pass(now)
    counts[at] = (counts[at] ?? 0) + 1
  }

  /** Of the last nine to ten tenths of the window. */
  counts(now: number): { readonly good: number; readonly bad: number } {
    this.pass(now)
    return { good: sum(this.good), bad: sum(this.bad) }
  }

  clear(): void {
    this.good.fill(0)
    this.bad.fill(0)
  }

  /** Forgets what is too old; gives the place of the newest bucket. A clock that was set back begins anew. */
  private pass(now: number): number {
    const part = Math.floor(now / this.width)
    const passed = part - this.newest
    if (passed < 0 || passed >= BUCKETS) this.clear()
    else {
      for (let at = 1; at <= passed; at++) {
        const place = placeOf(this.newest + at)
        this.good[place] = 0
        this.bad[place] = 0
      }
    }
    this.newest = part
    return placeOf(part)
  }
}

/** The remainder of a time before the epoch is negative. */
const placeOf = (part: number): number => ((part % BUCKETS) + BUCKETS) % BUCKETS

const sum = (counts: Float64Array): number => counts.reduce((total, count) => total + count, 0)
