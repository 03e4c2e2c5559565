/**
 * A tool loop whose answers drop, at each event of each step, over real sockets: its handlers run as if nothing had dropped.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schedule, Schema, Stream } from "effect"
import { type Protocol, Provider, Tool, Toolkit, ToolLoop, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { protocols } from "../../support/protocols.js"
import { weather } from "../../support/provider/calls.js"

const toolkit = Toolkit.make(
  Tool.make("weather", { parameters: { city: Schema.String } }),
  Tool.make("add", { parameters: { a: Schema.Number, b: Schema.Number } })
)

const preamble = "I will look both cities up, and add what I find."

const answers = [
  {
    text: preamble,
    toolCalls: [
      weather("c1", "Oslo"),
      { id: "c2", name: "weather", arguments: { town: "Rome" } },
      weather("c3", "Rome")
    ]
  },
  {
    text: "",
    toolCalls: [
      { id: "c4", name: "add", arguments: { a: 18, b: 25 } },
      { id: "c5", name: "adds", arguments: {} }
    ]
  },
  { text: "It is 43 degrees, all in all.", toolCalls: [] }
] as const

/** Which step a request is of: whose calls have their results. */
const stepOf = (body: string): 0 | 1 | 2 => (body.includes(`"c4"`) ? 2 : body.includes(`"c1"`) ? 1 : 0)

/** Answers each step, and breaks one of them, once, after some events. */
const dropping = (protocol: Protocol.ProtocolId, step: number, afterEvents: number): FaultServer.Script => {
  let broken = false
  return ({ body, json }) => {
    const at = stepOf(body)
    const { text, toolCalls } = answers[at]
    const ask = Wire.asked(json)
    const rest = ask && text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
    const events = Wire.answer(protocol, {
      text: ask === undefined || rest === undefined ? text : Wire.resumed(ask, rest),
      toolCalls
    })
    if (at !== step || broken) return Reply.stream(events)
    broken = true
    return Reply.cut(Reply.stream(events), { afterEvents }, "rst")
  }
}

interface Ran {
  readonly handled: ReadonlyArray<string>
  readonly result: ToolLoop.Result
  readonly requests: number
}

const runLoop = (
  protocol: Protocol.ProtocolId,
  delivery: "restart" | "resume" | "hold" | "fail" | "generate",
  script: FaultServer.Script
) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make(script)
    const vendor = Vendors.custom({ id: "vendor", protocol, baseUrl: server.url })
    const provider = yield* Provider.make(vendor, { apiKey: Redacted.make("test-key"), retry: Schedule.recurs(3) })
    const handled: Array<string> = []
    const loop = ToolLoop.make(toolkit, {
      weather: ({ city }, { id }) => Effect.sync(() => void handled.push(id)).pipe(Effect.as(`warm in ${city}`)),
      add: ({ a, b }, { id }) => Effect.sync(() => void handled.push(id)).pipe(Effect.as(a + b))
    })
    const request = { model: "m", prompt: "How warm are Oslo and Rome together?" }
    let stored: ToolLoop.Checkpoint | undefined
    const options = {
      save: (checkpoint: ToolLoop.Checkpoint) =>
        Effect.sync(() => {
          stored = checkpoint
        })
    }
    const once = Effect.suspend(() =>
      delivery === "generate"
        ? ToolLoop.generate(loop, request, { ...options, from: stored })
        : Stream.runFold(
            ToolLoop.stream(loop, request, { ...options, delivery, from: stored }),
            undefined as ToolLoop.Result | undefined,
            (end, event) => (event._tag === "End" ? event.result : end)
          )
    )
    // With `fail` the loop fails, and another one goes on from what was stored.
    const whole = delivery === "fail" ? Effect.retry(once, { times: 1 }) : once
    const result = yield* Effect.provideService(whole, Provider.Provider, provider)
    assert(result !== undefined)
    return { handled, result, requests: (yield* server.requests).length } satisfies Ran
  }).pipe(Effect.scoped)

describe("a tool loop over answers that drop", () => {
  for (const protocol of protocols) {
    for (const delivery of ["restart", "resume", "hold", "fail", "generate"] as const) {
      it.live(
        `runs each proven call once, ${protocol}, ${delivery}`,
        () =>
          Effect.gen(function* () {
            const whole = yield* runLoop(protocol, delivery, dropping(protocol, -1, 0))
            assert.deepStrictEqual([...whole.handled].sort(), ["c1", "c3", "c4"])
            assert.strictEqual(whole.result.prompt.length, 6)
            for (const [step, answer] of answers.entries()) {
              const { length } = Wire.answer(protocol, answer)
              for (let at = 0; at < length; at++) {
                const broken = yield* runLoop(protocol, delivery, dropping(protocol, step, at))
                const where = `${protocol}, ${delivery}, step ${step}, event ${at}`
                assert.deepStrictEqual([...broken.handled].sort(), ["c1", "c3", "c4"], where)
                assert.strictEqual(broken.result.text, whole.result.text, where)
                assert.deepStrictEqual(broken.result.prompt, whole.result.prompt, where)
                assert.isAtMost(broken.requests, whole.requests + 1, where)
              }
            }
          }),
        60_000
      )
    }
  }
})
