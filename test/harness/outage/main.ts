/**
 * The outage laboratory: `npm run outage`. Vendors on real sockets die, stall, slow down and refuse, under a load that does not
 * wait, and each way of asking them is held against the same outage. `-- --only SCENARIO` for one of them, `-- --seed N`,
 * `-- --json` for the figures alone, `-- --markdown` for those of docs/many-providers.md, `-- --svg DIR` for its plots,
 * `-- --quick` for a short run of what must hold.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Console, Effect } from "effect"
import { holds, MOST_PAUSE } from "./holds.js"
import { type Run, rowOf } from "./measure.js"
import * as Redis from "./redis.js"
import * as Report from "./report.js"
import * as Runner from "./run.js"
import { type Setting, scenarios, warmUp } from "./scenarios.js"
import * as Svg from "./svg.js"
import { SCALE } from "./world.js"

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    markdown: { type: "boolean" },
    only: { type: "string" },
    quick: { type: "boolean" },
    seed: { type: "string" },
    svg: { type: "string" }
  }
})

const seed = Number(values.seed ?? 1)
const isQuick = values.quick === true
const setting: Setting = isQuick
  ? { before: 1_000, during: 3_200, after: 2_000, rate: 35 }
  : { before: 2_000, during: 6_000, after: 3_000, rate: 25 }
/** What a short run is for: the rest has nothing to hold that these have not. */
const quick = {
  scenarios: ["dies", "fleet"],
  policies: ["defaults", "fallback+breaker", "all", "redis-limits"]
}
const wanted = scenarios(setting)
  .filter(({ name }) => (values.only === undefined ? !isQuick || quick.scenarios.includes(name) : name === values.only))
  .map((scenario) => ({
    ...scenario,
    policies: scenario.policies.filter(({ name }) => !isQuick || quick.policies.includes(name))
  }))

if (!Number.isSafeInteger(seed) || wanted.length === 0) {
  console.error(
    `--seed takes a whole number, --only one of ${scenarios(setting)
      .map(({ name }) => name)
      .join(", ")}`
  )
  process.exit(2)
}

// Thousands of errors are made here, and nobody reads where.
Error.stackTraceLimit = 0

const say = (line: string): Effect.Effect<void> => (values.json || values.markdown ? Effect.void : Console.log(line))

/** A run on a machine that was busy with other things says little, so where it matters there is another one. */
const calm = (run: Effect.Effect<ReadonlyArray<Run>>): Effect.Effect<ReadonlyArray<Run>> =>
  Effect.repeat(run, {
    times: isQuick ? 1 : 2,
    while: (runs) =>
      runs.some(({ pause }) => pause > MOST_PAUSE) &&
      (values.markdown === true || holds(runs).some(({ isKept }) => isKept !== true))
  })

const main = Effect.gen(function* () {
  const run = yield* Runner.make
  yield* say(
    `seed ${seed}; ${setting.rate} requests a second for each policy; time is compressed: one second of this run stands for ${SCALE}, and the waits of retries, budgets and probes are a ${SCALE}th of their defaults`
  )
  yield* run(warmUp, { seed, setting })
  const all: Array<Run> = []
  for (const scenario of wanted) {
    if (scenario.fleet !== undefined && !Redis.isInstalled()) {
      yield* Console.error(`skipped ${scenario.name}: there is no redis-server on this machine`)
      continue
    }
    const runs = yield* calm(run(scenario, { seed, setting }))
    all.push(...runs)
    for (const line of Report.lines(scenario, runs)) yield* say(line)
    if (values.markdown) yield* Console.log(Report.markdown(scenario, runs).join("\n"))
    if (values.svg !== undefined) {
      mkdirSync(values.svg, { recursive: true })
      writeFileSync(join(values.svg, `outage-${scenario.name}.svg`), Svg.plot(scenario, runs))
    }
  }
  const longest = Math.max(0, ...all.map(({ pause }) => pause))
  const kept = holds(all)
  yield* say("")
  for (const { isKept, was, what } of kept.filter(
    ({ isKept, what }) => isKept !== true || !what.includes("no character")
  )) {
    yield* say(`${isKept === true ? "holds" : isKept ? "unknown" : "BROKEN"}: ${what} (${was})`)
  }
  yield* say(`the longest pause of a process: ${longest} ms`)
  const broken = kept.filter(({ isKept }) => isKept !== true)
  if (values.json || values.markdown) {
    for (const { isKept, was, what } of broken)
      yield* Console.error(`${isKept ? "unknown" : "BROKEN"}: ${what} (${was})`)
  }
  if (values.json) {
    yield* Console.log(JSON.stringify({ seed, scale: SCALE, longestPause: longest, scenarios: all.map(rowOf) }))
  }
  if (broken.some(({ isKept }) => isKept === false)) process.exitCode = 1
})

await Effect.runPromise(Effect.scoped(main))
