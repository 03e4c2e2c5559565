/**
 * A real Redis on a port of its own, which a test can kill, freeze and start again. It keeps nothing on the disk, so one that
 * is started again is empty.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

/** Why tests with a real Redis cannot run here; undefined where they can. */
export const missing: string | undefined = (() => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" })
    return undefined
  } catch {
    return "redis-server is not installed (apt-get install redis-server)"
  }
})()

export interface RedisServer {
  readonly port: number
  /** At once, as in a power cut. */
  readonly kill: Effect.Effect<void>
  readonly start: Effect.Effect<void>
  /** It keeps its connections and answers nothing until it is thawed. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

const freePort: Effect.Effect<number> = Effect.async((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

const accepts = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const socket = connect({ port, host: "127.0.0.1" })
    const said = (answer: boolean) => {
      socket.destroy()
      resume(Effect.succeed(answer))
    }
    socket.once("connect", () => said(true)).once("error", () => said(false))
  })

const ended = (child: ChildProcess): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

export const make: Effect.Effect<RedisServer, never, Scope.Scope> = Effect.gen(function* () {
  const port = yield* freePort
  const dir = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "redis-"))),
    (dir) => Effect.sync(() => rmSync(dir, { recursive: true, force: true }))
  )
  let child: ChildProcess | undefined
  const kill = Effect.suspend(() => (child === undefined ? Effect.void : ended(child)))
  const start = Effect.gen(function* () {
    const settings = { port: String(port), bind: "127.0.0.1", save: "", appendonly: "no", dir }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    child = spawn("redis-server", args, { stdio: "ignore" })
    while (!(yield* accepts(port))) yield* Effect.sleep("20 millis")
  })
  const signal = (name: NodeJS.Signals) => Effect.sync(() => void child?.kill(name))
  yield* Effect.addFinalizer(() => kill)
  yield* start
  return { port, kill, start, freeze: signal("SIGSTOP"), thaw: signal("SIGCONT") }
})
