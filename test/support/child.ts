/**
 * A module in a process of its own, as a scoped resource that is asked by messages, one at a time. It runs from its sources,
 * as this process does, and ends with the scope.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"

/** `Told` is what the module sends; nobody else sends to this process. */
export interface Child<Told> {
  /** The message that the module sends by itself, first. */
  readonly first: Told
  /** Sends a message and waits for the next one from there. Dies where the process is gone. */
  readonly ask: (message: object | string) => Effect.Effect<Told>
}

export const make = <Told>(module: URL, args: ReadonlyArray<string>): Effect.Effect<Child<Told>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(fileURLToPath(module), args)),
      (child) =>
        Effect.async<void>((resume) => {
          if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill()
        })
    )
    const told = Effect.async<Told>((resume) => {
      const heard = (message: unknown): void => {
        child.off("exit", gone)
        resume(Effect.succeed(message as Told)) // see `Child`
      }
      const gone = (code: number | null): void => resume(Effect.dieMessage(`${module.pathname} ended with ${code}`))
      child.once("message", heard)
      child.once("exit", gone)
      return Effect.sync(() => {
        child.off("message", heard)
        child.off("exit", gone)
      })
    })
    const first = yield* told
    const lock = yield* Effect.makeSemaphore(1)
    return {
      first,
      ask: (message) =>
        lock.withPermits(1)(
          Effect.zipRight(
            Effect.sync(() => child.send(message)),
            told
          )
        )
    }
  })
