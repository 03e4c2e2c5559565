/**
 * The fault matrix, and what no single fault shows: `npm run faults`, with `-- --json` for the figures alone, with
 * `-- --only NAME` for one fault or one section.
 */
import { parseArgs } from "node:util"
import { Console, Effect } from "effect"
import * as Cancel from "./cancel.js"
import { faults } from "./catalogue.js"
import * as Healthy from "./healthy.js"
import * as Hostile from "./hostile.js"
import { type Cell, protocols, run } from "./run.js"

const { values } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } })

const wanted = (name: string): boolean => values.only === undefined || name === values.only

const jobs = faults
  .filter(({ name }) => wanted(name))
  .flatMap((fault) => protocols.flatMap((protocol) => [false, true].map((retry) => run(fault, protocol, retry))))

const count = (cells: ReadonlyArray<Cell>, is: (cell: Cell) => boolean): number => cells.filter(is).length

const row = ({ attempts, expected, fault, millis, outcome, protocol, retry, socketsLeft }: Cell): string =>
  [
    outcome === expected ? " " : "!",
    fault.padEnd(26),
    protocol.padEnd(19),
    (retry ? "retry" : "").padEnd(6),
    outcome.padEnd(22),
    `${millis} ms`.padStart(8),
    String(attempts).padStart(4),
    String(socketsLeft).padStart(4)
  ].join(" ")

const main = Effect.gen(function* () {
  // Alone, since it measures memory.
  const hostile = wanted("hostile") ? yield* Hostile.hostile : []
  const cancelled = wanted("cancel") ? yield* Cancel.cancelled : []
  const healthy = wanted("healthy") ? yield* Healthy.healthy : []
  const cells = yield* Effect.all(jobs, { concurrency: 8 })
  const figures = {
    faults: new Set(cells.map(({ fault }) => fault)).size,
    protocols: protocols.length,
    cells: cells.length,
    silent: count(cells, ({ outcome }) => outcome === "silent end" || outcome === "wrong text"),
    hangs: count(cells, ({ outcome }) => outcome === "hang"),
    wrongTag: count(cells, ({ expected, outcome }) => outcome !== expected),
    defects: count(cells, ({ outcome }) => outcome === "defect"),
    leakedSockets: cells.reduce((sum, { socketsLeft }) => sum + socketsLeft, 0),
    cancel: Cancel.figures(cancelled),
    healthy: Healthy.figures(healthy),
    hostile: Hostile.figures(hostile)
  }
  if (values.json) yield* Console.log(JSON.stringify(figures))
  else {
    yield* Console.log(
      "  fault                      protocol            retry  outcome                    time  att sock"
    )
    for (const cell of cells) yield* Console.log(row(cell))
    for (const cell of cells.filter(({ expected, outcome }) => outcome !== expected)) {
      yield* Console.log(
        `\n${cell.fault}, ${cell.protocol}${cell.retry ? ", retry" : ""}: expected ${cell.expected}, was ${cell.outcome}: ${cell.detail.slice(0, 500)}`
      )
    }
    for (const line of [...Healthy.lines(healthy), ...Cancel.lines(cancelled), ...Hostile.lines(hostile)])
      yield* Console.log(line)
    yield* Console.log(`\n${JSON.stringify(figures)}`)
  }
  const bad = figures.silent + figures.hangs + figures.wrongTag + figures.defects + figures.leakedSockets
  if (bad + figures.healthy.killed + figures.healthy.renewed + figures.cancel.leaked + figures.hostile.bad > 0)
    process.exitCode = 1
})

await Effect.runPromise(main)
