/**
 * The outage laboratory: `npm run outage`. Vendors on real sockets die, stall, slow down and refuse, under a load that does not
 * wait, and each way of asking them is held against the same outage. `-- --only SCENARIO` for one of them, `-- --seed N`,
 * `-- --json` for the figures alone, `-- --svg DIR` for the plots, `-- --quick` for a short run of what must hold.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Console, Effect } from "effect"
import { holds } from "./holds.js"
import { type Run, rowOf } from "./measure.js"
import { pauses } from "./pauses.js"
import { probeInterval } from "./policies.js"
import * as Report from "./report.js"
import * as Runner from "./run.js"
import { type Phases, scenarios, warmUp } from "./scenarios.js"
import * as Svg from "./svg.js"
import { SCALE } from "./world.js"

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    only: { type: "string" },
    quick: { type: "boolean" },
    seed: { type: "string" },
    svg: { type: "string" }
  }
})

const seed = Number(values.seed ?? 1)
const isQuick = values.quick === true
const phases: Phases = isQuick
  ? { before: 1_000, during: 2_500, after: 1_800 }
  : { before: 3_000, during: 6_000, after: 4_000 }
const rate = isQuick ? 40 : 30
const wanted = scenarios(phases).filter(({ name }) => values.only === undefined || name === values.only)

if (!Number.isSafeInteger(seed) || wanted.length === 0) {
  console.error(
    `--seed takes a whole number, --only one of ${scenarios(phases)
      .map(({ name }) => name)
      .join(", ")}`
  )
  process.exit(2)
}

// Thousands of errors are made here, and nobody reads where.
Error.stackTraceLimit = 0

const say = (line: string): Effect.Effect<void> => (values.json ? Effect.void : Console.log(line))

const main = Effect.gen(function* () {
  const run = yield* Runner.make
  yield* say(
    `seed ${seed}; ${rate} requests a second for each policy; time is compressed: one second of this run stands for ${SCALE}, and the waits of retries, budgets and probes are a ${SCALE}th of their defaults`
  )
  yield* run(warmUp, { rate, seed })
  const pause = yield* pauses
  const all: Array<Run> = []
  for (const scenario of wanted) {
    const runs = yield* run(scenario, { rate, seed })
    all.push(...runs)
    for (const line of Report.lines(scenario, runs)) yield* say(line)
    if (values.svg !== undefined) {
      mkdirSync(values.svg, { recursive: true })
      writeFileSync(join(values.svg, `outage-${scenario.name}.svg`), Svg.plot(scenario, runs))
    }
  }
  const longest = pause()
  const kept = holds(all, { pause: longest, probeInterval })
  yield* say("")
  for (const { isKept, was, what } of kept.filter(({ isKept, what }) => !isKept || !what.includes("no character"))) {
    yield* say(`${isKept ? "holds" : "BROKEN"}: ${what} (${was})`)
  }
  yield* say(`the longest pause of this process: ${longest} ms`)
  const broken = kept.filter(({ isKept }) => !isKept)
  if (values.json) {
    for (const { was, what } of broken) yield* Console.error(`BROKEN: ${what} (${was})`)
    yield* Console.log(JSON.stringify({ seed, scale: SCALE, longestPause: longest, scenarios: all.map(rowOf) }))
  }
  if (broken.length > 0) process.exitCode = 1
})

await Effect.runPromise(Effect.scoped(main))
