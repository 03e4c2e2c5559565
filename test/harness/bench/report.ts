/**
 * The results as tables of Markdown, and in docs/benchmarks.md between its markers.
 */
import { readFile, writeFile } from "node:fs/promises"
import { availableParallelism, cpus } from "node:os"
import { fileURLToPath } from "node:url"
import type { Result } from "./cpu.js"
import type { More } from "./more.js"
import { EFFECT, FLOOR, LIBRARY } from "./rows.js"
import type { Size } from "./size.js"
import { plot } from "./svg.js"

export interface Report {
  readonly rows: ReadonlyArray<Result>
  readonly more: ReadonlyArray<More>
  readonly sizes: ReadonlyArray<Size>
}

const lines = (header: ReadonlyArray<string>, body: ReadonlyArray<ReadonlyArray<string>>): string =>
  [header, header.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const rowsTable = (results: ReadonlyArray<Result>): string => {
  const groups = new Map<string, Array<Result>>()
  for (const result of results) {
    const key = [result.protocol, result.name, result.consume].join("|")
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [result])
    else group.push(result)
  }
  const cell = (group: ReadonlyArray<Result>, eventsPerChunk: number): ReadonlyArray<string> => {
    const found = group.find((result) => result.eventsPerChunk === eventsPerChunk)
    return found === undefined ? ["", ""] : [found.cpuPerEvent.toFixed(1), found.ratio.toFixed(2)]
  }
  return lines(
    ["protocol", "client", "events handed over", "µs, 1 per chunk", "ratio", "µs, 64 per chunk", "ratio"],
    [...groups.values()]
      .sort((a, b) => a[0]!.protocol.localeCompare(b[0]!.protocol) || a[0]!.ratio - b[0]!.ratio)
      .map((group) => {
        const { consume, name, protocol } = group[0]!
        return [protocol, name, consume === "each" ? "one by one" : "in chunks", ...cell(group, 1), ...cell(group, 64)]
      })
  )
}

const moreTable = (more: ReadonlyArray<More>): string =>
  lines(
    ["measured", "unit", FLOOR, EFFECT, "@anthropic-ai/sdk", LIBRARY],
    more.map(({ effect, floor, library, name, sdk, unit }) => [
      name,
      unit,
      ...[floor, effect, sdk, library].map((value) => `${value ?? ""}`)
    ])
  )

const sizesTable = (sizes: ReadonlyArray<Size>): string =>
  lines(
    ["library", "CPU of its import, ms", "in a bundle, KiB gzip", "with what is loaded later"],
    sizes.map(({ allGzipKiB, gzipKiB, importMillis, name }) => [name, `${importMillis}`, `${gzipKiB}`, `${allGzipKiB}`])
  )

export const text = ({ more, rows, sizes }: Report): string =>
  [
    ...(rows.length === 0 ? [] : [rowsTable(rows)]),
    ...(more.length === 0 ? [] : [moreTable(more)]),
    ...(sizes.length === 0 ? [] : [sizesTable(sizes)])
  ].join("\n\n")

const docs = fileURLToPath(new URL("../../../docs/", import.meta.url))

/** Puts the tables and the plot into the docs. */
export const write = async (report: Report): Promise<void> => {
  const file = `${docs}benchmarks.md`
  const before = await readFile(file, "utf8")
  const machine = `Node ${process.versions.node} on ${availableParallelism()} cores of ${cpus()[0]?.model.trim()}.`
  const [open, close] = ["<!-- results -->", "<!-- end of results -->"]
  const [from, to] = [before.indexOf(open), before.indexOf(close)]
  if (from < 0 || to < from) throw new Error(`${file} has no markers`)
  const after = `${before.slice(0, from)}${open}\n\n${machine}\n\n${text(report)}\n\n${before.slice(to)}`
  await writeFile(file, after)
  await writeFile(`${docs}benchmarks.svg`, plot(report.rows))
}
