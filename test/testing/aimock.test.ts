/**
 * The kit beside a peer: `@copilotkit/aimock` writes the wire of each protocol by its own lights. What a provider makes of
 * its answers and faults must be what it makes of ours.
 */
import { type Fixture, LLMock } from "@copilotkit/aimock"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schedule, Schema } from "effect"
import { type Protocol, Provider, StreamRetry, Tool, Toolkit, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { protocols } from "../support/protocols.js"

const text = "Because air scatters short waves of light more than long ones: 青い空, 🌌."
const request = { model: "any", prompt: "Why is the sky blue?" }

const mock = (...fixtures: ReadonlyArray<Omit<Fixture, "match"> & { readonly match?: Fixture["match"] }>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const made = new LLMock({ port: 0 })
      made.addFixtures(fixtures.map((fixture) => ({ match: { userMessage: /./ }, ...fixture })))
      return { made, url: await made.start() }
    }),
    ({ made }) => Effect.promise(() => made.stop())
  )

const providerOf = (protocol: Protocol.ProtocolId, url: string, retry: Provider.Options["retry"]) =>
  Provider.make(
    Vendors.custom({ id: "mock", protocol, baseUrl: protocol === "anthropic-messages" ? url : `${url}/v1` }),
    { apiKey: Redacted.make("any-key"), retry }
  )

const whole = { response: { content: text }, chunkSize: 7 }
const wholeOf = (protocol: Protocol.ProtocolId) => Reply.stream(Wire.answer(protocol, { text }))

/** Faults that both can do, and the tag of the error of each. */
const faults: ReadonlyArray<{
  readonly what: string
  readonly peer: Omit<Fixture, "match">
  readonly ours: (protocol: Protocol.ProtocolId) => Reply.Reply
  readonly tag: string
}> = [
  {
    what: "a connection that breaks in the middle",
    // Without a latency it destroys the socket before its first write is out.
    peer: { ...whole, latency: 5, truncateAfterChunks: 6 },
    ours: (protocol) => Reply.cut(wholeOf(protocol), { afterEvents: 4, wait: 0 }, "fin"),
    tag: "StreamDropped"
  },
  {
    what: "a connection that breaks before the head",
    peer: { ...whole, chaos: { disconnectRate: 1 } },
    ours: () => Reply.make({ _tag: "Fin" }),
    tag: "ConnectionFailed"
  },
  {
    what: "a server error",
    peer: { ...whole, chaos: { dropRate: 1 } },
    ours: (protocol) => Reply.status(500, { body: Wire.errorBody(protocol, { type: "server_error" }) }),
    tag: "ServerError"
  },
  {
    what: "an answer that is no stream",
    peer: { ...whole, chaos: { malformedRate: 1 } },
    ours: () => Reply.status(200, { headers: { "content-type": "application/json" }, body: "{malformed" }),
    tag: "MalformedStream"
  },
  {
    what: "a rate limit",
    peer: { ...whole, chaos: { rateLimitRate: 1 } },
    ours: (protocol) =>
      Reply.status(429, {
        headers: { "retry-after": "1" },
        body: Wire.errorBody(protocol, { type: "rate_limit_error", message: "too many" })
      }),
    tag: "RateLimited"
  }
]

for (const protocol of protocols) {
  describe(`over ${protocol}, aimock and FaultServer`, () => {
    it.scoped("give the same answer", () =>
      Effect.gen(function* () {
        const { url } = yield* mock({ response: { content: text, reasoning: "Let me think." }, chunkSize: 7 })
        const server = yield* FaultServer.make([
          Reply.stream(Wire.answer(protocol, { text, reasoning: "Let me think." }))
        ])
        for (const address of [url, server.url]) {
          const answer = yield* (yield* providerOf(protocol, address, Schedule.stop)).generate(request)
          assert.deepStrictEqual(
            [answer.text, answer.reasoning, answer.finishReason.reason],
            [text, "Let me think.", "stop"]
          )
        }
      })
    )

    it.scoped("give the same tool call", () =>
      Effect.gen(function* () {
        const weather = Tool.make("weather", { description: "The weather", parameters: { city: Schema.String } })
        const tools = Toolkit.make(weather)
        const call = { name: "weather", arguments: { city: "Florence" } }
        const { url } = yield* mock({
          response: { toolCalls: [{ name: "weather", arguments: JSON.stringify(call.arguments) }] }
        })
        const server = yield* FaultServer.make([
          Reply.stream(Wire.answer(protocol, { toolCalls: [{ id: "1", ...call }] }))
        ])
        for (const address of [url, server.url]) {
          const provider = yield* providerOf(protocol, address, Schedule.stop)
          const { finishReason, toolCalls } = yield* provider.generate({ ...request, tools })
          assert.deepStrictEqual(
            toolCalls.map(({ name, arguments: value }) => ({ name, arguments: value })),
            [call]
          )
          assert.strictEqual(finishReason.reason, "tool-calls")
        }
      })
    )

    for (const { ours, peer, tag, what } of faults) {
      it.scoped(`fail alike with ${what}`, () =>
        Effect.gen(function* () {
          const { url } = yield* mock(peer)
          const server = yield* FaultServer.make([ours(protocol)])
          for (const address of [url, server.url]) {
            const provider = yield* providerOf(protocol, address, Schedule.stop)
            const error = yield* Effect.flip(provider.generate(request))
            assert.strictEqual(error._tag, tag, error.message)
          }
        })
      )

      if (tag === "RateLimited") continue
      it.scoped(`are healed alike from ${what}`, () =>
        Effect.gen(function* () {
          const { url } = yield* mock({ ...peer, match: { userMessage: /./, sequenceIndex: 0 } }, whole)
          const server = yield* FaultServer.make([ours(protocol), wholeOf(protocol)])
          for (const address of [url, server.url]) {
            const provider = yield* providerOf(protocol, address, StreamRetry.standard({ base: 0 }))
            const answer = yield* provider.generate(request)
            assert.strictEqual(answer.text, text)
            assert.deepStrictEqual(
              answer.attempts.map(({ error }) => error?.tag),
              [tag, undefined]
            )
          }
        })
      )
    }
  })
}
