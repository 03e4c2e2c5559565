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

const columns = [
  "",
  "success",
  "sent/asked",
  "first p50",
  "p99",
  "failover",
  "recovery",
  "paid twice",
  "lost",
  "twice",
  "failed with"
]

/** The tags of errors, the most frequent first. */
const failures = ({ outcomes }: Run): string => {
  const counts = new Map<string, number>()
  for (const { failed } of outcomes) if (failed !== undefined) counts.set(failed, (counts.get(failed) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([tag, count]) => `${count} ${tag.split("\n", 1)[0]}`)
    .join(", ")
}

const cells = (run: Run, row: Row = rowOf(run)): ReadonlyArray<string> => [
  row.policy,
  `${((row.succeeded / row.asked) * 100).toFixed(1)}%`,
  row.amplification.toFixed(2),
  millis(row.firstEventP50),
  millis(row.firstEventP99),
  millis(row.failoverMillis),
  millis(row.recoveryMillis),
  String(row.tokensPaidTwice),
  String(row.lost),
  String(row.duplicated),
  failures(run)
]

/** Where there is trouble, for any vendor. */
const troubled = ({ length, spells }: Scenario): string =>
  Array.from({ length: WIDTH }, (_, i) => {
    const at = ((i + 0.5) / WIDTH) * length
    return spells.some(({ from, until }) => from <= at && at < until) ? "!" : " "
  }).join("")

export const lines = (scenario: Scenario, runs: ReadonlyArray<Run>): ReadonlyArray<string> => {
  const rows = [columns, ...runs.map((run) => cells(run))]
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const table = rows.map((row) =>
    row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]!) : i === columns.length - 1 ? cell : cell.padStart(widths[i]!)
    )
  )
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

/** The same as a section of docs/many-providers.md, beneath its plot. */
export const markdown = (scenario: Scenario, runs: ReadonlyArray<Run>): ReadonlyArray<string> => [
  `### ${scenario.title}`,
  "",
  `![${scenario.title}: the share of requests that succeeded, and the time to their first text](outage-${scenario.name}.svg)`,
  "",
  "| policy | succeeded | sent | first p50 | first p99 | failover | recovery | paid twice |",
  "|---|---|---|---|---|---|---|---|",
  ...runs.map((run) => {
    const [policy, ...figures] = cells(run).slice(0, 8)
    return `| ${[`\`${policy}\``, ...figures].join(" | ")} |`
  }),
  ""
]
