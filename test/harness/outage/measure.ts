/**
 * The figures of one policy in one scenario: what its consumers saw, held against the vendors' books.
 */
import type { CircuitBreaker } from "effect-redial"
import type { Outcome } from "./load.js"
import { tokensOf } from "./vendor.js"
import type { Quota, Served, Spell, VendorId } from "./world.js"

/** Times are in milliseconds; null where a figure makes no sense. */
export interface Row {
  readonly scenario: string
  readonly policy: string
  readonly asked: number
  readonly succeeded: number
  /** Requests that reached a vendor. */
  readonly sent: number
  /** `sent` for each one that was asked. */
  readonly amplification: number
  /** Until a consumer had its first text. */
  readonly firstEventP50: number | null
  readonly firstEventP99: number | null
  /** From the beginning of the trouble to the first success at another vendor after which nothing failed. */
  readonly failoverMillis: number | null
  /** From the end of the trouble to the first success there. */
  readonly recoveryMillis: number | null
  /** What was billed beyond one prompt and the text that its consumer kept. */
  readonly tokensPaidTwice: number
  /** Characters that a vendor wrote and its consumer does not have. */
  readonly lost: number
  /** Characters that a consumer has, and that the vendor did not write there. */
  readonly duplicated: number
}

/** What one policy left behind in one run. */
export interface Run {
  readonly scenario: string
  readonly policy: string
  readonly outcomes: ReadonlyArray<Outcome>
  readonly books: ReadonlyArray<Served>
  /** The trouble that the figures are about. */
  readonly spell: Spell | undefined
  readonly quota: Quota | undefined
  /** Whether there was another vendor to go to. */
  readonly hasOther: boolean
  /** The longest pause of this process or of the vendors', in milliseconds: what it delayed is not the library's. */
  readonly pause: number
  /** What the circuit of the first vendor did, if there was one. Its times are since the run began. */
  readonly circuit: ReadonlyArray<CircuitBreaker.State>
}

export const rowOf = (run: Run): Row => {
  const { books, outcomes, policy, scenario } = run
  const first = outcomes
    .flatMap(({ askedAt, firstAt }) => (firstAt === undefined ? [] : [firstAt - askedAt]))
    .sort((a, b) => a - b)
  const texts = outcomes.map((outcome) => compared(outcome, booksOf(run, outcome)))
  const sum = (of: (text: Compared) => number): number => texts.reduce((total, text) => total + of(text), 0)
  return {
    scenario,
    policy,
    asked: outcomes.length,
    succeeded: outcomes.filter(({ failed }) => failed === undefined).length,
    sent: books.length,
    amplification: Math.round((books.length / outcomes.length) * 1_000) / 1_000,
    firstEventP50: quantile(first, 0.5),
    firstEventP99: quantile(first, 0.99),
    failoverMillis: failover(run),
    recoveryMillis: recovery(run),
    tokensPaidTwice: outcomes.reduce((total, outcome) => total + paidTwice(outcome, booksOf(run, outcome)), 0),
    lost: sum(({ lost }) => lost),
    duplicated: sum(({ duplicated }) => duplicated)
  }
}

export const quantile = (sorted: ReadonlyArray<number>, share: number): number | null =>
  sorted.length === 0 ? null : Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!)

const byRequest = new WeakMap<Run, Map<number, Array<Served>>>()

const booksOf = (run: Run, { request }: Outcome): ReadonlyArray<Served> => {
  const known = byRequest.get(run) ?? new Map<number, Array<Served>>()
  if (!byRequest.has(run)) {
    byRequest.set(run, known)
    for (const entry of run.books) known.set(entry.request, [...(known.get(entry.request) ?? []), entry])
  }
  return known.get(request) ?? []
}

/** Which vendor wrote a text. */
export const writerOf = (text: string): VendorId | undefined =>
  text.startsWith("alpha/") ? "alpha" : text.startsWith("beta/") ? "beta" : undefined

/** Which vendor ended an answer: text that one vendor began may have been ended by another. */
export const endedBy = ({ attempts, text }: Outcome): string | undefined => attempts.at(-1)?.provider ?? writerOf(text)

/** When the last request failed that was asked before `until`. */
const lastFailure = (outcomes: ReadonlyArray<Outcome>, until: number): number =>
  Math.max(
    0,
    ...outcomes.filter(({ askedAt, failed }) => failed !== undefined && askedAt < until).map(({ endedAt }) => endedAt)
  )

const failover = ({ hasOther, outcomes, spell }: Run): number | null => {
  if (spell === undefined || !hasOther) return null
  const elsewhere = outcomes.filter(
    (outcome) => outcome.failed === undefined && outcome.endedAt >= spell.from && endedBy(outcome) !== spell.vendor
  )
  const after = Math.max(spell.from, lastFailure(outcomes, spell.until))
  const ends = elsewhere.map(({ endedAt }) => endedAt).filter((at) => at >= after && at < spell.until)
  return ends.length === 0 ? null : Math.round(Math.min(...ends) - spell.from)
}

const recovery = ({ outcomes, spell }: Run): number | null => {
  if (spell === undefined) return null
  const back = outcomes.filter(
    (outcome) => outcome.failed === undefined && outcome.endedAt > spell.until && endedBy(outcome) === spell.vendor
  )
  // The success of one that was let through while the trouble lasted says nothing of the return.
  const firsts = back.filter(({ askedAt, firstAt = askedAt }) => firstAt >= spell.until).map(({ endedAt }) => endedAt)
  return firsts.length === 0 ? null : Math.round(Math.min(...firsts) - spell.until)
}

const paidTwice = ({ text }: Outcome, books: ReadonlyArray<Served>): number => {
  const paid = books.reduce((sum, { tokens }) => sum + tokens, 0)
  const prompts = books.map(({ tokens, written }) => tokens - tokensOf(written))
  return Math.max(0, paid - Math.max(0, ...prompts) - tokensOf(text.length))
}

interface Compared {
  readonly lost: number
  readonly duplicated: number
}

/**
 * The text of a consumer is one that a vendor wrote: all of it where the answer came, its beginning where it broke. Every word
 * of a vendor says where it stands, so words are counted.
 */
const compared = ({ failed, text }: Outcome, books: ReadonlyArray<Served>): Compared => {
  const texts = books.map((entry) => entry.text)
  if (failed === undefined ? texts.includes(text) : texts.some((whole) => whole.startsWith(text)) || text === "")
    return { lost: 0, duplicated: 0 }
  const owner = /^\w+\/\d+\.\d+\./.exec(text)?.[0]
  const whole = texts.find((meant) => owner !== undefined && meant.startsWith(owner)) ?? texts[0] ?? ""
  const meant = failed === undefined ? whole : whole.slice(0, text.length)
  const missing = new Map<string, number>()
  for (const word of words(meant)) missing.set(word, (missing.get(word) ?? 0) + 1)
  let duplicated = 0
  for (const word of words(text)) {
    const left = missing.get(word) ?? 0
    if (left === 0) duplicated += word.length
    else missing.set(word, left - 1)
  }
  return { duplicated, lost: [...missing].reduce((sum, [word, times]) => sum + word.length * times, 0) }
}

const words = (text: string): ReadonlyArray<string> => text.split(/(?=(?:alpha|beta)\/)/)
