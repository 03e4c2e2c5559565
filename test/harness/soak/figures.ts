/**
 * The figures of a soak, and which of them are good.
 */
import type { Outcome } from "./consume.js"
import type { Plan } from "./plan.js"

export interface Figures {
  readonly seed: number
  readonly seconds: number
  readonly streams: number
  /** Streams whose plan has a fault, a harmless one included. */
  readonly faulted: number
  readonly completed: number
  /** Ended in an error, as they had to. */
  readonly failed: number
  readonly cancelled: number
  readonly hung: number
  /** Outcomes that the plan does not allow, the other bad figures of a stream not included. */
  readonly unexpected: number
  /** Streams that miss something the server meant. */
  readonly lost: number
  /** Streams that have something twice, or that the server did not mean. */
  readonly duplicated: number
  readonly wrongText: number
  /** Streams without a fault that failed, or needed another attempt. */
  readonly healthyKilled: number
  /** Sockets that were open while nothing ran, or after everything had ended. */
  readonly leakedSockets: number
  /** Fibers that were alive while nothing ran, or after everything had ended. */
  readonly leakedFibers: number
  /** Pools beyond one for each provider that were open while nothing ran, and all that were open at the end. */
  readonly leakedPools: number
  /** With traffic control: the permits that were given. */
  readonly permits?: number
  /** With traffic control: permits, places in a queue and probes that were still held while nothing ran, or were given back twice. */
  readonly permitsOutstanding?: number
  /** With traffic control: streams that ended since no provider was to be asked. */
  readonly refused?: number
  /** From the first rest after the warm-up to the last; absent without --expose-gc. */
  readonly heapGrowthMB: number | undefined
  readonly maxOpenPools: number
  readonly connectionsPerStream: number
  /** From a break until the answer began again, back-off included. */
  readonly recoveryMsP50: number
  readonly recoveryMsP99: number
}

/**
 * What a flat heap may grow by: code that is compiled late, not what a stream leaves behind. Even in the shortest run there
 * are 500 streams between two rests, so that 3 KB for each are noticed.
 */
const FLAT_MB = 1

export const isGood = (figures: Figures): boolean => {
  const { duplicated, healthyKilled, heapGrowthMB = 0, hung, lost, unexpected, wrongText } = figures
  const leaked = figures.leakedSockets + figures.leakedFibers + figures.leakedPools + (figures.permitsOutstanding ?? 0)
  const bad = hung + unexpected + lost + duplicated + wrongText + healthyKilled + leaked
  return bad === 0 && heapGrowthMB <= FLAT_MB && figures.completed > 0
}

/** Adds up streams as they end. */
export class Tally {
  streams = 0
  faulted = 0
  completed = 0
  failed = 0
  cancelled = 0
  hung = 0
  unexpected = 0
  lost = 0
  duplicated = 0
  wrongText = 0
  healthyKilled = 0
  refused = 0
  readonly #recoveries: Array<number> = []

  add(plan: Plan, outcome: Outcome): void {
    this.streams++
    this[outcome.ended]++
    if (outcome.refused) this.refused++
    if (plan.faults.length > 0) this.faulted++
    else if (outcome.refused) return
    else if (outcome.problem !== undefined || outcome.ended === "failed") this.healthyKilled++
    if (outcome.problem !== undefined) this.unexpected++
    if (outcome.lost) this.lost++
    if (outcome.duplicated) this.duplicated++
    if (outcome.wrongText) this.wrongText++
    this.#recoveries.push(...outcome.recoveries)
  }

  recovery(share: number): number {
    const sorted = this.#recoveries.sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  }
}
