/**
 * Hundreds of streams at once, a third of them broken at random, for about a minute: `npm run soak`, `-- --minutes N`,
 * `-- --seed N` to repeat a run, `-- --json` for its figures alone. Run with --expose-gc, or the heap is not measured.
 */
import { parseArgs } from "node:util"
import { Effect, Fiber } from "effect"
import { quiet } from "../../support/quiet.js"
import { type Figures, isGood } from "./figures.js"
import { soak } from "./soak.js"

const { values } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" }, json: { type: "boolean" } }
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const minutes = Number(values.minutes ?? 1)
if (!Number.isSafeInteger(seed) || !(minutes > 0)) {
  console.error("--seed takes a whole number, --minutes a number above zero")
  process.exit(2)
}

const say = (line: string): void => {
  if (!values.json) console.log(line)
}
say(`seed ${seed}`)

const measured = await Effect.runPromise(quiet(soak({ seed, millis: minutes * 60_000, say })))
const roots = await Effect.runPromise(Effect.map(Fiber.roots, (fibers) => [...fibers].length - 1))
const sockets = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length
const figures: Figures = {
  ...measured,
  leakedFibers: measured.leakedFibers + roots,
  leakedSockets: measured.leakedSockets + sockets
}
console.log(JSON.stringify(figures))
// Whatever leaked must not hold up the verdict.
process.exit(isGood(figures) ? 0 : 1)
