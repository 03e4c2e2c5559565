/**
 * The demo as a process of its own: what it prints, how it exits, and how it stops.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"

const root = fileURLToPath(new URL("../..", import.meta.url))
const node = ["--conditions=effect-redial-source", "--import=tsx", "docs/examples/demo/main.ts"]

const start = (...argv: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [...node, ...argv], {
        cwd: root,
        env: { ...process.env, OPENAI_API_KEY: "sk-test" },
        stdio: ["ignore", "pipe", "pipe"]
      })
      let out = ""
      let errors = ""
      child.stdout.setEncoding("utf8").on("data", (text) => (out += text))
      child.stderr.setEncoding("utf8").on("data", (text) => (errors += text))
      const closed = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)))
      const ended = Effect.map(
        Effect.promise(() => closed),
        (code) => ({ code, out, errors })
      )
      return { child, ended }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

describe("npm run demo", () => {
  it.scopedLive(
    "-- --json prints one JSON object and nothing else",
    () =>
      Effect.gen(function* () {
        const { code, errors, out } = yield* Effect.flatMap(start("--json"), ({ ended }) => ended)
        assert.strictEqual(errors, "")
        assert.strictEqual(code, 0)
        assert.match(out, /^\{.*\}\n$/)
        assert.deepInclude(JSON.parse(out), { streams: 8, completed: 8, lost: 0, duplicated: 0, socketsOpenAtEnd: 0 })
      }),
    60_000
  )

  it.scopedLive(
    "closes everything at Ctrl-C, however often it is pressed, without a stack",
    () =>
      Effect.gen(function* () {
        const answer = Reply.stream(Wire.answer("chat-completions", { text: "Hello there" }))
        const server = yield* FaultServer.make([Reply.cut(answer, { afterEvents: 3 }, "stall")])
        const url = `${server.url}/v1`
        const { child, ended } = yield* start("--provider", "openai", "--model", "m", "--base-url", url, "Hello")
        yield* server.awaitStats(({ requests }) => requests === 1)
        child.kill("SIGINT")
        child.kill("SIGINT")
        const { code, errors } = yield* ended
        assert.strictEqual(code, 130)
        assert.strictEqual(errors, "")
        const stats = yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
        assert.deepStrictEqual([stats.connectionsOpened, stats.requests], [1, 1])
      }),
    60_000
  )
})
