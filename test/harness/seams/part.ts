/**
 * Plays the runs of some of the texts and judges each.
 */
import { Effect, type Scope } from "effect"
import type { Protocol } from "effect-redial"
import { seeded } from "../../support/random.js"
import { boundaries, shownOf, startsOf } from "./anchor.js"
import { judge } from "./judge.js"
import { type Part, Tally } from "./report.js"
import { play } from "./run.js"
import { type Style, styles } from "./styles.js"
import { type Text, texts } from "./texts.js"
import { make, type Prefill, type Vendor, type Wording } from "./vendor.js"

export interface Options {
  readonly seed: number
  /** Every style at every cut. */
  readonly full: boolean
  /** The texts, by their place among all of them. */
  readonly which: ReadonlyArray<number>
}

/** A style of going on, or of treating a prefill by an obedient model. */
interface Manner {
  readonly name: string
  readonly style: Style
  readonly prefill: Prefill | undefined
}

const obedient = styles[0]!

export const manners: ReadonlyArray<Manner> = [
  ...styles.map((style) => ({ name: style.name, style, prefill: undefined })),
  { name: "prefill honoured", style: obedient, prefill: "honoured" },
  { name: "prefill ignored", style: obedient, prefill: "ignored" }
]

/** Unless all of them are wanted, a manner is tried at one of so many cuts, each at others. */
const strideOf = ({ prefill, style }: Manner): number => {
  if (prefill !== undefined) return 6
  return style === obedient ? 1 : style.must === "exact" ? 4 : 12
}

const CONCURRENCY = 32

const protocols: ReadonlyArray<Protocol.ProtocolId> = ["chat-completions", "anthropic-messages", "responses"]
const wordings: ReadonlyArray<Wording> = ["default", "custom"]

export const cutsOf = ({ everyUnit = false, text }: Text): ReadonlyArray<number> =>
  everyUnit ? Array.from({ length: text.length }, (_, at) => at + 1) : boundaries(text)

const vendors: Effect.Effect<ReadonlyArray<Vendor>, never, Scope.Scope> = Effect.all(
  protocols.flatMap((protocol) => [
    ...wordings.map((wording) => make(protocol, wording, false)),
    // Responses have no prefill.
    ...(protocol === "responses" ? [] : [make(protocol, "default", true)])
  ])
).pipe(Effect.orDie)

/** The text in this place, cut everywhere. */
const one = ({ full, seed }: Options, tally: Tally, at: number) =>
  Effect.gen(function* () {
    const given = texts[at]!
    const { name, text } = given
    const cuts = cutsOf(given)
    const noAnchor: Array<number> = []
    const unprovable = new Set<number>()
    const all = yield* vendors
    const plain = all.filter(({ prefills }) => !prefills)
    const prefilling = all.filter(({ prefills }) => prefills)
    for (const cut of cuts) {
      const delivered = shownOf(text.slice(0, cut))
      const starts = startsOf(delivered)
      const nobodyAsked = starts.graphemes.length === 0
      if (delivered !== "" && nobodyAsked) noAnchor.push(cut)
      const tried = manners.filter((manner, nth) =>
        // Nobody is asked where there is no anchor, so the style makes no difference.
        nobodyAsked ? manner.style === obedient : full || (nth + cut + seed) % strideOf(manner) === 0
      )
      const run = ({ name: manner, prefill, style }: Manner, nth: number) =>
        Effect.gen(function* () {
          const random = seeded(
            Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(at * 4_096 + cut, 0x85ebca6b) ^ (nth * 7_919)
          )
          const vendor = random.pick(prefill === undefined ? plain : prefilling)
          const consumer = random.pick(["text", "text", "events"] as const)
          const runSeed = random.below(2 ** 31)
          const { done, played, prompt } = vendor.add({ seed: runSeed, text, cut, style, prefill })
          const verdict = judge(played, yield* play(vendor.provider, prompt, consumer), starts)
          if (verdict.unprovable) unprovable.add(cut)
          tally.add(manner, verdict, () => `${name} at ${cut}, ${manner}, ${vendor.name}, ${consumer}`)
          done()
        })
      yield* Effect.forEach(tried, run, { concurrency: CONCURRENCY, discard: true })
      for (const vendor of all) vendor.forget()
    }
    tally.texts.push({ name, cuts: cuts.length, noAnchor, unprovable: [...unprovable] })
  })

export const part = (options: Options): Effect.Effect<Part> =>
  Effect.gen(function* () {
    const tally = new Tally()
    yield* Effect.forEach(options.which, (at) => Effect.scoped(one(options, tally, at)), { discard: true })
    return tally.part()
  })
