/**
 * A scenario as an SVG that needs nothing else: for each policy the share of its requests that succeeded and the time to their
 * first text, by when they were asked. It follows the reader's choice of light or dark.
 */
import { type Run, rowOf } from "./measure.js"
import type { Scenario } from "./scenarios.js"
import { logarithmic, series } from "./series.js"
import { SCALE } from "./world.js"

const WIDTH = 720
const LEFT = 130
const RIGHT = 190
const TOP = 46
const HEIGHT = 26
const GAP = 8
const BUCKETS = 52

const style = [
  ".back{fill:#ffffff}.text{fill:#1f2328}.faint{fill:#656d76}.trouble{fill:#d1242f;opacity:.12}.none{fill:#d1242f}.area{fill:#4ac26b}.line{fill:none;stroke:#0b3d91;stroke-width:1.5}",
  "@media(prefers-color-scheme:dark){.back{fill:#0d1117}.text{fill:#e6edf3}.faint{fill:#8d96a0}.trouble{fill:#f85149;opacity:.2}",
  ".none{fill:#f85149}.area{fill:#2ea043}.line{stroke:#d2e8ff}}"
].join("")

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const round = (value: number): string => String(Math.round(value * 10) / 10)

export const plot = (scenario: Scenario, runs: ReadonlyArray<Run>): string => {
  const { length, spells, title } = scenario
  const x = (at: number): number => LEFT + (at / length) * (WIDTH - LEFT - RIGHT)
  const bottom = TOP + runs.length * (HEIGHT + GAP)
  const height = bottom + 26
  const out: Array<string> = []
  for (const [i, run] of runs.entries()) {
    const y = TOP + i * (HEIGHT + GAP)
    const row = rowOf(run)
    const buckets = series(run, length, BUCKETS)
    const bars = buckets.map((bucket, n) => {
      if (bucket === undefined) return ""
      const [left, right] = [x((n / BUCKETS) * length), x(((n + 1) / BUCKETS) * length)]
      const up = bucket.success * HEIGHT
      return `M${round(left)} ${y + HEIGHT}v${round(-up)}h${round(right - left)}v${round(up)}z`
    })
    const line = buckets.flatMap((bucket, n) =>
      bucket?.firstEvent === undefined
        ? []
        : [`${round(x(((n + 0.5) / BUCKETS) * length))},${round(y + HEIGHT * (1 - logarithmic(bucket.firstEvent)))}`]
    )
    const base = `M${LEFT} ${y}h${WIDTH - LEFT - RIGHT}v${HEIGHT}h-${WIDTH - LEFT - RIGHT}z`
    const figures = `${((row.succeeded / row.asked) * 100).toFixed(1)}%, sent ${row.amplification.toFixed(2)}, p99 ${seconds(row.firstEventP99)}`
    out.push(
      `<text class="text" x="${LEFT - 8}" y="${y + 18}" text-anchor="end">${escape(run.policy)}</text>`,
      `<path class="none" d="${base}"/>`,
      `<path class="area" d="${bars.join("")}"/>`,
      `<polyline class="line" points="${line.join(" ")}"/>`,
      `<text class="faint" x="${WIDTH - RIGHT + 8}" y="${y + 18}">${figures}</text>`
    )
  }
  for (const { from, until } of spells) {
    out.push(
      `<rect class="trouble" x="${round(x(from))}" y="${TOP - 5}" width="${round(x(until) - x(from))}" height="${bottom - TOP + 2}"/>`
    )
  }
  const end = Math.round((length / 1_000) * SCALE)
  out.push(
    `<text class="faint" x="${LEFT}" y="${bottom + 14}">0 s</text>`,
    `<text class="faint" x="${WIDTH - RIGHT}" y="${bottom + 14}" text-anchor="end">${end} s, one tenth of which was waited</text>`
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<style>${style}</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}"/>`,
    `<text class="text" x="8" y="18" font-size="14">${escape(title)}</text>`,
    `<text class="faint" x="8" y="35">green: succeeded, by when asked; line: time to the first text, 20 ms to 20 s (logarithmic); shaded: trouble</text>`,
    ...out,
    "</svg>",
    ""
  ].join("\n")
}

const seconds = (millis: number | null): string => (millis === null ? "-" : `${(millis / 1_000).toFixed(2)} s`)
