/**
 * Mutates streams and feeds them to the decoders: `npm run fuzz`, `-- --cases N`, `-- --seed N`, `-- --json`. Whatever
 * comes in, events that keep the grammar come out, or a fault, or both: never an exception, and never for long. Where events
 * were only lost, doubled or moved, an answer that is accepted is the sum of what came. Then errors with 400 KB of text are
 * made, and none may block the event loop for 50 ms.
 */
import { parseArgs } from "node:util"
import { checkGrammar, runChunks } from "../../support/protocol/decode.js"
import { type Sample, samples } from "../../support/protocol/samples.js"
import { seeded } from "../../support/random.js"
import { slowestError } from "./errors.js"
import { untrue } from "./truth.js"

const { values } = parseArgs({
  options: { cases: { type: "string" }, seed: { type: "string" }, json: { type: "boolean" } }
})
const cases = Number(values.cases ?? 100_000)
const seed = Number(values.seed ?? Date.now() % 1_000_000)

const { below, chance, pick } = seeded(seed)

const odd = [
  "1e400",
  "-1e308",
  "9007199254740993",
  "null",
  "true",
  "[]",
  "{}",
  '""',
  '"\\ud800"',
  "[".repeat(2_000) + "]".repeat(2_000),
  `${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}`,
  '{"__proto__":{"polluted":1}}',
  `"${"x".repeat(10_000)}"`
]

/** Mutations of whole events. */
const events: ReadonlyArray<(all: Array<string>) => void> = [
  (all) => all.splice(below(all.length), 1),
  (all) => all.splice(below(all.length), 0, pick(all)),
  (all) => {
    const [a, b] = [below(all.length), below(all.length)]
    ;[all[a], all[b]] = [all[b]!, all[a]!]
  },
  (all) => all.splice(below(all.length)),
  // A JSON value of one event becomes something else.
  (all) => {
    const at = below(all.length)
    const spots = [...all[at]!.matchAll(/(?<=:)("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|null|true|false)/g)]
    if (spots.length === 0) return
    const spot = pick(spots)
    all[at] = all[at]!.slice(0, spot.index) + pick(odd) + all[at]!.slice(spot.index + spot[0].length)
  },
  // An event of another answer, of any protocol.
  (all) => all.splice(below(all.length), 0, pick(eventsOf(bodyOf(pick(samples)))))
]

/** Those that leave each event as it is. */
const ofOwnEvents = new Set(events.slice(0, 4))

/** The protocols whose answers must then be the sum of what came. */
const summed: ReadonlySet<string> = new Set(["anthropic-messages", "responses"])

const bodyOf = ({ after, before, proof }: Sample): string => before + proof + after

const eventsOf = (body: string): Array<string> => body.split(/(?<=\n\n)/)

/** Flips some bytes. */
const flip = (bytes: Uint8Array): void => {
  for (let n = below(4); n > 0; n--) bytes[below(bytes.length)] = below(256)
}

const cut = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  const size = pick([1, 7, 64, 1_000, bytes.length])
  for (let from = 0; from < bytes.length; from += size) chunks.push(bytes.subarray(from, from + size))
  return chunks
}

const utf8 = new TextEncoder()
const figures = {
  cases,
  seed,
  finished: 0,
  faults: 0,
  exceptions: 0,
  untrue: 0,
  slowestMs: 0,
  heapGrowthMB: 0,
  slowestErrorMs: 0
}
const heap = process.memoryUsage().heapUsed

for (let n = 0; n < cases; n++) {
  const sample = pick(samples)
  const all = eventsOf(bodyOf(sample))
  /** Whether every event is one of the stream's own: lost, doubled or moved. */
  let isOwn = true
  for (let m = 1 + below(3); m > 0 && all.length > 0; m--) {
    const mutate = pick(events)
    isOwn &&= ofOwnEvents.has(mutate)
    mutate(all)
  }
  const bytes = utf8.encode(all.join(""))
  if (bytes.length > 0 && chance(0.5)) {
    flip(bytes)
    isOwn = false
  }
  const before = performance.now()
  try {
    const result = runChunks(sample.protocol, cut(bytes))
    checkGrammar(result)
    if (isOwn && summed.has(sample.protocol)) {
      for (const { response } of [result, runChunks(sample.protocol, [bytes], "vendor")]) {
        const wrong = response === undefined ? [] : untrue(sample.protocol, bytes, response)
        if (wrong.length === 0) continue
        figures.untrue++
        if (figures.untrue <= 3) console.error(`case ${n} of seed ${seed}, ${sample.name}: ${wrong.join("; ")}`)
      }
    }
    if (result.response !== undefined) figures.finished++
    if (result.fault !== undefined) figures.faults++
    if ((result.response === undefined) === (result.fault === undefined)) throw new Error("neither proven nor failed")
  } catch (error) {
    figures.exceptions++
    if (figures.exceptions <= 3) console.error(`case ${n} of seed ${seed}, ${sample.name}:`, error)
  }
  figures.slowestMs = Math.max(figures.slowestMs, Math.round(performance.now() - before))
}

figures.heapGrowthMB = Math.round((process.memoryUsage().heapUsed - heap) / 1024 / 1024)
const slowest = slowestError()
figures.slowestErrorMs = Math.round(slowest.millis * 10) / 10
const tooSlow = slowest.millis >= 50
if (tooSlow) console.error(`an error with 400 KB took ${slowest.millis} ms: ${slowest.what}`)
if (Object.hasOwn(Object.prototype, "polluted")) figures.exceptions++
console.log(values.json ? JSON.stringify(figures) : figures)
process.exitCode = figures.exceptions + figures.untrue > 0 || tooSlow ? 1 : 0
