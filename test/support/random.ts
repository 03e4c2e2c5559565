/**
 * Seeded chance, so that a run can be repeated. mulberry32: small, and good enough to choose with.
 */

export interface Random {
  /** In [0, 1). */
  readonly next: () => number
  /** A whole number from 0 to n, without n. */
  readonly below: (n: number) => number
  readonly pick: <A>(from: ReadonlyArray<A>) => A
  readonly chance: (share: number) => boolean
}

export const seeded = (seed: number): Random => {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n: number): number => Math.floor(next() * n)
  return { next, below, pick: (from) => from[below(from.length)]!, chance: (share) => next() < share }
}
