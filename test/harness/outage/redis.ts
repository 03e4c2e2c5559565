/**
 * A Redis of its own for a run, on a port of its own, that can be killed and started again.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { connect, createServer } from "node:net"
import { Effect, type Scope } from "effect"

export interface Redis {
  readonly port: number
  /** Kills it, as a machine that goes away does. */
  readonly kill: Effect.Effect<void>
  /** Starts it again, empty. */
  readonly start: Effect.Effect<void>
}

export const isInstalled = (): boolean => spawnSync("redis-server", ["--version"]).status === 0

const freePort = Effect.async<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Whether something listens. */
const listens = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const socket = connect(port, "127.0.0.1")
    const end = (is: boolean) => {
      socket.destroy()
      resume(Effect.succeed(is))
    }
    socket.once("connect", () => end(true))
    socket.once("error", () => end(false))
  })

export const make: Effect.Effect<Redis, never, Scope.Scope> = Effect.gen(function* () {
  const port = yield* freePort
  let process: ChildProcess | undefined
  const kill = Effect.async<void>((resume) => {
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return resume(Effect.void)
    process.once("exit", () => resume(Effect.void))
    process.kill("SIGKILL")
  })
  const start = Effect.gen(function* () {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = spawn("redis-server", args, { stdio: "ignore" })
    while (!(yield* listens(port))) yield* Effect.sleep(20)
  })
  yield* Effect.acquireRelease(start, () => kill)
  return { port, kill, start }
})
