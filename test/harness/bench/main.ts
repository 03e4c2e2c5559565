/**
 * What an event costs, beside the wire itself and beside other libraries: `npm run bench`. Options:
 *
 * - `--json`: as data; without it as tables, which are also written into docs/benchmarks.md, with the plot beside it,
 *   where all of it was measured
 * - `--runs N`: processes per row, default 5
 * - `--part rows|more|sizes`: only that; may be repeated
 * - `--only TEXT`: only the rows whose name, protocol or way of consuming has it, and the programs of `more`; may be
 *   repeated, and then all must match
 */
import { parseArgs } from "node:util"
import { measure } from "./cpu.js"
import { measureMore } from "./more.js"
import { install } from "./peers.js"
import { startServer } from "./processes.js"
import { text, write } from "./report.js"
import { FLOOR, type Row, rows } from "./rows.js"
import { measureSizes } from "./size.js"

const parts = ["rows", "more", "sizes"]

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    runs: { type: "string", default: "5" },
    part: { type: "string", multiple: true, default: parts },
    only: { type: "string", multiple: true, default: [] }
  }
})

const has = (...words: ReadonlyArray<string>): boolean =>
  values.only.every((text) => words.some((word) => word.includes(text)))
const chosen = rows.filter((row) => has(row.name, row.protocol, row.consume, `${row.eventsPerChunk} per chunk`))
const isFloorOf = (floor: Row, row: Row): boolean =>
  floor.name === FLOOR && floor.protocol === row.protocol && floor.eventsPerChunk === row.eventsPerChunk
const measured = rows.filter((row) => chosen.includes(row) || chosen.some((other) => isFloorOf(row, other)))

const runs = Number(values.runs)
if (!(Number.isInteger(runs) && runs > 0)) throw new Error(`--runs ${values.runs}: must be a whole number, from 1`)
for (const part of values.part) if (!parts.includes(part)) throw new Error(`--part ${part}: must be one of ${parts}`)

const tell = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${line}`)
}
const part = <A>(name: string, run: () => Promise<ReadonlyArray<A>>): Promise<ReadonlyArray<A>> =>
  values.part.includes(name) ? run() : Promise.resolve([])

const peers = await install()
const server = await startServer()
const report = {
  rows: await part("rows", () => measure(measured, runs, server, peers, tell)),
  more: await part("more", () => measureMore(runs, server, tell, (program) => has(program))),
  sizes: await part("sizes", () => measureSizes(peers, tell))
}
tell("")
server.stop()

if (Object.values(report).every((found) => found.length === 0)) {
  throw new Error(`--only ${values.only.join(" --only ")}: nothing that is measured is named so`)
}
console.log(values.json ? JSON.stringify(report, null, 2) : text(report))
// Beside figures of another day or another machine, a part of them would not say what it seems to.
const whole = values.part.length === parts.length && values.only.length === 0
if (whole && !values.json) await write(report)
