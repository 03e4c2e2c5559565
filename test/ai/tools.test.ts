/**
 * Tools: how those of a toolkit are sent, what vendors run themselves, and which calls a handler sees.
 */
import { LanguageModel, Tool, Toolkit } from "@effect/ai"
import * as AnthropicTool from "@effect/ai-anthropic/AnthropicTool"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { type ModelEvent, Provider, Vendors } from "effect-redial"
import * as Redial from "effect-redial/ai"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { call, collect, counted, options, playing, provide, scripted, types, Weather, weather } from "../support/ai.js"

const { answer } = ScriptedProvider

const Search = AnthropicTool.WebSearch_20250305({ max_uses: 3 })
const Bash = AnthropicTool.Bash_20250124({})
const vendors = Toolkit.make(Search, Bash, Weather)

const handlers = vendors.toLayer({
  AnthropicBash: ({ command }) => Effect.succeed(`ran ${command}`),
  weather: ({ city }) => Effect.succeed(`sunny in ${city}`)
})

describe("the tools of a toolkit", () => {
  it.scoped("are sent with their schemas, and the choice among them", () =>
    Effect.gen(function* () {
      const Time = Tool.make("time", { description: "What time it is" })
      const toolkit = Toolkit.make(Weather, Time)
      const both = toolkit.toLayer({ weather: () => Effect.succeed(""), time: () => Effect.void })
      const { model, requests } = yield* scripted([answer({ text: "Yes." })])
      for (const toolChoice of [
        "auto",
        "required",
        "none",
        { tool: "weather" },
        { oneOf: ["weather"] },
        { mode: "required", oneOf: ["time"] }
      ] as const) {
        yield* LanguageModel.generateText({ prompt: "Hm?", toolkit, toolChoice }).pipe(
          Effect.provide(both),
          provide(model)
        )
      }
      yield* LanguageModel.generateText({ prompt: "Hm?" }).pipe(provide(model))
      const sent = yield* requests
      assert.deepStrictEqual(
        sent.map(({ toolChoice, tools }) => [toolChoice, tools?.map(({ name }) => name)]),
        [
          ["auto", ["weather", "time"]],
          ["required", ["weather", "time"]],
          ["none", ["weather", "time"]],
          [{ tool: "weather" }, ["weather", "time"]],
          ["auto", ["weather"]],
          ["required", ["time"]],
          [undefined, undefined]
        ]
      )
      const [first] = sent[0]?.tools ?? []
      assert(first !== undefined && "parameters" in first)
      assert.strictEqual(first.description, "The weather in a city")
      assert.deepStrictEqual(first.parameters.required, ["city"])
    })
  )

  it.scoped("that a vendor defines are sent in its terms, with their betas beside those of the call", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.stream(Wire.answer("anthropic-messages", { text: "Yes." }))])
      const provider = yield* Provider.make(Vendors.anthropic, { apiKey: Redacted.make("k"), baseUrl: server.url })
      const model = yield* Redial.make(provider, {
        ...options,
        call: { headers: { "anthropic-beta": "mine-2026-01-01" } }
      })
      yield* LanguageModel.generateText({
        prompt: "Hm?",
        toolkit: vendors,
        toolChoice: { tool: "AnthropicBash" }
      }).pipe(Effect.provide(handlers), provide(model))
      const [request] = yield* server.requests
      const body = request?.json
      assert(
        typeof body === "object" &&
          body !== null &&
          "tools" in body &&
          "tool_choice" in body &&
          Array.isArray(body.tools)
      )
      assert.deepStrictEqual(body.tools.slice(0, 2), [
        { max_uses: 3, type: "web_search_20250305", name: "web_search" },
        { type: "bash_20250124", name: "bash" }
      ])
      assert.deepStrictEqual(body.tool_choice, { type: "tool", name: "bash" })
      const betas = request?.headers["anthropic-beta"]
      assert.strictEqual(betas, "mine-2026-01-01,computer-use-2025-01-24")
    })
  )

  it.scoped("of OpenAI are sent as Responses want them", () =>
    Effect.gen(function* () {
      const OpenAi = Tool.providerDefined({
        id: "openai.web_search",
        toolkitName: "OpenAiWebSearch",
        providerName: "web_search",
        args: { search_context_size: Schema.optional(Schema.String) }
      })({ search_context_size: "low" })
      const server = yield* FaultServer.make([Reply.stream(Wire.answer("responses", { text: "Yes." }))])
      const provider = yield* Provider.make(Vendors.openai, {
        apiKey: Redacted.make("k"),
        baseUrl: `${server.url}/v1`,
        protocol: "responses"
      })
      const model = yield* Redial.make(provider, options)
      yield* LanguageModel.generateText({
        prompt: "Hm?",
        toolkit: Toolkit.make(OpenAi)
          .toLayer({})
          .pipe((layer) => Effect.provide(Toolkit.make(OpenAi), layer))
      }).pipe(provide(model))
      const body = (yield* server.requests)[0]?.json
      assert(typeof body === "object" && body !== null && "tools" in body)
      assert.deepStrictEqual(body.tools, [{ search_context_size: "low", type: "web_search" }])
    })
  )

  it.scoped("of a vendor that is not known are refused before a request", () =>
    Effect.gen(function* () {
      const Odd = Tool.providerDefined({ id: "odd.tool", toolkitName: "Odd", providerName: "odd", args: {} })({})
      const { model, requests } = yield* scripted([answer({ text: "Yes." })])
      const toolkit = Toolkit.make(Odd)
      const error = yield* LanguageModel.generateText({ prompt: "Hm?", toolkit }).pipe(
        Effect.provide(toolkit.toLayer({})),
        provide(model),
        Effect.flip
      )
      assert(error._tag === "MalformedInput")
      assert.include(error.description, '"odd.tool"')
      assert.strictEqual((yield* requests).length, 0)
    })
  )

  it.scoped("that the program runs are called by their names in the toolkit", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scripted([
        answer({ toolCalls: [{ id: "toolu_1", name: "bash", arguments: { command: "ls" } }] })
      ])
      const generated = yield* LanguageModel.generateText({ prompt: "Hm?", toolkit: vendors }).pipe(
        Effect.provide(handlers),
        provide(model)
      )
      const streamed = yield* collect(LanguageModel.streamText({ prompt: "Hm?", toolkit: vendors })).pipe(
        Effect.provide(handlers),
        provide(model)
      )
      for (const parts of [generated.content, streamed]) {
        const call = parts.find((part) => part.type === "tool-call")
        const result = parts.find((part) => part.type === "tool-result")
        assert.deepStrictEqual([call?.name, call?.providerName], ["AnthropicBash", "bash"])
        assert.deepStrictEqual([result?.name, result?.result], ["AnthropicBash", "ran ls"])
      }
      assert.strictEqual((yield* requests).length, 2)
    })
  )
})

