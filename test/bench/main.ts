/**
 * What an event costs, beside the wire itself and beside other libraries: `npm run bench`. Options: `--json`,
 * `--runs N` (processes per row, default 5), `--only TEXT` (rows whose name, protocol or way of consuming has it; may be
 * repeated, all must match).
 */
import { parseArgs } from "node:util"
import { measure } from "./cpu.js"
import { install } from "./peers.js"
import { clients, startServer } from "./processes.js"
import { FLOOR, type Row, rows } from "./rows.js"
import { table } from "./table.js"

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    runs: { type: "string", default: "5" },
    only: { type: "string", multiple: true, default: [] }
  }
})

const wanted = (row: Row): boolean =>
  values.only.every((text) =>
    [row.name, row.protocol, row.consume, `${row.eventsPerChunk} per chunk`].some((word) => word.includes(text))
  )
const chosen = rows.filter(wanted)
const measured = rows.filter(
  (row) =>
    chosen.includes(row) ||
    (row.name === FLOOR &&
      chosen.some(({ eventsPerChunk, protocol }) => protocol === row.protocol && eventsPerChunk === row.eventsPerChunk))
)

const tell = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`)
}

const peers = measured.some(({ peer }) => peer) ? await install() : clients
const server = await startServer()
const results = await measure(measured, Number(values.runs), server, peers, tell)
tell("")
server.stop()

console.log(values.json ? JSON.stringify({ rows: results }, null, 2) : table(results))
