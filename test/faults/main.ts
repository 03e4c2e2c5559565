/**
 * The fault matrix: `npm run faults`, with `-- --json` for its figures alone, with `-- --only NAME` for one fault.
 */
import { parseArgs } from "node:util"
import { Console, Effect } from "effect"
import { faults } from "./catalogue.js"
import { complaints, figuresOf, isGood, table } from "./report.js"
import { protocols, run } from "./run.js"

const { values } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } })

const jobs = faults
  .filter(({ name }) => values.only === undefined || name === values.only)
  .flatMap((fault) => protocols.flatMap((protocol) => [false, true].map((retry) => run(fault, protocol, retry))))

if (jobs.length === 0) {
  console.error(`there is no fault ${values.only}`)
  process.exit(2)
}

const main = Effect.gen(function* () {
  const cells = yield* Effect.all(jobs, { concurrency: 8 })
  const figures = figuresOf(cells)
  if (!values.json) yield* table(cells)
  yield* complaints(cells)
  yield* Console.log(JSON.stringify(figures))
  if (!isGood(figures)) process.exitCode = 1
})

await Effect.runPromise(main)
