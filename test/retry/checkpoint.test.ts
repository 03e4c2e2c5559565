/**
 * An answer that broke in one place continues in another: in another process, at another provider, or at the server that
 * keeps it.
 */
import { spawn } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Redacted, Schedule, Schema, Stream } from "effect"
import { Checkpoint, ModelEvent, type Protocol, Provider, type ProviderError, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { request } from "../support/request.js"

const text = "The sky is blue because short waves are scattered more than long ones, and violet is seen less."
const pieces = text.match(/.{1,8}/g) ?? []
const background = { ...request, providerOptions: { responses: { background: true } } }

const provider = (url: string, protocol: Protocol.ProtocolId, options?: Partial<Provider.ServiceOptions>) =>
  Provider.make(
    Vendors.custom({ id: "vendor", protocol, baseUrl: protocol === "anthropic-messages" ? url : `${url}/v1` }),
    { apiKey: Redacted.make("test-key"), retry: Schedule.stop, ...options }
  )

/** Answers whole, or the rest of what the request says was delivered. */
const model =
  (protocol: Protocol.ProtocolId) =>
  ({ json }: FaultServer.ReceivedRequest): Reply.Reply => {
    const ask = Wire.asked(json)
    if (ask === undefined) return Reply.stream(Wire.answer(protocol, { text: pieces }))
    const at = text.indexOf(ask.anchor) + ask.anchor.length
    return Reply.stream(Wire.answer(protocol, { text: Wire.resumed(ask, text.slice(at)) }))
  }

const collected = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

const stored = (checkpoint: Checkpoint.Checkpoint) =>
  Schema.encode(Schema.parseJson(Checkpoint.Checkpoint))(checkpoint).pipe(
    Effect.flatMap(Schema.decode(Schema.parseJson(Checkpoint.Checkpoint)))
  )

const checkpointOf = (error: ProviderError.ProviderError): Checkpoint.Checkpoint => {
  assert(error.checkpoint !== undefined)
  return error.checkpoint
}

describe("a checkpoint", () => {
  for (const [from, to] of [
    ["anthropic-messages", "chat-completions"],
    ["chat-completions", "responses"],
    ["responses", "anthropic-messages"]
  ] as const) {
    it.scopedLive(`of an answer over ${from} continues over ${to}, in all three ways`, () =>
      Effect.gen(function* () {
        const whole = Wire.answer(from, { text: pieces })
        const broken = yield* FaultServer.make([
          Reply.cut(Reply.stream(whole), { afterEvents: whole.length - 5 }, "rst")
        ])
        const first = yield* provider(broken.url, from)
        const shown: Array<string> = []
        const error = yield* first.streamText(request).pipe(
          Stream.runForEach((piece) => Effect.sync(() => void shown.push(piece))),
          Effect.flip
        )
        const checkpoint = yield* stored(checkpointOf(error))
        assert.strictEqual(checkpoint.text, shown.join(""))
        assert.notStrictEqual(checkpoint.text, "")

        const server = yield* FaultServer.make(model(to))
        const second = yield* provider(server.url, to)
        const rest = yield* collected(second.streamText(request, { from: checkpoint }))
        assert.strictEqual(shown.join("") + rest.join(""), text)

        const events = yield* collected(second.stream(request, { from: checkpoint }))
        const folded = ModelEvent.fold(events, checkpoint)
        assert.strictEqual(folded.text, text)

        const response = yield* second.generate(request, { from: checkpoint })
        assert.strictEqual(response.text, text)
        assert.deepStrictEqual(
          response.attempts.map(({ attempt, error, route }) => [attempt, route, error?.tag]),
          [
            [1, undefined, "StreamDropped"],
            [2, "ask", undefined]
          ]
        )
        assert.deepStrictEqual(
          response.seams.map(({ offset, route }) => [offset, route]),
          [[shown.join("").length, "ask"]]
        )
      })
    )
  }

  it.scopedLive("that events give is the one that the error has, at every event", () =>
    Effect.gen(function* () {
      const whole = Wire.answer("anthropic-messages", {
        blocks: [
          { type: "reasoning", text: ["Hm, ", "yes."] },
          { type: "text", text: pieces.slice(0, 4) },
          { type: "tool-call", id: "call_1", name: "look", arguments: { at: 1 } },
          { type: "text", text: pieces.slice(4) }
        ]
      })
      for (let afterEvents = 1; afterEvents < whole.length - 1; afterEvents++) {
        const server = yield* FaultServer.make([Reply.cut(Reply.stream(whole), { afterEvents }, "rst")])
        const service = yield* provider(server.url, "anthropic-messages")
        for (const delivery of ["restart", "resume", "fail"] as const) {
          const seen: Array<ModelEvent.ModelEvent> = []
          const error = yield* service.stream(request, { delivery }).pipe(
            Stream.runForEach((event) => Effect.sync(() => void seen.push(event))),
            Effect.flip
          )
          const { blocks, delivered, text } = ModelEvent.fold(seen)
          const { attempts, ...checkpoint } = checkpointOf(error)
          assert.deepStrictEqual(
            { blocks, delivered, text },
            {
              blocks: checkpoint.blocks,
              delivered: checkpoint.delivered,
              text: checkpoint.text
            }
          )
          assert.strictEqual(attempts.length, 1)
        }
      }
    })
  )

  it.scopedLive("of a stream that was not resumed may end in white space: the seam lies behind it", () =>
    Effect.gen(function* () {
      const events = Wire.answer("anthropic-messages", { text: ["One is not enough.", "\n\n", "Two are."] })
      const broken = yield* FaultServer.make([Reply.cut(Reply.stream(events), { afterEvents: 5 }, "rst")])
      const first = yield* provider(broken.url, "anthropic-messages")
      const error = yield* Effect.flip(Stream.runDrain(first.stream(request)))
      assert.strictEqual(checkpointOf(error).text, "One is not enough.\n\n")
      const server = yield* FaultServer.make(({ json }) => {
        const ask = Wire.asked(json)
        assert(ask !== undefined)
        return Reply.stream(Wire.answer("anthropic-messages", { text: Wire.resumed(ask, "\n\nTwo are.") }))
      })
      const second = yield* provider(server.url, "anthropic-messages")
      const rest = yield* collected(second.streamText(request, { from: checkpointOf(error) }))
      assert.strictEqual(rest.join(""), "Two are.")
    })
  )

  it.scoped("that no model goes on with fails with what was delivered, and can be begun anew", () =>
    Effect.gen(function* () {
      const checkpoint = ModelEvent.fold([
        { _tag: "TextStart", index: 0 },
        { _tag: "TextDelta", index: 0, text: "ha ha ha ha" }
      ])
      const answer = ScriptedProvider.answer({ text: "Something else." })
      const { provider, requests } = yield* ScriptedProvider.make([answer])
      const unable = yield* Effect.flip(provider.generate(request, { from: checkpoint }))
      assert.strictEqual(unable._tag, "SeamNotProven")
      assert.strictEqual(unable.partial?.text, "ha ha ha ha")
      assert.strictEqual((yield* requests).length, 0)

      const other = ModelEvent.fold([
        { _tag: "TextStart", index: 0 },
        { _tag: "TextDelta", index: 0, text: "Because of Rayleigh scat" }
      ])
      const refused = yield* Effect.flip(Stream.runDrain(provider.streamText(request, { from: other })))
      assert.strictEqual(refused._tag, "SeamNotProven")
      assert.strictEqual(refused.partial?.text, other.text)
      assert.strictEqual((yield* requests).length, 2)

      const events = yield* collected(provider.stream(request, { from: other, delivery: "restart" }))
      assert.deepStrictEqual(events.map(({ _tag }) => _tag).slice(0, 2), ["Superseded", "ResponseStart"])
      assert.strictEqual(ModelEvent.fold(events, other).text, "Something else.")

      const held = yield* Effect.flip(Stream.runDrain(provider.stream(request, { from: other, delivery: "hold" })))
      assert(held._tag === "InvalidRequest" && held.field === "from")
    })
  )
})

describe("a checkpoint of an answer that the server keeps", () => {
  const events = Wire.answer("responses", { text: pieces, id: "resp_1" })

  it.scopedLive("attaches to it from another client, and pays for nothing twice", () =>
    Effect.gen(function* () {
      for (let afterEvents = 4; afterEvents < events.length; afterEvents++) {
        const server = yield* FaultServer.make((received) => {
          const reply = Reply.stream(Wire.rest(received, events))
          return received.method === "POST" ? Reply.cut(reply, { afterEvents }, "rst") : reply
        })
        const first = yield* provider(server.url, "responses")
        const seen: Array<ModelEvent.ModelEvent> = []
        const error = yield* first.stream(background, { delivery: "resume" }).pipe(
          Stream.runForEach((event) => Effect.sync(() => void seen.push(event))),
          Effect.flip
        )
        assert.strictEqual(checkpointOf(error).cursor?.id, "resp_1")
        for (const from of [yield* stored(checkpointOf(error)), ModelEvent.fold(seen)]) {
          const second = yield* provider(server.url, "responses")
          const rest = yield* collected(second.streamText(background, { from }))
          assert.strictEqual(from.text + rest.join(""), text)
          assert.strictEqual((yield* second.generate(background, { from })).text, text)
        }
        const methods = (yield* server.requests).map(({ method }) => method)
        assert.strictEqual(methods.filter((method) => method === "POST").length, 1)
      }
    })
  )

  it.scopedLive("attaches in the middle of reasoning and of tool calls, too", () =>
    Effect.gen(function* () {
      const mixed = Wire.answer("responses", {
        id: "resp_1",
        blocks: [
          { type: "reasoning", text: ["Hm, ", "yes."] },
          { type: "text", text: pieces.slice(0, 3) },
          { type: "tool-call", id: "call_1", name: "look", arguments: { at: 1 } },
          { type: "reasoning", text: "Once more." },
          { type: "text", text: pieces.slice(3, 6) }
        ]
      })
      const whole = yield* Effect.flatMap(FaultServer.make([Reply.stream(mixed)]), ({ url }) =>
        Effect.flatMap(provider(url, "responses"), (service) => service.generate(background))
      )
      for (let afterEvents = 2; afterEvents < mixed.length; afterEvents++) {
        const server = yield* FaultServer.make((received) => {
          const reply = Reply.stream(Wire.rest(received, mixed))
          return received.method === "POST" ? Reply.cut(reply, { afterEvents }, "rst") : reply
        })
        const first = yield* provider(server.url, "responses")
        const error = yield* Effect.flip(Stream.runDrain(first.stream(background, { delivery: "resume" })))
        const from = yield* stored(checkpointOf(error))
        const response = yield* (yield* provider(server.url, "responses")).generate(background, { from })
        assert.deepStrictEqual(response.content, whole.content, `after ${afterEvents} events`)
        assert.strictEqual((yield* server.requests).filter(({ method }) => method === "POST").length, 1)
      }
    })
  )

  it.scopedLive("does not accept another answer in its place", () =>
    Effect.gen(function* () {
      const other = Wire.answer("responses", { text: "Quite another text.", id: "resp_1" })
      const server = yield* FaultServer.make((received) =>
        received.method === "POST"
          ? Reply.cut(Reply.stream(events), { afterEvents: 8 }, "rst")
          : Reply.stream(Wire.rest(received, other))
      )
      const first = yield* provider(server.url, "responses", { continuation: false })
      const broken = yield* Effect.flip(Stream.runDrain(first.streamText(background)))
      const from = checkpointOf(broken)
      const error = yield* Effect.flip(first.generate(background, { from }))
      assert.strictEqual(error._tag, "SeamNotProven")
      assert.strictEqual(error.partial?.text, from.text)
    })
  )
})

describe("an answer that is whole", () => {
  it.scoped("has nothing to go on from", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* ScriptedProvider.make([ScriptedProvider.answer({ text })])
      const from = ModelEvent.fold(yield* collected(provider.stream(request)))
      assert.isTrue(from.finished)
      const error = yield* Effect.flip(provider.generate(request, { from }))
      assert(error._tag === "InvalidRequest" && error.field === "from")
      assert.strictEqual((yield* requests).length, 1)
    })
  )
})

