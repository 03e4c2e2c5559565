/**
 * The ratios as bars, in an SVG that needs nothing else. The scale is logarithmic: the slowest is a hundred times the
 * fastest.
 */

import { picture } from "../../support/svg.js"
import type { Result } from "./cpu.js"
import { EFFECT, FLOOR, LIBRARY } from "./rows.js"

const WIDTH = 860
const LEFT = 270
const RIGHT = 60
const BAR = 18
const GAP = 6

const label = ({ consume, name }: Result): string =>
  name === LIBRARY || name === EFFECT ? `${name}, ${consume === "chunk" ? "in chunks" : "one by one"}` : name

const color = ({ name }: Result): string =>
  name === LIBRARY ? "#2563eb" : name === FLOOR || name === EFFECT ? "#9ca3af" : "#d97706"

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

export const plot = (results: ReadonlyArray<Result>): string => {
  const shown = results.filter(({ eventsPerChunk }) => eventsPerChunk === 1)
  const most = Math.max(2, ...shown.map(({ ratio }) => ratio))
  // Half the floor is where the bars begin, so that the floor itself has one.
  const x = (ratio: number): number =>
    LEFT + (Math.log(Math.max(ratio, 0.5) / 0.5) / Math.log(most / 0.5)) * (WIDTH - LEFT - RIGHT)
  const out: Array<string> = []
  let y = 36
  for (const protocol of [...new Set(shown.map((result) => result.protocol))]) {
    out.push(`<text x="8" y="${y + 13}" font-weight="bold">${protocol}</text>`)
    y += BAR + GAP
    const bars = shown.filter((result) => result.protocol === protocol).sort((a, b) => a.ratio - b.ratio)
    for (const bar of bars) {
      const end = x(bar.ratio).toFixed(1)
      out.push(
        `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escape(label(bar))}</text>`,
        `<rect x="${LEFT}" y="${y}" width="${(x(bar.ratio) - LEFT).toFixed(1)}" height="${BAR}" fill="${color(bar)}"/>`,
        `<text x="${end}" y="${y + 13}" dx="6">${bar.ratio.toFixed(bar.ratio < 10 ? 2 : 0)}</text>`
      )
      y += BAR + GAP
    }
    y += GAP
  }
  const title = "CPU per event, in times of reading the bytes and parsing them (logarithmic)"
  return picture({ width: WIDTH, height: y, title }, out)
}
