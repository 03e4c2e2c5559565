/**
 * The soak's server as a scoped resource.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import type { FaultServer } from "effect-redial/testing"
import type { Told } from "./server.js"

export interface ServerProcess {
  readonly url: string
  readonly stats: Effect.Effect<FaultServer.Stats>
}

export const make = (seed: number): Effect.Effect<ServerProcess, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      // Runs from its sources, as this process does.
      Effect.sync(() => fork(fileURLToPath(new URL("./server.ts", import.meta.url)), [String(seed)])),
      (child) =>
        Effect.async<void>((resume) => {
          if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill()
        })
    )
    /** The next message, or a defect where the server is gone. */
    const told = Effect.async<Told>((resume) => {
      const heard = (message: unknown): void => {
        child.off("exit", gone)
        resume(Effect.succeed(message as Told)) // nobody else sends to this process
      }
      const gone = (code: number | null): void => resume(Effect.dieMessage(`the soak's server ended with ${code}`))
      child.once("message", heard)
      child.once("exit", gone)
      return Effect.sync(() => {
        child.off("message", heard)
        child.off("exit", gone)
      })
    })
    const first = yield* told
    if (!("port" in first)) return yield* Effect.dieMessage("the soak's server did not tell its port")
    const asked = Effect.zipRight(
      Effect.sync(() => child.send("stats")),
      told
    )
    const lock = yield* Effect.makeSemaphore(1)
    return {
      url: `http://127.0.0.1:${first.port}`,
      stats: lock.withPermits(1)(
        Effect.flatMap(asked, (answer) =>
          "stats" in answer ? Effect.succeed(answer.stats) : Effect.dieMessage("the soak's server told another thing")
        )
      )
    }
  })
