/**
 * Runs a published example as a reader would, in a process of its own that has the environment it is given and no more.
 */
import { execFile } from "node:child_process"
import { Effect } from "effect"

export const root = new URL("../../", import.meta.url)

export interface Ran {
  readonly code: number
  /** Standard output, without the lines that Effect's log writes there of redials. */
  readonly out: string
  readonly err: string
}

const told = /timestamp=\S+ level=(?:INFO|WARN) fiber=#\d+ message="(?:Redialling|The request failed) [^\n]*\n/g

export const run = (example: string, env: Record<string, string> = {}) =>
  Effect.async<Ran>((resume) => {
    const child = execFile(
      process.execPath,
      ["--conditions=effect-redial-source", "--import=tsx", `docs/examples/${example}.ts`],
      { cwd: root, env: { PATH: process.env.PATH ?? "", ...env } },
      (error, out, err) => resume(Effect.succeed({ code: Number(error?.code ?? 0), out: out.replace(told, ""), err }))
    )
    return Effect.sync(() => child.kill())
  })
