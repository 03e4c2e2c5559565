/**
 * The soak's server as a scoped resource.
 */
import { Effect, type Scope } from "effect"
import type { FaultServer } from "effect-redial/testing"
import * as Child from "../../support/child.js"
import type { Told } from "./server.js"

export interface ServerProcess {
  readonly url: string
  readonly stats: Effect.Effect<FaultServer.Stats>
}

export const make = (seed: number): Effect.Effect<ServerProcess, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Child.make<Told>(new URL("./server.ts", import.meta.url), [String(seed)])
    if (!("port" in child.first)) return yield* Effect.dieMessage("the soak's server did not tell its port")
    return {
      url: `http://127.0.0.1:${child.first.port}`,
      stats: Effect.flatMap(child.ask("stats"), (answer) =>
        "stats" in answer ? Effect.succeed(answer.stats) : Effect.dieMessage("the soak's server told another thing")
      )
    }
  })
