/**
 * Real middleboxes between client and server: `npm run middleboxes`, with `-- --json` for its figures alone, with
 * `-- --only NAME` for one case. Programs that are not installed are skipped, and it says so.
 */
import { parseArgs } from "node:util"
import { Console, Effect } from "effect"
import { protocols } from "../../support/protocols.js"
import { quiet } from "../../support/quiet.js"
import { complaints, figuresOf, isGood, table } from "../faults/report.js"
import { missing, type Need } from "./boxes.js"
import { cases } from "./catalogue.js"
import { run } from "./run.js"

const { values } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } })

const needs: ReadonlyArray<Need> = ["nginx", "haproxy", "ss"]

const wanted = cases.filter(({ name }) => values.only === undefined || name === values.only)
if (wanted.length === 0) {
  console.error(`there is no case ${values.only}`)
  process.exit(2)
}

const main = Effect.gen(function* () {
  const reasons = new Map<Need, string>()
  for (const need of needs) {
    const reason = yield* missing(need)
    if (reason !== undefined) reasons.set(need, reason)
  }
  const jobs = wanted
    .filter(({ need }) => !reasons.has(need))
    .flatMap((middle) => protocols.flatMap((protocol) => [false, true].map((retry) => run(middle, protocol, retry))))
  const cells = yield* Effect.all(jobs, { concurrency: 4 })
  const skipped = [...reasons].map(([need, reason]) => ({
    need,
    reason,
    cases: wanted.filter((middle) => middle.need === need).length
  }))
  const figures = figuresOf(cells)
  if (!values.json) yield* table(cells)
  for (const { cases, reason } of skipped) yield* Console.error(`skipped ${cases} cases: ${reason}`)
  yield* complaints(cells)
  yield* Console.log(JSON.stringify({ ...figures, skipped }))
  if (!isGood(figures)) process.exitCode = 1
})

await Effect.runPromise(quiet(main))
