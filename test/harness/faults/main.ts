/**
 * The fault matrix, and what no single fault shows: `npm run faults`, with `-- --json` for the figures alone, with
 * `-- --only NAME` for one fault or one section.
 */
import { parseArgs } from "node:util"
import { Console, Effect } from "effect"
import { quiet } from "../../support/quiet.js"
import * as Cancel from "./cancel.js"
import { faults } from "./catalogue.js"
import * as Healthy from "./healthy.js"
import * as Hostile from "./hostile.js"
import * as Pulls from "./pulls.js"
import { complaints, figuresOf, isGood, table } from "./report.js"
import { run, waysOf } from "./run.js"

const { values } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } })

const wanted = (name: string): boolean => values.only === undefined || name === values.only

const jobs = faults.filter(({ name }) => wanted(name)).flatMap((fault) => waysOf(fault).map((way) => run(fault, way)))

if (jobs.length === 0 && !["hostile", "cancel", "healthy", "pulls"].includes(values.only ?? "")) {
  console.error(`there is no fault ${values.only}`)
  process.exit(2)
}

/**
 * Each part is a program of its own. The test clock of the slow providers is a fiber's own service, and fibers that are
 * joined hand it on: in one program with them, the matrix would wait for a clock that nobody moves.
 */
const part = <A>(name: string, program: Effect.Effect<ReadonlyArray<A>>): Promise<ReadonlyArray<A>> =>
  wanted(name) ? Effect.runPromise(quiet(program)) : Promise.resolve([])

// Alone, since it measures memory.
const hostile = await part("hostile", Hostile.hostile)
const cancelled = await part("cancel", Cancel.cancelled)
const healthy = await part("healthy", Healthy.healthy)
const pulled = await part("pulls", Pulls.pulls)
const cells = await Effect.runPromise(quiet(Effect.all(jobs, { concurrency: 8 })))

const main = Effect.gen(function* () {
  const figures = {
    ...figuresOf(cells),
    cancel: Cancel.figures(cancelled),
    healthy: Healthy.figures(healthy),
    hostile: Hostile.figures(hostile),
    pulls: Pulls.figures(pulled)
  }
  if (!values.json) {
    yield* table(cells)
    const parts = [Healthy.lines(healthy), Cancel.lines(cancelled), Hostile.lines(hostile), Pulls.lines(pulled)]
    for (const line of parts.flat()) yield* Console.log(line)
  }
  yield* complaints(cells)
  yield* Console.log(JSON.stringify(figures))
  const { cancel, healthy: slow, hostile: pours } = figures
  if (!isGood(figures) || cancel.leaked + slow.killed + slow.renewed + pours.bad > 0) process.exitCode = 1
  if (!Pulls.isGood(figures.pulls)) process.exitCode = 1
})

await Effect.runPromise(quiet(main))
