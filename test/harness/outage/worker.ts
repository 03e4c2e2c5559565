/**
 * One process of a fleet: it has each policy of its scenario, and gets a part of the load. Its parent says what to do.
 */
import { Effect, Exit, Logger, LogLevel, Scope } from "effect"
import * as Load from "./load.js"
import { longestPause } from "./pauses.js"
import type { Built, Surroundings } from "./policies.js"
import { type Setting, scenarios } from "./scenarios.js"

/** What the parent asks, in this order, for each scenario. */
export type Asked =
  | {
      readonly scenario: string
      readonly setting: Setting
      /** By policy. */
      readonly surroundings: Readonly<Record<string, Surroundings>>
    }
  | { readonly beginAt: number; readonly arrivals: ReadonlyArray<Load.Arrival> }

/** What the parent is told: that the process is there, that its policies are built, and by policy, what came of it. */
export type Told =
  | { readonly ready: true }
  | { readonly built: true }
  | { readonly outcomes: Readonly<Record<string, ReadonlyArray<Load.Outcome>>>; readonly pause: number }

// Thousands of errors are made here, and nobody reads where.
Error.stackTraceLimit = 0

interface Run {
  readonly scope: Scope.CloseableScope
  readonly built: ReadonlyArray<readonly [policy: string, Built]>
}

let current: Run | undefined

const answer = (asked: Asked): Effect.Effect<Told, unknown> =>
  Effect.gen(function* () {
    if ("scenario" in asked) {
      const scope = yield* Scope.make()
      const { policies = [] } = scenarios(asked.setting).find(({ name }) => name === asked.scenario) ?? {}
      const wanted = policies.filter(({ name }) => Object.hasOwn(asked.surroundings, name))
      const built = yield* Effect.forEach(wanted, ({ build, name }) =>
        Effect.map(Scope.extend(build(asked.surroundings[name]!), scope), (caller) => [name, caller] as const)
      )
      current = { scope, built }
      return { built: true }
    }
    const run = current
    if (run === undefined) return yield* Effect.dieMessage("there is no scenario")
    longestPause()
    const outcomes = yield* Effect.forEach(
      run.built,
      ([policy, caller]) =>
        Effect.map(Load.run(caller, asked.arrivals, asked.beginAt), (outcomes) => [policy, outcomes] as const),
      { concurrency: "unbounded" }
    )
    yield* Scope.close(run.scope, Exit.void)
    return { outcomes: Object.fromEntries(outcomes), pause: longestPause() }
  })

const tell = (told: Told): void => void process.send?.(told)

process.on("disconnect", () => process.exit())
process.on("message", (asked) => {
  // Nobody else sends to this process.
  Effect.runPromise(Logger.withMinimumLogLevel(answer(asked as Asked), LogLevel.None)).then(tell, (error) => {
    console.error(error)
    process.exit(1)
  })
})
tell({ ready: true })
