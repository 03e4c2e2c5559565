/**
 * Drops at every event of a long mixed answer, once and repeatedly, in every mode over every protocol: `npm run drops`,
 * with `-- --json` for its figures alone, `-- --only MODE` for one mode, `-- --pairs` for each pair of drops too (it takes
 * long), and `-- --long` for what a long answer costs that drops twenty times.
 */
import { parseArgs } from "node:util"
import { Console, Effect, Redacted, Schedule } from "effect"
import { type Protocol, Provider, type ProviderError, type Recovery, Vendors } from "effect-redial"
import { FaultServer } from "effect-redial/testing"
import { protocols } from "../../support/protocols.js"
import { quiet } from "../../support/quiet.js"
import { long } from "./long.js"
import { events, type Plan, script, text, type Verdict } from "./run.js"
import { length, type Manner } from "./vendor.js"

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    only: { type: "string" },
    pairs: { type: "boolean" },
    long: { type: "boolean" }
  }
})

/** A mode, and what the vendor offers it. */
interface Ladder {
  readonly delivery: Recovery.Delivery
  readonly way: "none" | "prefill" | "cursor" | Manner
  readonly asText?: boolean
}

const ladders: ReadonlyArray<Ladder> = [
  { delivery: "fail", way: "none" },
  { delivery: "restart", way: "none" },
  { delivery: "restart", way: "prefill" },
  { delivery: "restart", way: "cursor" },
  { delivery: "hold", way: "none" },
  { delivery: "hold", way: "cursor" },
  { delivery: "resume", way: "none" },
  { delivery: "resume", way: "exact" },
  { delivery: "resume", way: "overlap" },
  { delivery: "resume", way: "again" },
  { delivery: "resume", way: "prefill" },
  { delivery: "resume", way: "cursor" },
  { delivery: "resume", way: "prefill", asText: true },
  { delivery: "resume", way: "exact", asText: true },
  { delivery: "resume", way: "cursor", asText: true }
]

const offered = ({ way }: Ladder, protocol: Protocol.ProtocolId): boolean =>
  way === "cursor" ? protocol === "responses" : way === "prefill" ? protocol !== "responses" : true

const hows = ["rst", "fin", "clean"] as const

/**
 * Each event, by a reset, a close or a clean end: each of them at each event, over the ladders; answers that break at the
 * same event again and again, and ever later; with `--pairs`, each event of a first answer with each event of a second.
 */
const plansFor = (ladder: Ladder, protocol: Protocol.ProtocolId): ReadonlyArray<Plan> => {
  const points = Array.from({ length: length(protocol) }, (_, at) => at)
  const turn = ladders.indexOf(ladder)
  return points.flatMap((at) => [
    { drops: [at], how: hows[(at + turn) % hows.length] ?? "rst" },
    { drops: [at, at, at, at], how: "clean" as const },
    { drops: points.filter((later) => later >= at && (later - at) % 8 === 0), how: "rst" as const },
    ...(values.pairs ? points.map((second) => ({ drops: [at, second], how: "clean" as const })) : [])
  ])
}

/**
 * Where no way goes on with text, it must fail: nothing offers one, the model does not show where it goes on, or a call before
 * the text is not known to be whole. The error is that of the drop.
 */
const mayGiveUp =
  (ladder: Ladder, protocol: Protocol.ProtocolId) =>
  (error: ProviderError.ProviderError): boolean => {
    if (error._tag === "SeamNotProven") return false
    const isSloppy = ladder.way === "overlap" || ladder.way === "again"
    if (ladder.delivery === "fail" || (ladder.delivery === "resume" && (ladder.way === "none" || isSloppy)))
      return error.delivered !== "nothing"
    if (ladder.delivery !== "resume" || protocol !== "chat-completions") return false
    const blocks = error.partial?.blocks ?? []
    const called = blocks.findIndex(({ type }) => type === "tool-call")
    return called >= 0 && blocks.slice(called).some((block) => block.type === "text" && /\S/.test(block.text))
  }

const climb = (
  ladder: Ladder,
  protocol: Protocol.ProtocolId
): Effect.Effect<ReadonlyArray<Verdict & { readonly what: string }>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const plans = plansFor(ladder, protocol)
      const manner = ladder.way === "overlap" || ladder.way === "again" ? ladder.way : "exact"
      const { reply, requests } = script(plans, protocol, manner)
      const server = yield* FaultServer.make(reply)
      const provider = yield* Provider.make(
        Vendors.custom({
          id: "vendor",
          protocol,
          baseUrl: protocol === "anthropic-messages" ? server.url : `${server.url}/v1`,
          ...(ladder.way === "prefill" && { prefill: {} })
        }),
        {
          apiKey: Redacted.make("test-key"),
          retry: Schedule.recurs(30),
          limits: { maxAttempts: 30, maxContinued: 30 },
          ...(ladder.way === "none" && { continuation: false as const })
        }
      )
      const background = ladder.way === "cursor"
      const give = mayGiveUp(ladder, protocol)
      return yield* Effect.forEach(
        plans,
        (plan, run) =>
          Effect.scoped(
            ladder.asText
              ? text(provider, run, background, give)
              : events(provider, run, ladder.delivery, background, manner, requests, give)
          ).pipe(
            Effect.map((verdict) => ({
              ...verdict,
              what: `${ladder.delivery}${ladder.asText ? " as text" : ""}, ${ladder.way}, ${protocol}, ${plan.how} after ${plan.drops.join(", ")}`
            }))
          ),
        { concurrency: 16 }
      )
    })
  ).pipe(Effect.orDie)

const main = Effect.gen(function* () {
  const verdicts: Array<Verdict & { readonly what: string }> = []
  for (const ladder of ladders) {
    for (const protocol of protocols) {
      if (!offered(ladder, protocol) || (values.only ?? ladder.delivery) !== ladder.delivery) continue
      const before = performance.now()
      const made = yield* climb(ladder, protocol)
      verdicts.push(...made)
      if (values.json) continue
      const gaveUp = made.filter((verdict) => verdict.gaveUp).length
      const wrong = made.filter((verdict) => verdict.wrong !== undefined).length
      yield* Console.log(
        [
          (ladder.delivery + (ladder.asText ? " (text)" : "")).padEnd(15),
          ladder.way.padEnd(8),
          protocol.padEnd(19),
          `${made.length} runs, ${made.length - gaveUp} whole, ${gaveUp} failed with the partial, ${wrong} wrong,`,
          `${Math.round(performance.now() - before)} ms`
        ].join(" ")
      )
    }
  }
  const count = (is: (verdict: Verdict) => boolean): number => verdicts.filter(is).length
  const figures = {
    modes: new Set(ladders.map(({ delivery }) => delivery)).size,
    protocols: protocols.length,
    dropPoints: protocols.reduce((sum, protocol) => sum + length(protocol), 0),
    runs: verdicts.length,
    whole: count(({ gaveUp }) => !gaveUp),
    gaveUp: count(({ gaveUp }) => gaveUp),
    mismatched: count(({ wrong }) => wrong !== undefined),
    takenBack: count(({ takenBack }) => takenBack),
    requestsAfterFail: count(({ requestAfterFail }) => requestAfterFail)
  }
  for (const { what, wrong } of verdicts.filter((verdict) => verdict.wrong !== undefined).slice(0, 10)) {
    yield* Console.error(`${what}: ${wrong}`)
  }
  yield* Console.log(JSON.stringify(figures))
  if (figures.mismatched + figures.takenBack + figures.requestsAfterFail > 0) process.exitCode = 1
})

await Effect.runPromise(quiet(values.long ? long : main))
