/**
 * Runs scenarios. Their vendors are in a process of their own; the policies of one scenario run at the same time, each with
 * vendors of its own and the same load.
 */
import { Effect, type Scope } from "effect"
import * as Child from "../support/child.js"
import * as Load from "./load.js"
import type { Run } from "./measure.js"
import type { Policy } from "./policies.js"
import type { Scenario } from "./scenarios.js"
import type { Told } from "./server.js"
import type { Weather } from "./world.js"

export interface Options {
  readonly seed: number
  /** Requests in a second, for each policy. */
  readonly rate: number
}

/** From the word to the vendors until the first request. */
const HEAD_START = 200

export type Runner = (scenario: Scenario, options: Options) => Effect.Effect<ReadonlyArray<Run>>

export const make: Effect.Effect<Runner, never, Scope.Scope> = Effect.map(
  Child.make<Told>(new URL("./server.ts", import.meta.url), []),
  (vendors) =>
    (scenario, { rate, seed }) =>
      Effect.gen(function* () {
        const { length, name, policies, quota, spells } = scenario
        const weather: Weather = { seed, spells, quota, policies: policies.map(({ name }) => name) }
        const told = yield* vendors.ask({ weather })
        if (!("addresses" in told)) return yield* Effect.dieMessage("the vendors did not tell their addresses")
        const arrivals = Load.arrivals(seed, rate, length)
        const beginAt = Date.now() + HEAD_START
        yield* vendors.ask({ beginAt })
        const one = (policy: Policy) =>
          Effect.gen(function* () {
            const built = yield* policy.build(told.addresses[policy.name]!)
            const outcomes = yield* Load.run(built, arrivals, beginAt)
            return { outcomes, openedAt: built.openedAt.map((at) => at - beginAt) }
          }).pipe(Effect.scoped)
        const done = yield* Effect.forEach(policies, one, { concurrency: "unbounded" })
        const shown = yield* vendors.ask("books")
        if (!("books" in shown)) return yield* Effect.dieMessage("the vendors did not show their books")
        return policies.map(
          ({ hasOther, name: policy }, i): Run => ({
            scenario: name,
            policy,
            books: shown.books[policy] ?? [],
            spell: spells[0],
            hasOther,
            ...done[i]!
          })
        )
      }).pipe(Effect.orDie)
)
