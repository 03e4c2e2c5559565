/**
 * Reads a corpus of recorded streams and compares what the decoders make of it with what its manifest expects.
 *
 * Run: node --conditions=effect-redial-source --import=tsx test/corpus/main.ts DIR [--json]
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { decode, isProtocol, type Outcome, outcome } from "./read.js"

interface Entry {
  readonly file: string
  readonly protocol: string
  readonly status?: number
  readonly expect?: Outcome
}

const [dir, ...flags] = process.argv.slice(2)
if (dir === undefined) {
  console.error("usage: test/corpus/main.ts DIR [--json]")
  process.exit(2)
}

/** Repeatable, so that a difference can be looked at again. */
let seed = 42
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed % below
}

const fields = ["text", "reasoning", "toolCalls", "finish", "usage"] as const

const differences = (ours: Outcome, expected: Outcome): ReadonlyArray<string> =>
  fields
    .filter((field) => !isDeepStrictEqual(ours[field], expected[field]))
    .map((field) => `${field}: ours ${JSON.stringify(ours[field])}, expected ${JSON.stringify(expected[field])}`)

/** Where we differ on purpose from what the SDK's helper does. */
const reasons: Partial<Record<(typeof fields)[number], (ours: Outcome, expected: Outcome) => string | undefined>> = {
  usage: (ours, expected) =>
    expected.usage === null && ours.usage !== null ? "the helper overlooks where this vendor reports usage" : undefined,
  toolCalls: (ours) =>
    ours.finish === "max_tokens" && ours.toolCalls?.some((call) => typeof call.arguments === "string")
      ? "the helper completes arguments that were cut; we hand them out as they came, as an incomplete call"
      : undefined
}

const reasonsFor = (ours: Outcome, expected: Outcome): ReadonlyArray<string | undefined> =>
  fields
    .filter((field) => !isDeepStrictEqual(ours[field], expected[field]))
    .map((field) => reasons[field]?.(ours, expected))

const counts = {
  streams: 0,
  equal: 0,
  justified: 0,
  different: 0,
  refusedByBoth: 0,
  refusedByUsOnly: 0,
  refusedBySdkOnly: 0
}
const notes: Array<string> = []

const compare = (file: string, ours: Outcome, expected: Outcome): void => {
  counts.streams++
  if (!ours.ok && !expected.ok) {
    counts.refusedByBoth++
    notes.push(`refused by both: ${file}\n  ours: ${ours.error}\n  the SDK: ${expected.error}`)
  } else if (!ours.ok) {
    counts.refusedByUsOnly++
    notes.push(`refused by us only: ${file}\n  ${ours.error}`)
  } else if (!expected.ok) {
    counts.refusedBySdkOnly++
    notes.push(`refused by the SDK only: ${file}\n  ${expected.error}\n  ours: ${JSON.stringify(ours).slice(0, 200)}`)
  } else {
    const found = differences(ours, expected)
    const why = reasonsFor(ours, expected)
    const kind = found.length === 0 ? "equal" : why.includes(undefined) ? "different" : "justified"
    counts[kind]++
    if (kind !== "equal") notes.push(`${kind}: ${file}\n  ${[...why, ...found].filter(Boolean).join("\n  ")}`)
  }
}

/** What a manifest holds is trusted to have its documented form. */
const entries = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as ReadonlyArray<Entry>
for (const { expect, file, protocol, status } of entries) {
  if (expect === undefined || !isProtocol(protocol) || (status !== undefined && status !== 200)) continue
  const body = readFileSync(join(dir, file))
  const whole = decode(protocol, body, [body.length])
  const cuts = [[1], ...Array.from({ length: 3 }, () => Array.from({ length: 64 }, () => 1 + random(200)))]
  for (const lengths of cuts) {
    if (isDeepStrictEqual(decode(protocol, body, lengths).events, whole.events)) continue
    counts.different++
    notes.push(`different when cut into other chunks: ${file}`)
    break
  }
  compare(file, outcome(protocol, whole), expect)
}

if (flags.includes("--json")) console.log(JSON.stringify(counts))
else console.log([...notes, JSON.stringify(counts, undefined, 2)].join("\n"))
process.exitCode = counts.different + counts.refusedByUsOnly > 0 ? 1 : 0
