/**
 * An answer that breaks goes on right, also where the request has fields of the vendor's own: each further request says what
 * the first one said, and the conversation with what was delivered at its end.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import {
  AnthropicMessages,
  type ModelRequest,
  type Prompt,
  type Protocol,
  type Provider,
  Responses,
  Tool
} from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { messagesOf } from "../support/asked.js"
import { own, pieces } from "../support/provider/own.js"

const text = pieces.join("")
const delivered = pieces.slice(0, 2).join("")

const prompt: Prompt.Prompt = [
  { role: "user", content: "Why is the sky blue?" },
  { role: "system", content: "Be brief." }
]
const weather = Tool.make("weather", { cache: "5m" })

const requests: { readonly [P in Protocol.ProtocolId]: ModelRequest.Options } = {
  "anthropic-messages": {
    model: "m",
    prompt,
    tools: [weather, AnthropicMessages.tool({ type: "web_search_20260209", name: "web_search" })],
    providerOptions: {
      "anthropic-messages": {
        system: "Be kind.",
        tools: [{ type: "bash_20250124", name: "bash" }],
        mcp_servers: [{ type: "url", name: "docs", url: "https://docs.example.com" }],
        max_tokens: 77
      }
    }
  },
  "chat-completions": {
    model: "m",
    prompt,
    tools: [weather],
    providerOptions: {
      "chat-completions": { tools: [{ type: "function", function: { name: "now" } }], verbosity: "low" }
    }
  },
  responses: {
    model: "m",
    prompt,
    tools: [weather, Responses.tool({ type: "web_search" })],
    providerOptions: {
      responses: { instructions: "Be kind.", tools: [{ type: "image_generation" }], truncation: "auto" }
    }
  }
}

const answer = (protocol: Protocol.ProtocolId, said: string | ReadonlyArray<string>) =>
  Reply.stream(Wire.answer(protocol, { text: said }))

const cut = (protocol: Protocol.ProtocolId) => {
  const events = Wire.answer(protocol, { text: pieces })
  const at = events.findIndex((event) => event.includes("short waves"))
  return Reply.cut(Reply.stream(events), { afterEvents: at + 1 }, "rst")
}

const shown = (service: Provider.Service, request: ModelRequest.Options) =>
  Effect.map(Stream.runCollect(service.streamText(request)), Chunk.join(""))

/** All that a request says besides its conversation. */
const besides = (json: unknown): object => ({ ...(json as object), messages: undefined, input: undefined })

const assertGoesOn = (server: FaultServer.Service) =>
  Effect.gen(function* () {
    const [first, second, ...others] = yield* server.requests
    assert(first !== undefined && second !== undefined && others.length === 0)
    assert.deepStrictEqual(besides(second.json), besides(first.json))
    const before = messagesOf(first.json)
    const after = messagesOf(second.json)
    assert.deepStrictEqual(after.slice(0, before.length), before)
    assert.deepStrictEqual(after[before.length], { role: "assistant", text: delivered })
    return after.slice(before.length + 1)
  })

describe("a request with fields of the vendor's own", () => {
  for (const protocol of ["anthropic-messages", "chat-completions", "responses"] as const) {
    const request = requests[protocol]

    it.scopedLive(`goes on over ${protocol} where the model is asked to`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make(({ json }) => {
          const ask = Wire.asked(json)
          return ask === undefined ? cut(protocol) : answer(protocol, Wire.resumed(ask, pieces[2] ?? ""))
        })
        assert.strictEqual(yield* shown(yield* own(protocol, server.url), request), text)
        const asked = yield* assertGoesOn(server)
        assert.deepStrictEqual(
          asked.map(({ role }) => role),
          ["user"]
        )
      })
    )

    it.scopedLive(`begins anew over ${protocol} with the same body`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([cut(protocol), answer(protocol, pieces)])
        const service = yield* own(protocol, server.url)
        assert.strictEqual((yield* service.generate(request)).text, text)
        const [first, second] = yield* server.requests
        assert.strictEqual(second?.body, first?.body)
      })
    )
  }

  for (const protocol of ["anthropic-messages", "chat-completions"] as const) {
    it.scopedLive(`goes on over ${protocol} by a prefill`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([cut(protocol), answer(protocol, pieces[2] ?? "")])
        assert.strictEqual(yield* shown(yield* own(protocol, server.url, { prefill: {} }), requests[protocol]), text)
        assert.deepStrictEqual(yield* assertGoesOn(server), [])
      })
    )
  }
})
