/**
 * The headers of one call: they are on each of its requests, by whatever route an attempt goes, and nowhere else.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Schema, Stream } from "effect"
import { type Protocol, type Provider, Router } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { observing } from "../support/observing.js"
import { own, pieces } from "../support/provider/own.js"
import { request } from "../support/request.js"

const text = pieces.join("")
const secret = "trace-4f1c9a7722"
const headers = { "X-Trace": secret }

const answer = (protocol: Protocol.ProtocolId, said: string | ReadonlyArray<string> = pieces) =>
  Wire.answer(protocol, { text: said, id: "resp_1" })

/** Breaks once in the middle of the text. */
const cut = (protocol: Protocol.ProtocolId) => {
  const events = answer(protocol)
  return Reply.cut(
    Reply.stream(events),
    { afterEvents: events.findIndex((event) => event.includes("short waves")) + 1 },
    "rst"
  )
}

const traces = (server: FaultServer.Service) =>
  Effect.map(server.requests, (requests) => requests.map(({ headers }) => headers["x-trace"]))

const read = <E>(stream: Stream.Stream<string, E>) => Effect.map(Stream.runCollect(stream), Chunk.join(""))

describe("the headers of a call", () => {
  for (const protocol of ["anthropic-messages", "chat-completions", "responses"] as const) {
    describe(protocol, () => {
      it.scopedLive("go with the first request and, after a drop, with the one that begins anew", () =>
        Effect.gen(function* () {
          const server = yield* FaultServer.make([cut(protocol), Reply.stream(answer(protocol))])
          const service = yield* own(protocol, server.url)
          assert.strictEqual((yield* service.generate(request, { headers })).text, text)
          assert.deepStrictEqual(yield* traces(server), [secret, secret])
        })
      )

      it.scopedLive("go with the one that asks the model to go on", () =>
        Effect.gen(function* () {
          const server = yield* FaultServer.make(({ json }) => {
            const ask = Wire.asked(json)
            return ask === undefined
              ? cut(protocol)
              : Reply.stream(answer(protocol, Wire.resumed(ask, pieces[2] ?? "")))
          })
          const service = yield* own(protocol, server.url)
          assert.strictEqual(yield* read(service.streamText(request, { headers })), text)
          assert.deepStrictEqual(yield* traces(server), [secret, secret])
        })
      )
    })
  }

  for (const protocol of ["anthropic-messages", "chat-completions"] as const) {
    it.scopedLive(`go with a prefill over ${protocol}`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([cut(protocol), Reply.stream(answer(protocol, pieces[2] ?? ""))])
        const service = yield* own(protocol, server.url, { prefill: {} })
        assert.strictEqual(yield* read(service.streamText(request, { headers })), text)
        assert.deepStrictEqual(yield* traces(server), [secret, secret])
      })
    )
  }

  it.scopedLive("go with the requests for an answer that the server keeps", () =>
    Effect.gen(function* () {
      const events = answer("responses")
      const server = yield* FaultServer.make((received) =>
        received.index < 3
          ? Reply.cut(Reply.stream(Wire.rest(received, events)), { afterEvents: 4 }, "rst")
          : Reply.stream(Wire.rest(received, events))
      )
      const service = yield* own("responses", server.url)
      const background = { ...request, providerOptions: { responses: { background: true } } }
      assert.strictEqual((yield* service.generate(background, { headers })).text, text)
      assert.deepStrictEqual(
        (yield* server.requests).map(({ headers, method }) => [method, headers["x-trace"]]),
        [
          ["POST", secret],
          ["GET", secret],
          ["GET", secret]
        ]
      )
    })
  )

  it.scopedLive("go with every kind of call, also through a router, and with no other call", () =>
    Effect.gen(function* () {
      const object = JSON.stringify({ city: "Oslo" })
      const server = yield* FaultServer.make([Reply.stream(answer("chat-completions", object))])
      const service = Router.make({ own: yield* own("chat-completions", server.url) }, () => "own")
      yield* service.generate(request, { headers })
      yield* Stream.runDrain(service.stream(request, { headers: [["x-trace", secret]] }))
      yield* Stream.runDrain(service.streamText(request, { headers }))
      yield* service.generateObject(request, { schema: Schema.Struct({ city: Schema.String }) }, { headers })
      yield* service.generate(request)
      assert.deepStrictEqual(yield* traces(server), [secret, secret, secret, secret, undefined])
    })
  )

  it.scopedLive("win over those of the provider, and add to its betas", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.stream(answer("anthropic-messages"))])
      const service = yield* own("anthropic-messages", server.url, {
        headers: { "x-tenant": "a", "x-kept": "b", "anthropic-beta": "one, two" }
      })
      const sent = (call: Provider.CallOptions) =>
        Effect.zipRight(
          service.generate(request, call),
          Effect.map(server.requests, (requests) =>
            ["x-tenant", "x-kept", "anthropic-beta"].map((name) => requests.at(-1)?.headers[name])
          )
        )
      assert.deepStrictEqual(yield* sent({ headers: { "X-Tenant": "c", "Anthropic-Beta": "two,three" } }), [
        "c",
        "b",
        "one,two,three"
      ])
      assert.deepStrictEqual(yield* sent({ headers: { "anthropic-beta": ["four", "one"] } }), [
        "a",
        "b",
        "one,two,four"
      ])
      assert.deepStrictEqual(yield* sent({ headers: { "anthropic-beta": undefined } }), ["a", "b", "one, two"])
      assert.deepStrictEqual(yield* sent({}), ["a", "b", "one, two"])
    })
  )

  it.scopedLive("are refused by name where they cannot be sent, or hold a key, before anything is sent", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.stream(answer("anthropic-messages"))])
      const service = yield* own("anthropic-messages", server.url)
      for (const [name, value, words] of [
        ["Authorization", secret, /may not set `authorization`: the key goes into `credential`/],
        ["x-api-key", secret, /may not set `x-api-key`/],
        ["Host", secret, /may not set `host`/],
        ["x-trace", `${secret}\r\nx-other: 1`, /cannot be sent, "x-trace"/],
        ["x trace", secret, /cannot be sent, "x trace"/]
      ] as const) {
        for (const call of [
          service.generate(request, { headers: { [name]: value } }),
          Stream.runDrain(service.streamText(request, { headers: { [name]: value } }))
        ]) {
          const error = yield* Effect.flip(call)
          assert(error._tag === "InvalidRequest", error.message)
          assert.strictEqual(error.field, "headers")
          assert.match(error.message, words)
          assert.notInclude(inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error), secret)
        }
      }
      // Who has no types is told as well.
      for (const headers of ["x-trace: 1", 1, null, [1], { "anthropic-beta": 5 }, { "anthropic-version": null }]) {
        const error = yield* Effect.flip(service.generate(request, { headers: headers as unknown as {} }))
        assert.deepInclude(error, { _tag: "InvalidRequest", field: "headers" })
      }
      assert.deepStrictEqual(yield* server.requests, [])
    })
  )

  it.scopedLive("are in no error, span or log line of a call that fails", () =>
    Effect.gen(function* () {
      const { lines, run, spans } = observing()
      const overloaded = Reply.status(529, { body: Wire.errorBody("anthropic-messages") })
      const server = yield* FaultServer.make([cut("anthropic-messages"), overloaded, Reply.status(400, { body: {} })])
      const service = yield* own("anthropic-messages", server.url)
      const error = yield* run(Effect.flip(service.generate(request, { headers })))
      assert.deepStrictEqual(yield* traces(server), [secret, secret, secret])
      assert.strictEqual(error.attempts.length, 3)
      assert.notInclude(inspect([error, spans, lines], { depth: null, showHidden: true }), secret)
    })
  )
})
