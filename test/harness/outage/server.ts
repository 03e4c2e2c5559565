/**
 * The vendors of a run, in a process of their own, so that their work is not the library's. The parent gives the weather, says
 * when the run begins, and asks for the books, which ends it.
 */
import { Effect, Exit, Scope } from "effect"
import { FaultServer } from "effect-redial/testing"
import { longestPause } from "./pauses.js"
import { Vendor } from "./vendor.js"
import { type Served, type VendorId, vendors, type Weather } from "./world.js"

/** What the parent asks, in this order; `beginAt` is in milliseconds since the epoch. */
export type Asked = { readonly weather: Weather } | { readonly beginAt: number } | "books"

/** By policy. */
export type Addresses = Readonly<Record<string, Readonly<Record<VendorId, string>>>>

/** What the parent is told: that the process is there, then an answer to each question. */
export type Told =
  | { readonly ready: true }
  | { readonly addresses: Addresses }
  | { readonly begun: true }
  | { readonly books: Readonly<Record<string, ReadonlyArray<Served>>>; readonly pause: number }

interface Run {
  readonly scope: Scope.CloseableScope
  /** By policy. */
  readonly vendors: ReadonlyMap<string, ReadonlyArray<Vendor>>
}

let current: Run | undefined

const begin = (weather: Weather): Effect.Effect<Told, FaultServer.ListenError> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const addresses: Record<string, Record<VendorId, string>> = {}
    const all = new Map<string, ReadonlyArray<Vendor>>()
    for (const policy of weather.policies) {
      const pair = { alpha: new Vendor("alpha", weather), beta: new Vendor("beta", weather) }
      const servers = yield* Effect.forEach(vendors, (id) => Scope.extend(FaultServer.make(pair[id].reply), scope))
      addresses[policy] = { alpha: servers[0]!.url, beta: servers[1]!.url }
      all.set(policy, Object.values(pair))
    }
    current = { scope, vendors: all }
    return { addresses }
  })

const answer = (asked: Asked): Effect.Effect<Told, FaultServer.ListenError> => {
  if (asked !== "books" && "weather" in asked) return begin(asked.weather)
  const run = current
  if (run === undefined) return Effect.dieMessage("there is no run")
  if (asked !== "books") {
    longestPause()
    for (const vendor of [...run.vendors.values()].flat()) vendor.begunAt = asked.beginAt
    return Effect.succeed({ begun: true })
  }
  const books = [...run.vendors].map(([policy, pair]) => [policy, pair.flatMap(({ served }) => served)] as const)
  current = undefined
  return Effect.as(Scope.close(run.scope, Exit.void), {
    books: Object.fromEntries(books),
    pause: longestPause()
  })
}

const tell = (told: Told): void => void process.send?.(told)

process.on("disconnect", () => process.exit())
process.on("message", (asked) => {
  // Nobody else sends to this process.
  Effect.runPromise(answer(asked as Asked)).then(tell, (error) => {
    console.error(error)
    process.exit(1)
  })
})
tell({ ready: true })
