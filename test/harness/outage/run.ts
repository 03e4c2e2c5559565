/**
 * Runs scenarios. Their vendors are in a process of their own; some policies of one scenario run at the same time, each with
 * vendors of its own and the same load.
 */
import { Array as Arr, Effect, Logger, LogLevel, Scope } from "effect"
import type { CircuitBreaker } from "effect-redial"
import * as Child from "../../support/child.js"
import { seeded } from "../../support/random.js"
import * as Load from "./load.js"
import type { Run } from "./measure.js"
import { longestPause } from "./pauses.js"
import type { Policy, Surroundings } from "./policies.js"
import * as Redis from "./redis.js"
import type { Scenario, Setting } from "./scenarios.js"
import type * as Server from "./server.js"
import type * as Worker from "./worker.js"
import type { Weather } from "./world.js"

export interface Options {
  readonly seed: number
  /** By which the scenario was made. */
  readonly setting: Setting
}

/** From the word to the vendors until the first request. */
const HEAD_START = 200

export type Runner = (scenario: Scenario, options: Options) => Effect.Effect<ReadonlyArray<Run>>

type Vendors = Child.Child<Server.Told>

type Workers = Effect.Effect<ReadonlyArray<Child.Child<Worker.Told>>>

/** Policies at the same time, so that two cores keep up with all of them. */
const AT_ONCE = 4

/** The processes of a fleet. */
const FLEET = 4

type Done = Pick<Run, "outcomes" | "circuit" | "pause">

/** The processes live as long as the scope. Those of a fleet start with the first scenario that has one. */
export const make: Effect.Effect<Runner, never, Scope.Scope> = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const vendors = yield* Child.make<Server.Told>(new URL("./server.ts", import.meta.url), [])
  const module = new URL("./worker.ts", import.meta.url)
  const workers = yield* Effect.cached(
    Effect.all(
      Array.from({ length: FLEET }, () => Scope.extend(Child.make<Worker.Told>(module, []), scope)),
      { concurrency: 2 }
    )
  )
  return (scenario, options) =>
    Effect.map(
      Effect.forEach(Arr.chunksOf(scenario.policies, AT_ONCE), (policies) =>
        Effect.scoped(run(vendors, workers, { ...scenario, policies }, options))
      ),
      Arr.flatten
    )
})

const run = (vendors: Vendors, workers: Workers, scenario: Scenario, options: Options) =>
  Effect.gen(function* () {
    const { fleet, length, name, policies, quota, spells } = scenario
    const weather: Weather = { seed: options.seed, spells, quota, policies: policies.map(({ name }) => name) }
    const told = yield* vendors.ask({ weather })
    if (!("addresses" in told)) return yield* Effect.dieMessage("the vendors did not tell their addresses")
    const redis = fleet === undefined ? undefined : yield* Redis.make
    const surroundings = (policy: string): Surroundings => ({
      addresses: told.addresses[policy]!,
      redisPort: redis?.port,
      processes: fleet?.length ?? 1,
      quota
    })
    const arrivals = Load.arrivals(options.seed, options.setting.rate, length)
    const begin = Effect.gen(function* () {
      longestPause()
      const beginAt = Date.now() + HEAD_START
      yield* vendors.ask({ beginAt })
      if (redis !== undefined) yield* Effect.forkScoped(troubles(redis, scenario, beginAt))
      return beginAt
    })
    const done = yield* fleet === undefined
      ? alone(policies, surroundings, arrivals, begin)
      : together(workers, scenario, fleet, surroundings, arrivals, begin, options)
    const shown = yield* vendors.ask("books")
    if (!("books" in shown)) return yield* Effect.dieMessage("the vendors did not show their books")
    const pause = Math.max(shown.pause, ...done.map(({ pause }) => pause))
    return policies.map(
      ({ hasOther, name: policy }, i): Run => ({
        scenario: name,
        policy,
        books: shown.books[policy] ?? [],
        spell: spells[0],
        quota,
        hasOther,
        ...done[i]!,
        pause
      })
    )
  }).pipe(Logger.withMinimumLogLevel(LogLevel.None), Effect.orDie)

type Begin = Effect.Effect<number, never, Scope.Scope>

/** All policies in this process. */
const alone = (
  policies: ReadonlyArray<Policy>,
  surroundings: (policy: string) => Surroundings,
  arrivals: ReadonlyArray<Load.Arrival>,
  begin: Begin
) =>
  Effect.gen(function* () {
    const built = yield* Effect.forEach(policies, ({ build, name }) => build(surroundings(name)))
    const beginAt = yield* begin
    return yield* Effect.forEach(
      built,
      (caller) =>
        Effect.map(
          Load.run(caller, arrivals, beginAt),
          (outcomes): Done => ({
            outcomes,
            circuit: caller.circuit.map((state) => since(state, beginAt)),
            pause: longestPause()
          })
        ),
      { concurrency: "unbounded" }
    )
  })

const since = (state: CircuitBreaker.State, beginAt: number): CircuitBreaker.State => {
  if (state._tag === "Closed") return state
  const moved = { ...state, since: state.since - beginAt }
  return moved._tag === "Open" ? { ...moved, probeAt: moved.probeAt - beginAt } : moved
}

/** All policies in each process of a fleet, which has a part of the load. */
const together = (
  started: Workers,
  { name, policies }: Scenario,
  fleet: ReadonlyArray<number>,
  surroundings: (policy: string) => Surroundings,
  arrivals: ReadonlyArray<Load.Arrival>,
  begin: Begin,
  { seed, setting }: Options
) =>
  Effect.gen(function* () {
    const workers = yield* started
    const told = { scenario: name, setting, surroundings: mapped(policies, surroundings) }
    yield* Effect.forEach(workers, (worker) => worker.ask(told), { concurrency: "unbounded" })
    const parts = split(arrivals, fleet, seed)
    const beginAt = yield* begin
    const all = yield* Effect.forEach(workers, (worker, i) => worker.ask({ beginAt, arrivals: parts[i]! }), {
      concurrency: "unbounded"
    })
    return policies.map(
      ({ name }): Done => ({
        outcomes: all.flatMap((told) => ("outcomes" in told ? (told.outcomes[name] ?? []) : [])),
        circuit: [],
        pause: Math.max(longestPause(), ...all.map((told) => ("pause" in told ? told.pause : 0)))
      })
    )
  })

const mapped = <A>(policies: ReadonlyArray<Policy>, of: (policy: string) => A): Readonly<Record<string, A>> =>
  Object.fromEntries(policies.map(({ name }) => [name, of(name)]))

/** Each request goes to one process, by chance and by their parts. */
const split = (arrivals: ReadonlyArray<Load.Arrival>, fleet: ReadonlyArray<number>, seed: number) => {
  const random = seeded(seed)
  const whose = arrivals.map(() => {
    let left = random.next()
    return fleet.findIndex((part, i) => {
      left -= part
      return left < 0 || i === fleet.length - 1
    })
  })
  return fleet.map((_, i) => arrivals.filter((_, n) => whose[n] === i))
}

const troubles = (redis: Redis.Redis, { spells }: Scenario, beginAt: number) =>
  Effect.forEach(
    spells.filter(({ vendor }) => vendor === "redis"),
    ({ from, until }) =>
      Effect.gen(function* () {
        yield* Effect.sleep(Math.max(0, beginAt + from - Date.now()))
        yield* redis.kill
        yield* Effect.sleep(Math.max(0, beginAt + until - Date.now()))
        yield* redis.start
      })
  )
