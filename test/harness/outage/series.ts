/**
 * What consumers saw over time, for plots: requests by the moment at which they were asked.
 */
import { quantile, type Run } from "./measure.js"

export interface Bucket {
  readonly asked: number
  /** From 0 to 1. */
  readonly success: number
  /** The median of the time to the first text, in milliseconds; undefined where nobody had any. */
  readonly firstEvent: number | undefined
}

/** As many buckets of the same length; undefined where nothing was asked. */
export const series = ({ outcomes }: Run, length: number, count: number): ReadonlyArray<Bucket | undefined> => {
  const all = Array.from({ length: count }, () => [] as Array<(typeof outcomes)[number]>)
  for (const outcome of outcomes)
    all[Math.min(count - 1, Math.floor((outcome.askedAt / length) * count))]?.push(outcome)
  return all.map((bucket) => {
    if (bucket.length === 0) return undefined
    const first = bucket.flatMap(({ askedAt, firstAt }) => (firstAt === undefined ? [] : [firstAt - askedAt]))
    return {
      asked: bucket.length,
      success: bucket.filter(({ failed }) => failed === undefined).length / bucket.length,
      firstEvent:
        quantile(
          first.sort((a, b) => a - b),
          0.5
        ) ?? undefined
    }
  })
}

/** The time to the first text from 0 to 1: from 20 milliseconds to 20 seconds, as a logarithm. */
export const logarithmic = (millis: number): number => Math.min(1, Math.max(0, Math.log10(millis / 20) / 3))