describe("what the vendor ran", () => {
  const protocol = "anthropic-messages"
  const found = {
    type: "web_search_result",
    url: "https://example.com",
    title: "E",
    encrypted_content: "x",
    page_age: null
  }
  const events: ReadonlyArray<ModelEvent.ModelEvent> = [
    {
      _tag: "ProviderPart",
      index: 0,
      name: "server_tool_use",
      value: { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
      protocol
    },
    {
      _tag: "ProviderPart",
      index: 1,
      name: "web_search_tool_result",
      value: { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [found] },
      protocol
    }
  ]
  const text: ReadonlyArray<ModelEvent.ModelEvent> = [
    { _tag: "TextStart", index: 2 },
    { _tag: "TextDelta", index: 2, text: "Found." }
  ]
  const run = (chunks: ReadonlyArray<ReadonlyArray<ModelEvent.ModelEvent>>) =>
    Effect.gen(function* () {
      const { provider } = yield* scripted([answer({ text: "x" })])
      const model = yield* Redial.make(playing(provider, chunks), options)
      return yield* collect(LanguageModel.streamText({ prompt: "Hm?", toolkit: vendors })).pipe(
        Effect.provide(handlers),
        provide(model)
      )
    })

  it.scoped("is shown once text follows it, and no handler runs for it", () =>
    Effect.gen(function* () {
      const parts = yield* run([events, text])
      assert.deepStrictEqual(types(parts), ["tool-call", "tool-result", "text-start", "text-delta"])
      const [shown, result] = parts
      assert(shown?.type === "tool-call" && result?.type === "tool-result")
      assert.deepStrictEqual([shown.name, shown.providerExecuted], ["AnthropicWebSearch", true])
      assert.deepStrictEqual(shown.metadata.effectRedial, { input: { query: "q" } })
      assert.deepStrictEqual([result.isFailure, result.providerExecuted, result.encodedResult], [false, true, [found]])
    })
  )

  it.scoped("is not shown where a drop made it void", () =>
    Effect.gen(function* () {
      const superseded: ModelEvent.ModelEvent = {
        _tag: "Superseded",
        attempt: 1,
        fromIndex: 0,
        error: { tag: "StreamDropped", description: "it broke", message: "it broke" },
        discarded: { text: "", reasoning: "", content: [], toolCalls: [] } as never,
        retryAt: 0
      }
      assert.deepStrictEqual(
        types(yield* run([[...events, superseded], text.map((event) => ({ ...event, index: 0 }))])),
        ["text-start", "text-delta"]
      )
    })
  )
})

describe("a call whose id was void before", () => {
  it.scoped("has an id of its own, also in its result and in what goes back", () =>
    Effect.gen(function* () {
      const { cities, handlers } = counted()
      const asks = { toolCalls: [call("call_0", "Oslo")] }
      const { model } = yield* scripted([ScriptedProvider.drop(asks, { afterEvents: 4 }), answer(asks)])
      const parts = yield* LanguageModel.streamText({ prompt: "Hm?", toolkit: weather }).pipe(
        collect,
        Effect.provide(handlers),
        provide(model)
      )
      const ids = parts.flatMap((part) => (part.type === "tool-params-start" ? [part.id] : []))
      assert.strictEqual(ids.length, 2)
      assert.strictEqual(new Set(ids).size, 2)
      const last = parts.flatMap((part) => (part.type === "tool-call" || part.type === "tool-result" ? [part.id] : []))
      assert.deepStrictEqual(last, [ids[1], ids[1]])
      assert.deepStrictEqual(cities, ["Oslo"])
    })
  )
})
