/**
 * Two hundred conversations of `Chat` with tools, a third of whose requests drop: `npm run conversations`, with
 * `-- --count N`, `-- --seed N`, and `-- --json` for its figures alone.
 */
import { parseArgs } from "node:util"
import { Effect } from "effect"
import { quiet } from "../../support/quiet.js"
import { run } from "./run.js"

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean" }
  }
})

const { wrong, ...figures } = await Effect.runPromise(quiet(run(Number(values.count), Number(values.seed))))
if (values.json) console.log(JSON.stringify({ ...figures, wrong: wrong.length }))
else {
  console.log(
    `${figures.conversations} conversations: ${figures.requests} requests, ${figures.drops} dropped, ` +
      `${figures.handlerRuns} handlers run, ${wrong.length} wrong`
  )
}
for (const line of wrong) console.error(line)
if (wrong.length > 0) process.exitCode = 1
