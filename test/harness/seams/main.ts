/**
 * Texts that break off at every character, and models that go on with them in every style, obedient or not:
 * `npm run seams`, `-- --full` for every style at every cut, `-- --seed N` to repeat a run, `-- --only NAME` for one text,
 * `-- --json` for its figures alone. No consumer may ever be shown what the model did not mean.
 */
import { fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { cutsOf, manners, type Options } from "./part.js"
import { cutsIn, figuresOf, type Part, table } from "./report.js"
import { texts } from "./texts.js"

const { values } = parseArgs({
  options: { json: { type: "boolean" }, seed: { type: "string" }, full: { type: "boolean" }, only: { type: "string" } }
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const chosen = [...texts.keys()].filter((at) => (values.only ?? texts[at]!.name) === texts[at]!.name)
if (!Number.isSafeInteger(seed) || chosen.length === 0) {
  console.error(`--seed takes a whole number, --only one of ${texts.map(({ name }) => name).join(", ")}`)
  process.exit(2)
}

/** As many shares as there are processors, of about as much work each. */
const shares = (): ReadonlyArray<ReadonlyArray<number>> => {
  const all = Array.from({ length: Math.min(availableParallelism(), 8, chosen.length) }, () => ({
    which: [] as number[],
    work: 0
  }))
  const sized = chosen.map((at) => ({ at, work: cutsOf(texts[at]!).length }))
  for (const { at, work } of sized.sort((a, b) => b.work - a.work)) {
    const least = all.reduce((a, b) => (b.work < a.work ? b : a))
    least.which.push(at)
    least.work += work
  }
  return all.map(({ which }) => which)
}

/** Each share in a process of its own, which runs from its sources as this one does. */
const played = (which: ReadonlyArray<number>): Promise<Part> =>
  new Promise((resolve, reject) => {
    const options: Options = { seed, full: values.full ?? false, which }
    const child = fork(fileURLToPath(new URL("./partProcess.ts", import.meta.url)), [JSON.stringify(options)], {
      // A run leaves much behind that dies young.
      execArgv: [...process.execArgv, "--max-semi-space-size=64"]
    })
    child.once("message", (part) => resolve(part as Part)) // it sends nothing else
    child.once("error", reject)
    // Not on its exit, which may be heard of before its last message.
    child.once("disconnect", () => reject(new Error("a part ended without figures")))
  })

if (!values.json) console.log(`seed ${seed}`)
const parts = await Promise.all(shares().map(played))
const figures = figuresOf(
  seed,
  parts,
  manners.map(({ name }) => name)
)
for (const problem of parts.flatMap(({ problems }) => problems).slice(0, 20)) console.error(problem)
if (values.json) console.log(JSON.stringify(figures))
else {
  const { styles, ...sums } = figures
  console.log(table(styles))
  for (const text of parts.flatMap(({ texts }) => texts)) console.log(cutsIn(text))
  console.log(JSON.stringify(sums))
}
if (figures.wrong + figures.missed > 0) process.exitCode = 1
