/**
 * What must hold, whatever the machine. A machine that is busy with other things delays everything, so limits of time are
 * raised by the longest pause that the two processes had.
 */
import { endedBy, type Run, rowOf } from "./measure.js"

export interface Hold {
  readonly what: string
  /** `unknown`: the machine was too busy to tell. */
  readonly isKept: boolean | "unknown"
  /** What was measured. */
  readonly was: string
}

/** A retry of every request would be 2 or 3. */
const MOST_AMPLIFICATION = 1.2

/** From the opening of a circuit until another provider answers, in milliseconds. */
const MOST_FAILOVER = 1_000

/** What the first answer after a probe takes, and the request that is the probe, in milliseconds. */
const PROBE_SLACK = 400

/** Of the quota of a fleet, while there is enough to send. */
const LEAST_USED = 0.9

/**
 * What a machine may pause, in milliseconds, before times mean nothing any more: probes pass in such a pause, and what was
 * permitted at one time arrives at another.
 */
export const MOST_PAUSE = 150

export const holds = (runs: ReadonlyArray<Run>): ReadonlyArray<Hold> =>
  runs.flatMap((run) => [
    unbroken(run),
    ...(is(run, "dies", "defaults") ? [bounded(run)] : []),
    ...(is(run, "dies", "fallback+breaker") || is(run, "dies", "all")
      ? [timed(failover, run), timed(recovered, run)]
      : []),
    ...(is(run, "fleet", "redis-limits") ? [timed(within, run), timed(used, run), timed(nothingLost, run)] : []),
    ...(is(run, "redis", "redis-limits") ? [timed(within, run), timed(nothingLost, run)] : [])
  ])

/** A hold that only a machine that keeps up can show to be broken. */
const timed = (hold: (run: Run) => Hold, run: Run): Hold => {
  const judged = hold(run)
  return judged.isKept || run.pause <= MOST_PAUSE
    ? judged
    : { ...judged, isKept: "unknown", was: `${judged.was}; a process paused for ${run.pause} ms` }
}

const is = (run: Run, scenario: string, policy: string): boolean => run.scenario === scenario && run.policy === policy

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

const failover = ({ circuit, outcomes, policy, scenario, pause, spell }: Run): Hold => {
  const what = `${scenario}, ${policy}: within ${MOST_FAILOVER} ms of the circuit's opening another provider answers, and nothing fails then`
  const opened = circuit.find((state) => state._tag === "Open" && spell !== undefined && state.since >= spell.from)
  if (opened?._tag !== "Open") return { what, isKept: false, was: "the circuit never opened" }
  const elsewhere = outcomes
    .filter((o) => o.failed === undefined && o.endedAt >= opened.since && endedBy(o) !== spell?.vendor)
    .map(({ endedAt }) => endedAt)
  const took = Math.min(...elsewhere) - opened.since
  const failed = outcomes.filter((o) => o.failed !== undefined && o.endedAt > opened.since + took).length
  return {
    what,
    isKept: took <= MOST_FAILOVER + pause && failed === 0,
    was: `${Math.round(took)} ms, ${failed} failed after that`
  }
}

/** The interval is the one that was running when the vendor came back: it grows while the circuit stays open. */
const recovered = (run: Run): Hold => {
  const { recoveryMillis } = rowOf(run)
  const until = run.spell?.until ?? 0
  const last = run.circuit.findLast((state) => state._tag === "Open" && state.since <= until)
  const interval = last?._tag === "Open" ? Math.round(last.probeAt - last.since) : 0
  return {
    what: `${run.scenario}, ${run.policy}: within one probe interval (${interval} ms) of its return the vendor answers again`,
    isKept: recoveryMillis !== null && recoveryMillis <= interval + PROBE_SLACK + run.pause,
    was: `${recoveryMillis} ms`
  }
}

/** How many requests came to the vendor within a window that begins with each of them. */
const windows = ({ books, quota }: Run): ReadonlyArray<{ readonly from: number; readonly count: number }> => {
  const times = books.map(({ at }) => at).sort((a, b) => a - b)
  let end = 0
  return times.map((from, i) => {
    while (end < times.length && times[end]! < from + (quota?.window ?? 0)) end++
    return { from, count: end - i }
  })
}

const within = (run: Run): Hold => {
  const most = Math.max(0, ...windows(run).map(({ count }) => count))
  const limit = run.quota?.requests ?? 0
  return {
    what: `${run.scenario}, ${run.policy}: never more than ${limit} requests in any window at the vendor`,
    isKept: most <= limit,
    was: `at most ${most}`
  }
}

/** On average over all windows in which there was more to send than the quota allows. */
const used = (run: Run): Hold => {
  const { outcomes, quota } = run
  const last = Math.max(...outcomes.map(({ askedAt }) => askedAt)) - (quota?.window ?? 0)
  const counts = windows(run)
    .filter(({ from }) => from <= last)
    .map(({ count }) => count)
  const share = counts.reduce((sum, count) => sum + count, 0) / counts.length / (quota?.requests ?? 0)
  return {
    what: `${run.scenario}, ${run.policy}: at least ${LEAST_USED * 100}% of the quota is used`,
    isKept: share >= LEAST_USED,
    was: `${(share * 100).toFixed(1)}%`
  }
}

const nothingLost = (run: Run): Hold => {
  const { asked, succeeded } = rowOf(run)
  return {
    what: `${run.scenario}, ${run.policy}: no request fails`,
    isKept: asked === succeeded,
    was: `${asked - succeeded} of ${asked} failed`
  }
}
