/**
 * A tool loop whose process is killed goes on in another one: with each result that was stored, and in the middle of an
 * answer.
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { ToolLoop } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { weather } from "../../support/provider/calls.js"

const text = "It is warm in Oslo and Rome, and nowhere warmer than in Bergen."
const protocol = "anthropic-messages"

const model: FaultServer.Script = ({ body, json }) => {
  const ask = Wire.asked(json)
  if (ask !== undefined) {
    const rest = text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
    return Reply.stream(Wire.answer(protocol, { text: Wire.resumed(ask, rest) }))
  }
  // The end of the last answer is late, so that there is a middle of it.
  if (body.includes(`"c3"`)) {
    return Reply.hold(Reply.stream(Wire.answer(protocol, { text })), { afterEvents: 9 }, "100 millis")
  }
  return Reply.stream(
    Wire.answer(protocol, {
      toolCalls: body.includes(`"c1"`) ? [weather("c3", "Bergen")] : [weather("c1", "Oslo"), weather("c2", "Rome")]
    })
  )
}

/** Runs the program until it is done or dead, as often as it is asked to. */
const world = Effect.gen(function* () {
  const server = yield* FaultServer.make(model)
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "tool-loop-"))),
    (made) => Effect.promise(() => rm(made, { recursive: true }))
  )
  const [file, log] = [join(folder, "checkpoint.json"), join(folder, "calls.log")]
  const run = (die: string) =>
    Effect.async<{ readonly out: string; readonly killed: boolean }>((resume) => {
      const child = spawn(
        process.execPath,
        [
          "--conditions=effect-redial-source",
          "--import=tsx",
          join(import.meta.dirname, "../../support/provider/loopProcess.ts")
        ],
        {
          env: { ...process.env, DIE: die, FILE: file, LOG: log, URL: server.url },
          stdio: ["ignore", "pipe", "inherit"]
        }
      )
      let out = ""
      child.stdout.on("data", (bytes) => {
        out += String(bytes)
      })
      child.on("close", (_, signal) => resume(Effect.succeed({ out, killed: signal === "SIGKILL" })))
      return Effect.sync(() => child.kill("SIGKILL"))
    })
  return {
    run,
    requests: Effect.map(server.requests, ({ length }) => length),
    ran: Effect.promise(async () => (existsSync(log) ? (await readFile(log, "utf8")).trim().split("\n") : [])),
    stored: Effect.promise(() => readFile(file, "utf8")).pipe(
      Effect.flatMap(Schema.decode(Schema.parseJson(ToolLoop.Checkpoint)))
    )
  }
})

describe("a tool loop whose process is killed", () => {
  it.scopedLive(
    "goes on in another process: no call is run twice, and nothing is asked twice",
    () =>
      Effect.gen(function* () {
        // Between two results, between the last result and the request that sends it, and at the very end.
        for (const at of [2, 3, 6]) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { ran, requests, run, stored } = yield* world
              const first = yield* run(`save ${at}`)
              assert.isTrue(first.killed, `killed at ${at}`)
              const second = yield* run("")
              assert.isFalse(second.killed)
              assert.deepStrictEqual(yield* ran, ["c1", "c2", "c3"], `save ${at}`)
              assert.strictEqual(yield* requests, 3, `save ${at}`)
              const { steps } = yield* stored
              assert.strictEqual(steps.length, 3)
              assert.strictEqual(steps[2]?.response.text, text)
              // The last one stored the whole answer before it showed the end of it.
              assert.strictEqual(second.out, at === 6 ? "" : text, `save ${at}`)
            })
          )
        }
      }),
    120_000
  )

  it.scopedLive(
    "runs a call again whose result was not stored, and no other one",
    () =>
      Effect.gen(function* () {
        const { ran, requests, run } = yield* world
        assert.isTrue((yield* run("run c2")).killed)
        assert.isFalse((yield* run("")).killed)
        assert.deepStrictEqual(yield* ran, ["c1", "c2", "c2", "c3"])
        assert.strictEqual(yield* requests, 3)
      }),
    60_000
  )

  it.scopedLive(
    "goes on in the middle of an answer",
    () =>
      Effect.gen(function* () {
        const { ran, requests, run, stored } = yield* world
        assert.isTrue((yield* run("text")).killed)
        const before = (yield* stored).answer?.text ?? ""
        assert.isTrue(before.length > 0 && before.length < text.length && text.startsWith(before))
        const second = yield* run("")
        assert.strictEqual(before + second.out, text)
        assert.strictEqual((yield* stored).steps[2]?.response.text, text)
        assert.deepStrictEqual(yield* ran, ["c1", "c2", "c3"])
        assert.strictEqual(yield* requests, 4)
      }),
    60_000
  )
})
