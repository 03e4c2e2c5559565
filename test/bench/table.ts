/**
 * The results as a table of Markdown.
 */
import type { Result } from "./cpu.js"

const lines = (header: ReadonlyArray<string>, body: ReadonlyArray<ReadonlyArray<string>>): string =>
  [header, header.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

export const table = (results: ReadonlyArray<Result>): string => {
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
