/**
 * Programs that are not ours, as scoped resources: found, started in a folder of their own, and gone with the scope.
 */
import { execFile, spawn } from "node:child_process"
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import * as Net from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { Effect, type Scope } from "effect"

/** Where a program is; undefined where it is not installed. Servers stand where only root's PATH looks. */
export const find = (name: string): string | undefined =>
  [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-redial-middlebox-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

/** A port that was free a moment ago: these programs cannot be asked which one they were given. */
const freePort = Effect.async<number>((resume) => {
  const server = Net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as Net.AddressInfo // a server that listens on TCP has such an address
    server.close(() => resume(Effect.succeed(port)))
  })
})

const answers = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const socket = Net.connect(port, "127.0.0.1")
    const end = (is: boolean) => () => {
      socket.destroy()
      resume(Effect.succeed(is))
    }
    socket.once("connect", end(true)).once("error", end(false))
  })

export interface Running {
  readonly port: number
  readonly directory: string
  /** Ends the program at once, as a crash does. */
  readonly kill: Effect.Effect<void>
}

export interface Program {
  readonly path: string
  readonly config: (port: number, directory: string) => string
  readonly args: (directory: string) => ReadonlyArray<string>
}

/** Runs a program that serves one port, from when it accepts connections until the scope closes. */
export const run = ({ args, config, path }: Program): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* folder
    const port = yield* freePort
    writeFileSync(join(directory, "config"), config(port, directory))
    let said = ""
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(path, args(directory), { stdio: ["ignore", "pipe", "pipe"] })
        for (const out of [child.stdout, child.stderr]) {
          out.on("data", (text: Buffer) => {
            said = (said + text.toString()).slice(-2_000)
          })
        }
        return child
      }),
      (child) =>
        Effect.async<void>((resume) => {
          if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGKILL")
        })
    )
    const ready: Effect.Effect<void> = Effect.flatMap(answers(port), (is) =>
      is
        ? Effect.void
        : child.exitCode === null
          ? Effect.delay(ready, 20)
          : Effect.dieMessage(`${path} ended with ${child.exitCode}: ${said}`)
    )
    yield* ready.pipe(Effect.timeoutFail({ duration: "20 seconds", onTimeout: () => said }), Effect.orDie)
    return { port, directory, kill: Effect.sync(() => child.kill("SIGKILL")) }
  })

/** Runs a program to its end; its code and what it said. */
export const once = (
  path: string,
  args: ReadonlyArray<string>
): Effect.Effect<{ readonly code: number; readonly said: string }> =>
  Effect.async((resume) => {
    const child = execFile(path, args, (error, out, err) =>
      resume(Effect.succeed({ code: Number(error?.code ?? 0), said: out + err }))
    )
    return Effect.sync(() => child.kill())
  })
