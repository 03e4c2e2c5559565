/**
 * How long first events took of late, in constant memory: counts of times that grow by a tenth from one to the next. Old ones
 * fade, as all counts are halved now and then.
 */

/** From 1 ms to more than two hours. */
const BUCKETS = 168
const GROWTH = Math.log(1.1)
/** So many times are remembered at least, and twice as many at most. */
const REMEMBERED = 500

export class Latencies {
  private readonly counts = new Float64Array(BUCKETS)
  private total = 0

  add(millis: number): void {
    const at = Math.min(BUCKETS - 1, Math.max(0, Math.floor(Math.log(Math.max(1, millis)) / GROWTH)))
    this.counts[at] = (this.counts[at] ?? 0) + 1
    if (++this.total < 2 * REMEMBERED) return
    this.total /= 2
    for (let each = 0; each < BUCKETS; each++) this.counts[each] = (this.counts[each] ?? 0) / 2
  }

  /** The time within which this share of them came, at most a tenth too long; undefined where there are fewer than `least`. */
  percentile(share: number, least: number): number | undefined {
    if (this.total < least) return undefined
    let sum = 0
    for (let at = 0; at < BUCKETS; at++) {
      sum += this.counts[at] ?? 0
      if (sum >= share * this.total) return Math.exp((at + 1) * GROWTH)
    }
    return Math.exp(BUCKETS * GROWTH)
  }
}
