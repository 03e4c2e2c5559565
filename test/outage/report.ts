/**
 * A scenario in the terminal: a row of figures and two small plots for each policy.
 */
import { type Row, type Run, rowOf } from "./measure.js"
import type { Scenario } from "./scenarios.js"
import { logarithmic, series } from "./series.js"

const BARS = "▁▂▃▄▅▆▇█"
const WIDTH = 32

const bar = (share: number | undefined): string =>
  share === undefined ? " " : (BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))] ?? " ")

const millis = (value: number | null): string => (value === null ? "-" : `${value} ms`)

const columns = ["", "success", "sent/asked", "first p50", "p99", "failover", "recovery", "paid twice", "lost", "twice"]

const cells = (row: Row): ReadonlyArray<string> => [
  row.policy,
  `${((row.succeeded / row.asked) * 100).toFixed(1)}%`,
  row.amplification.toFixed(2),
  millis(row.firstEventP50),
  millis(row.firstEventP99),
  millis(row.failoverMillis),
  millis(row.recoveryMillis),
  String(row.tokensPaidTwice),
  String(row.lost),
  String(row.duplicated)
]

/** Where there is trouble, for any vendor. */
const troubled = ({ length, spells }: Scenario): string =>
  Array.from({ length: WIDTH }, (_, i) => {
    const at = ((i + 0.5) / WIDTH) * length
    return spells.some(({ from, until }) => from <= at && at < until) ? "!" : " "
  }).join("")

export const lines = (scenario: Scenario, runs: ReadonlyArray<Run>): ReadonlyArray<string> => {
  const rows = [columns, ...runs.map((run) => cells(rowOf(run)))]
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const table = rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))))
  const plots = runs.map((run) => {
    const buckets = series(run, scenario.length, WIDTH)
    const success = buckets.map((bucket) => bar(bucket?.success)).join("")
    const first = buckets.map((b) => bar(b?.firstEvent === undefined ? undefined : logarithmic(b.firstEvent))).join("")
    return `${run.policy.padEnd(widths[0]!)}  ${success}   ${first}`
  })
  const trouble = troubled(scenario)
  return [
    "",
    `${scenario.name}: ${scenario.title}`,
    ...table.map((row) => row.join("  ")),
    `${"success, time to the first text".padEnd(widths[0]!)}`,
    ...plots,
    `${"".padEnd(widths[0]!)}  ${trouble}   ${trouble}`
  ]
}