describe("two processes", () => {
  it.scopedLive(
    "continue one answer: the first is killed in mid-stream after it stored a checkpoint",
    () =>
      Effect.gen(function* () {
        const gate = yield* FaultServer.gate()
        const answer = Wire.answer("anthropic-messages", { text: pieces })
        const server = yield* FaultServer.make((received) =>
          Wire.asked(received.json) === undefined
            ? Reply.hold(Reply.stream(answer), { afterEvents: 9 }, gate)
            : model("anthropic-messages")(received)
        )
        const folder = yield* Effect.acquireRelease(
          Effect.promise(() => mkdtemp(join(tmpdir(), "checkpoint-"))),
          (made) => Effect.promise(() => rm(made, { recursive: true }))
        )
        const file = join(folder, "checkpoint.json")
        const run = (script: string) =>
          spawn(
            process.execPath,
            [
              "--conditions=effect-redial-source",
              "--import=tsx",
              join(import.meta.dirname, "../support/retry/checkpointProcess.ts")
            ],
            { env: { ...process.env, STEP: script, FILE: file, URL: server.url }, stdio: ["ignore", "pipe", "inherit"] }
          )
        const output = (child: ReturnType<typeof run>) =>
          Effect.promise(
            () =>
              new Promise<string>((resolve) => {
                let out = ""
                child.stdout.on("data", (bytes) => {
                  out += String(bytes)
                })
                child.on("close", () => resolve(out))
              })
          )

        const first = run("first")
        const shownFirst = yield* Effect.fork(output(first))
        yield* gate.reached
        // It stores what it has, and is then killed in the middle of a pull.
        yield* Effect.promise(() => readFile(file)).pipe(
          Effect.filterOrDie(
            (bytes) => bytes.length > 0,
            () => "nothing stored yet"
          ),
          Effect.catchAllCause(() => Effect.fail("not yet")),
          Effect.retry(Schedule.intersect(Schedule.spaced(50), Schedule.recurs(200)))
        )
        yield* Effect.sleep(300)
        first.kill("SIGKILL")
        const before = yield* shownFirst

        const after = yield* output(run("second"))
        const checkpoint = yield* Effect.promise(() => readFile(file, "utf8")).pipe(
          Effect.flatMap(Schema.decode(Schema.parseJson(Checkpoint.Checkpoint)))
        )
        assert.strictEqual(checkpoint.text, before)
        assert.strictEqual(before + after, text)
        assert.strictEqual((yield* server.requests).length, 2)
      }),
    60_000
  )
})
