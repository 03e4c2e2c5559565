/**
 * Serves each stream of a corpus of recordings from a loopback server to the public API, and compares the response with
 * what its manifest expects. Each answer that is accepted must also be the sum of its deltas, whatever the manifest says,
 * it must go back to its vendor with all that the vendor wants back, and each stream must give the same events however it
 * is cut.
 *
 * Run: npm run -s corpus -- DIR [--json]
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { Effect, Either } from "effect"
import type { Protocol } from "effect-redial"
import { quiet } from "../../support/quiet.js"
import { differences, refusals } from "./justified.js"
import { differing, type Outcome, outcome } from "./outcome.js"
import { type Ask, decode, isProtocol, serve } from "./read.js"
import { lostOf } from "./roundTrip.js"
import { sumsOf, wrongIn } from "./sum.js"

/** Streams at once. */
const CONCURRENCY = 8

/** The largest stream that is also read byte by byte. */
const BYTEWISE = 100_000

const [dir, ...flags] = process.argv.slice(2)
if (dir === undefined) {
  console.error("usage: npm run -s corpus -- DIR [--json]")
  process.exit(2)
}

interface Entry {
  readonly file: string
  readonly protocol: string
  readonly status?: number
  readonly expect?: Outcome
}

interface Recording {
  readonly file: string
  readonly protocol: Protocol.ProtocolId
  readonly expected: Outcome
}

type Kind = "equal" | "justified" | "different" | "refusedByBoth" | "refusedByUsOnly" | "refusedBySdkOnly"

interface Verdict {
  readonly kind: Kind
  readonly notes: ReadonlyArray<string>
}

/** Repeatable, so that a difference can be looked at again. */
let seed = 42
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed % below
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 2000) ?? "nothing"

const compare = (ours: Outcome, expected: Outcome, body: string): Verdict => {
  if (!ours.ok) {
    return expected.ok
      ? { kind: "refusedByUsOnly", notes: [`ours: ${ours.error}`] }
      : { kind: "refusedByBoth", notes: [`ours: ${ours.error}`, `the SDK: ${expected.error}`] }
  }
  if (!expected.ok) {
    const why = refusals.find(({ error }) => error.test(expected.error))?.why ?? "no reason is listed"
    return {
      kind: "refusedBySdkOnly",
      notes: [why, `the SDK: ${expected.error}`, `ours: ${shown(ours).slice(0, 200)}`]
    }
  }
  const found = differing(ours, expected).map((field) => ({
    why: differences.find((one) => one.fields.includes(field) && one.applies(ours, expected, body))?.why,
    what: `${field}: ours ${shown(ours[field])}, expected ${shown(expected[field])}`
  }))
  return {
    kind: found.length === 0 ? "equal" : found.some(({ why }) => why === undefined) ? "different" : "justified",
    notes: found.flatMap(({ what, why }) => (why === undefined ? [what] : [why, what]))
  }
}

const survivesCuts = (protocol: Protocol.ProtocolId, body: Uint8Array): boolean => {
  const whole = decode(protocol, body, [body.length])
  const cuts = Array.from({ length: 3 }, () => Array.from({ length: 64 }, () => 1 + random(200)))
  if (body.length <= BYTEWISE) cuts.push([1])
  return cuts.every((lengths) => isDeepStrictEqual(decode(protocol, body, lengths), whole))
}

const judge = (ask: Ask, { expected, file, protocol }: Recording): Effect.Effect<Verdict> =>
  Effect.gen(function* () {
    const body = bodyOf(file)
    const answer = yield* Effect.either(ask(protocol, file))
    const ours: Outcome = Either.isRight(answer)
      ? outcome(protocol, answer.right)
      : { ok: false, error: `${answer.left._tag}: ${answer.left.description}` }
    const verdict = compare(ours, expected, body.toString("utf8"))
    const wrong = unproven(protocol, body, ours)
    if (Either.isRight(answer)) {
      const lost = lostOf(protocol, body.toString("utf8"), answer.right)
      if (lost.length > 0) wrong.push(`loses what the vendor wants back: ${lost.join(", ").slice(0, 300)}`)
    }
    if (!survivesCuts(protocol, body)) wrong.push("gives other events when it is cut into other chunks")
    return wrong.length === 0 ? verdict : { kind: "different", notes: [...wrong, ...verdict.notes] }
  })

/** Where what `generate` gives, or what a stream shows, is not what the wire carried. */
const unproven = (protocol: Protocol.ProtocolId, body: Buffer, ours: Outcome): Array<string> => {
  const expected = sumsOf(protocol, body.toString("utf8"))
  const last = decode(protocol, body, [body.length]).events.at(-1)
  return [
    ...(ours.ok ? wrongIn(ours, expected) : []),
    ...(last?._tag === "Finish" ? wrongIn(outcome(protocol, last.response), expected) : [])
  ]
}

const bodyOf = (file: string): Buffer => readFileSync(join(dir, file))

const recordings = (): ReadonlyArray<Recording> => {
  // What a manifest holds is trusted to have its documented form.
  const entries = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as ReadonlyArray<Entry>
  return entries.flatMap(({ expect, file, protocol, status = 200 }) =>
    expect !== undefined && status === 200 && isProtocol(protocol) ? [{ file, protocol, expected: expect }] : []
  )
}

const program = Effect.gen(function* () {
  const all = recordings()
  const ask = yield* serve(bodyOf)
  const verdicts = yield* Effect.forEach(all, (recording) => judge(ask, recording), { concurrency: CONCURRENCY })
  const counts = {
    streams: all.length,
    equal: 0,
    different: 0,
    refusedByBoth: 0,
    refusedByUsOnly: 0,
    refusedBySdkOnly: 0,
    justified: 0
  }
  for (const [at, { kind, notes }] of verdicts.entries()) {
    counts[kind]++
    if (kind === "equal" || flags.includes("--json")) continue
    console.log([`${kind}: ${all[at]?.file}`, ...notes].join("\n  "))
  }
  console.log(JSON.stringify(counts, undefined, flags.includes("--json") ? 0 : 2))
  process.exitCode = counts.different + counts.refusedByUsOnly > 0 ? 1 : 0
})

Effect.runPromise(quiet(Effect.scoped(program)))
