/**
 * What must hold, whatever the machine. A machine that is busy with other things delays everything, so limits of time are
 * raised by the longest pause that the two processes had.
 */
import { endedBy, type Run, rowOf } from "./measure.js"

export interface Hold {
  readonly what: string
  readonly isKept: boolean
  /** What was measured. */
  readonly was: string
}

/** A retry of every request would be 2 or 3. */
const MOST_AMPLIFICATION = 1.2

/** From the opening of a circuit until another provider answers, in milliseconds. */
const MOST_FAILOVER = 1_000

/** What the first answer after a probe takes, and the request that is the probe, in milliseconds. */
const PROBE_SLACK = 400

/** What is known of the run besides its requests. */
export interface Facts {
  /** The longest pause of a process, in milliseconds. */
  readonly pause: number
  /** From the refusal of an attempt to the next probe, in milliseconds. */
  readonly probeInterval: number
}

export const holds = (runs: ReadonlyArray<Run>, facts: Facts): ReadonlyArray<Hold> => [
  ...runs.map(unbroken),
  ...runs.filter(({ policy, scenario }) => scenario === "dies" && policy === "defaults").map(bounded),
  ...runs
    .filter(({ policy, scenario }) => scenario === "dies" && policy === "fallback+breaker")
    .flatMap((run) => [failover(run, facts), recovered(run, facts)])
]

const unbroken = (run: Run): Hold => {
  const { duplicated, lost } = rowOf(run)
  return {
    what: `${run.scenario}, ${run.policy}: no character is lost or duplicated`,
    isKept: lost + duplicated === 0,
    was: `${lost} lost, ${duplicated} duplicated`
  }
}

/** The requests that were asked while the vendor was dead, and all that was sent for them. */
const bounded = ({ books, outcomes, policy, scenario, spell }: Run): Hold => {
  const asked = new Set(
    outcomes
      .filter(({ askedAt }) => spell !== undefined && askedAt >= spell.from && askedAt < spell.until)
      .map(({ request }) => request)
  )
  const sent = books.filter(({ request }) => asked.has(request)).length
  const amplification = asked.size === 0 ? 1 : sent / asked.size
  return {
    what: `${scenario}, ${policy}: while the vendor is dead, at most ${MOST_AMPLIFICATION} requests are sent for each one`,
    isKept: amplification <= MOST_AMPLIFICATION,
    was: `${amplification.toFixed(3)}, ${sent} for ${asked.size}`
  }
}

const failover = ({ openedAt, outcomes, policy, scenario, spell }: Run, { pause }: Facts): Hold => {
  const what = `${scenario}, ${policy}: within ${MOST_FAILOVER} ms of the circuit's opening another provider answers, and nothing fails then`
  const opened = openedAt.find((at) => spell !== undefined && at >= spell.from)
  if (opened === undefined) return { what, isKept: false, was: "the circuit never opened" }
  const elsewhere = outcomes
    .filter((o) => o.failed === undefined && o.endedAt >= opened && endedBy(o) !== spell?.vendor)
    .map(({ endedAt }) => endedAt)
  const took = Math.min(...elsewhere) - opened
  const failed = outcomes.filter((o) => o.failed !== undefined && o.endedAt > opened + MOST_FAILOVER).length
  return {
    what,
    isKept: took <= MOST_FAILOVER + pause && failed === 0,
    was: `${Math.round(took)} ms, ${failed} failed after that`
  }
}

const recovered = (run: Run, { pause, probeInterval }: Facts): Hold => {
  const { recoveryMillis } = rowOf(run)
  return {
    what: `${run.scenario}, ${run.policy}: within one probe interval (${probeInterval} ms) of its return the vendor answers again`,
    isKept: recoveryMillis !== null && recoveryMillis <= probeInterval + PROBE_SLACK + pause,
    was: `${recoveryMillis} ms`
  }
}
