/**
 * The processes of the bench: one server, and one process per measurement, all plain Node on the package as built.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Where programs lie that use this package and its own dependencies. */
export const clients = here("clients")

export interface Server {
  readonly url: string
  readonly stop: () => void
}

export const startServer = async (): Promise<Server> => {
  const child = spawn(process.execPath, [here("server.mjs")], { stdio: ["pipe", "pipe", "inherit"] })
  const lines = createInterface({ input: child.stdout })
  const port = await Promise.race([first(lines), exited(child)])
  return { url: `http://127.0.0.1:${port}`, stop: () => child.stdin.end() }
}

const first = (lines: AsyncIterable<string>): Promise<string> =>
  (async () => {
    for await (const line of lines) return line
    throw new Error("the bench's server said nothing")
  })()

const exited = (child: ChildProcess): Promise<never> =>
  new Promise((_, reject) => child.once("exit", (code) => reject(new Error(`the bench's server ended with ${code}`))))

/** Runs a program to its end and reads the JSON that it prints. */
export const run = async (file: string, options: unknown, flags: ReadonlyArray<string> = []): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file, JSON.stringify(options)], {
    maxBuffer: 16 * 1024 * 1024
  })
  return JSON.parse(stdout)
}
