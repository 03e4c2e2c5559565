/**
 * Responses through the whole library, on real sockets.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { ModelEvent, OpenAiClient, Prompt, Provider, Tool, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { collect } from "../support/client/world.js"
import { apiKey, request } from "../support/request.js"

const text = "The sky is blue because air scatters short waves of light more than long ones."
const toolCalls = [{ id: "call_1", name: "weather", arguments: { city: "Oslo", days: [1, 2, 3] } }]
const events = Wire.answer("responses", { reasoning: "They want to know.", text, toolCalls })
const retry = Schedule.recurs(3)

const openai = (url: string) =>
  Provider.make(Vendors.openai, { apiKey, baseUrl: `${url}/v1`, protocol: "responses", retry })

const places = [
  ["before anything is delivered", 1],
  ["in its reasoning", 4],
  ["in mid-text", events.findIndex((event) => event.includes("output_text.delta")) + 2],
  ["in mid-call", events.findIndex((event) => event.includes("arguments.delta")) + 1],
  ["just before its end", events.length - 1]
] as const

describe("a Responses stream", () => {
  for (const [place, afterEvents] of places) {
    for (const how of ["rst", "fin", "clean"] as const) {
      it.scopedLive(`that breaks (${how}) ${place} redials on a new pool`, () =>
        Effect.gen(function* () {
          const server = yield* FaultServer.make([
            Reply.cut(Reply.stream(events), { afterEvents }, how),
            Reply.stream(events)
          ])
          const seen = yield* Effect.flatMap(openai(server.url), collect)
          const last = seen.at(-1)
          assert(last?._tag === "Finish", `the stream ends with ${last?._tag}`)
          const { response } = last
          assert.deepStrictEqual([response.text, ModelEvent.fold(seen).text], [text, text])
          assert.strictEqual(response.reasoning, "They want to know.")
          assert.deepStrictEqual(
            response.toolCalls.map(({ arguments: args, id, name }) => ({ id, name, arguments: args })),
            toolCalls
          )
          assert.deepStrictEqual(response.finishReason, { reason: "tool-calls", raw: "completed" })
          assert.strictEqual(seen.filter(({ _tag }) => _tag === "Superseded").length, 1)
          const [first, second] = yield* server.requests
          assert.deepStrictEqual([first?.protocol, first?.path], ["responses", "/v1/responses"])
          assert.strictEqual(first?.headers.authorization, "Bearer test-key")
          assert.strictEqual(second?.body, first?.body)
          assert.notStrictEqual(second?.connection, first?.connection)
        })
      )
    }
  }

  it.scopedLive("is tried again where the vendor reports that it failed, on the same pool", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.stream([...events.slice(0, 6), Wire.error("responses", { code: "server_is_overloaded" })]),
        Reply.stream(events)
      ])
      const client = yield* OpenAiClient.make({ apiKey, baseUrl: `${server.url}/v1`, protocol: "responses" })
      const provider = yield* Provider.makeFromClient(client, { retry })
      const { attempts } = yield* provider.generate(request)
      assert.deepStrictEqual(
        attempts.map(({ error }) => error?.tag),
        ["Overloaded", undefined]
      )
      assert.strictEqual((yield* client.connections.stats).acquired, 1)
    })
  )

  it.scopedLive("goes on with the results of its calls", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.stream(events),
        Reply.stream(Wire.answer("responses", { text: "Sunny." }))
      ])
      const provider = yield* openai(server.url)
      const tools = [Tool.make("weather")]
      const first = yield* provider.generate({ ...request, tools })
      const results = first.toolCalls.map((call) => Prompt.toolResult(call, "18 degrees"))
      const prompt = Prompt.toolResults(Prompt.append(Prompt.text(request.prompt), first), results)
      assert.strictEqual((yield* provider.generate({ ...request, tools, prompt })).text, "Sunny.")
      const [, second] = yield* server.requests
      // What the encoder's params are, which the server has as any JSON.
      const { input } = second!.json as { readonly input: ReadonlyArray<Readonly<Record<string, unknown>>> }
      assert.deepStrictEqual(
        input.map(({ role, type }) => role ?? type),
        ["user", "reasoning", "assistant", "function_call", "function_call_output"]
      )
      assert.isString(input[1]?.encrypted_content)
    })
  )
})

describe("a client of OpenAI", () => {
  it.scopedLive("speaks Chat Completions unless asked, and any vendor may be asked by its protocol", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ protocol = "responses" }) =>
        Reply.stream(Wire.answer(protocol, { text: "Hi" }))
      )
      const baseUrl = `${server.url}/v1`
      const gateway = Vendors.custom({ id: "gateway", protocol: "responses", baseUrl })
      const clients = [
        yield* OpenAiClient.make({ apiKey, baseUrl }),
        yield* OpenAiClient.make({ apiKey, baseUrl, protocol: "responses" }),
        yield* OpenAiClient.makeResponses({ apiKey, baseUrl })
      ]
      const providers = [
        ...(yield* Effect.forEach(clients, (client) => Provider.makeFromClient(client))),
        yield* Provider.make(Vendors.openai, { apiKey, baseUrl }),
        yield* Provider.make(gateway, { apiKey }),
        yield* Provider.make(Vendors.alibaba, { apiKey, baseUrl, protocol: "responses" })
      ]
      for (const provider of providers) assert.strictEqual((yield* provider.generate(request)).text, "Hi")
      assert.deepStrictEqual(
        (yield* server.requests).map(({ protocol }) => protocol),
        ["chat-completions", "responses", "responses", "chat-completions", "responses", "responses"]
      )
      assert.deepStrictEqual(
        clients.map(({ protocol }) => protocol),
        ["chat-completions", "responses", "responses"]
      )
    })
  )
})
