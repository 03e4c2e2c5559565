/**
 * The protocol that docs/adding-a-protocol.md adds, by public means alone: what it writes, what it reads, and that a
 * provider over it is one like any other.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import {
  Chunk,
  ConfigProvider,
  Context,
  Effect,
  Either,
  Layer,
  Redacted,
  Schedule,
  Schema,
  type Scope,
  Stream
} from "effect"
import * as FastCheck from "effect/FastCheck"
import { type InvalidOptions, type ModelClient, ModelRequest, Prompt, Provider, Tool, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { makeClient, ollama, protocol } from "../../docs/examples/ollama/chat.js"
import * as Decoder from "../../src/protocol/internal/decoder.js"
import { bytes, checkGrammar, cut, stamp } from "../support/protocol/decode.js"

const line = (fields: object) => ({ model: "qwen3", created_at: "2026-01-01T00:00:00Z", done: false, ...fields })

const says = (message: object) => line({ message: { role: "assistant", content: "", ...message } })

const done = (fields: object = {}) =>
  line({
    message: { role: "assistant", content: "" },
    done: true,
    done_reason: "stop",
    prompt_eval_count: 26,
    eval_count: 282,
    ...fields
  })

const answer = [
  says({ thinking: "They want " }),
  says({ thinking: "the weather." }),
  says({ content: "I will " }),
  says({ content: "look – 🌧." }),
  says({ tool_calls: [{ function: { name: "weather", arguments: { city: "Florence" } } }] }),
  says({ tool_calls: [{ function: { name: "now" } }] }),
  done()
]

const written = (lines: ReadonlyArray<object>) => lines.map((one) => `${JSON.stringify(one)}\n`).join("")

const decode = (chunks: ReadonlyArray<Uint8Array>) => {
  const decoder = Decoder.make(protocol, stamp)
  const events = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()]
  const last = events.at(-1)
  const response = last?._tag === "Finish" ? last.response : undefined
  return { events, response, fault: decoder.fault, verdict: decoder.verdict }
}

const read = (...lines: ReadonlyArray<object>) => decode([bytes(written(lines))])

describe("an answer of Ollama", () => {
  it("is read whole, with its calls and its usage, wherever it is cut", () => {
    const body = bytes(written(answer))
    const whole = decode([body])
    checkGrammar(whole)
    assert(whole.response !== undefined)
    assert.strictEqual(whole.response.reasoning, "They want the weather.")
    assert.strictEqual(whole.response.text, "I will look – 🌧.")
    assert.deepStrictEqual(whole.response.toolCalls, [
      { type: "tool-call", id: "call_0", name: "weather", arguments: { city: "Florence" } },
      { type: "tool-call", id: "call_1", name: "now", arguments: {} }
    ])
    assert.deepStrictEqual(whole.response.finishReason, { reason: "tool-calls", raw: "stop" })
    assert.deepStrictEqual(whole.response.usage, { inputTokens: 26, outputTokens: 282 })
    assert.strictEqual(whole.response.model, "qwen3")
    for (let at = 0; at <= body.length; at++) {
      assert.deepStrictEqual(decode([body.subarray(0, at), body.subarray(at)]).events, whole.events)
    }
    assert.deepStrictEqual(decode(cut(body, [1])).events, whole.events)
  })

  it("is proven by its last line alone", () => {
    const body = bytes(written(answer))
    // The last line feed may be missing; nothing else may.
    for (let at = 0; at < body.length - 1; at++) {
      const { fault, verdict } = decode([body.subarray(0, at)])
      assert.strictEqual(verdict, "Failed", `cut at ${at}`)
      assert.strictEqual(fault?._tag, "StreamTruncated", `cut at ${at}`)
    }
    assert.strictEqual(decode([body.subarray(0, body.length - 1)]).verdict, "Finished")
    assert.strictEqual(read(...answer, says({ content: "more" })).response?.text, "I will look – 🌧.")
  })

  it("that is cut by the limit says so, and one that failed is an error", () => {
    assert.deepStrictEqual(read(done({ done_reason: "length" })).response?.finishReason, {
      reason: "length",
      raw: "length"
    })
    assert.strictEqual(read(says({ content: "a" }), done({ done_reason: "error" })).fault?._tag, "ServerError")
    assert.strictEqual(read(done({ done_reason: "novel" })).response?.finishReason.reason, "other")
  })

  const errors: ReadonlyArray<readonly [error: unknown, tag: string]> = [
    ["model 'nope' not found", "ModelNotFound"],
    ["server busy, please try again.  maximum pending requests exceeded", "Overloaded"],
    ["an error was encountered while running the model: unexpected EOF", "ServerError"]
  ]
  for (const [error, tag] of errors) {
    it(`that says "${error}" in place of an answer or in the middle of one is ${tag}`, () => {
      assert.strictEqual(decode([bytes(JSON.stringify({ error }))]).fault?._tag, tag)
      assert.strictEqual(read({ error }).fault?._tag, tag)
      assert.strictEqual(read(says({ content: "a" }), { error }, done()).fault?._tag, tag)
      assert.strictEqual(decode([bytes(JSON.stringify({ error }, undefined, 2))]).fault?._tag, tag)
    })
  }

  for (const [what, ...lines] of [
    ["no object", says({ content: "a" }), []],
    ["no word on its end", { message: { content: "a" } }],
    ["another model's line", says({ content: "a" }), { ...says({ content: "b" }), model: "other" }],
    ["content that is no text", says({ content: ["a"] })],
    ["thinking that is no text", says({ thinking: 1 })],
    ["a message that is none", line({ message: "a" })],
    ["a call without a name", says({ tool_calls: [{ function: {} }] })],
    ["calls that are no list", says({ tool_calls: {} })]
  ] as ReadonlyArray<[string, ...Array<object>]>) {
    it(`with ${what} is refused`, () => {
      assert.strictEqual(read(...lines, done()).fault?._tag, "MalformedStream")
    })
  }

  it("never breaks the decoder, whatever it is", () => {
    const deep = `{"done":false,"message":{"tool_calls":[{"function":{"name":"f","arguments":${"[".repeat(50_000)}${"]".repeat(50_000)}}}]}}\n`
    // The newest Node reads JSON of any depth: then only the end is missing.
    assert.include(["MalformedStream", "StreamTruncated"], decode([bytes(deep)]).fault?._tag)
    const piece = FastCheck.oneof(
      FastCheck.jsonValue().map((value) => `${JSON.stringify(value)}\n`),
      FastCheck.record({ done: FastCheck.jsonValue(), message: FastCheck.jsonValue() }).map(
        (one) => `${JSON.stringify(one)}\n`
      ),
      FastCheck.constantFrom(...answer).map((one) => `${JSON.stringify(one)}\n`),
      FastCheck.string()
    )
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(piece, { maxLength: 8 }),
        FastCheck.integer({ min: 1, max: 40 }),
        (pieces, size) => {
          const body = bytes(pieces.join(""))
          const whole = decode([body])
          checkGrammar(whole)
          assert.deepStrictEqual(decode(cut(body, [size])), whole)
        }
      ),
      { numRuns: 2_000 }
    )
  })
})

describe("a request to Ollama", () => {
  const encode = (options: Partial<ModelRequest.Options>) =>
    Either.flatMap(ModelRequest.make({ model: "qwen3", prompt: "Hello", ...options }), (request) =>
      protocol.encode(request)
    )

  const params = (options: Partial<ModelRequest.Options>) => {
    const encoded = encode(options)
    if (Either.isLeft(encoded)) throw new Error(encoded.left.description)
    // As it is sent: without what is undefined.
    return JSON.parse(JSON.stringify(encoded.right))
  }

  it("has its options where the API has them", () => {
    const schema = { type: "object", properties: {} }
    assert.deepStrictEqual(
      params({
        system: "Be brief.",
        maxOutputTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        seed: 7,
        frequencyPenalty: 1,
        presencePenalty: 2,
        stopSequences: ["END"],
        reasoning: { effort: "high" },
        output: { schema },
        tools: [Tool.make("now", { description: "The time" })],
        toolChoice: "auto",
        providerOptions: { "ollama-chat": { keep_alive: "10m", options: { num_ctx: 4_096 } } }
      }),
      {
        model: "qwen3",
        stream: true,
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hello" }
        ],
        tools: [
          {
            type: "function",
            function: { name: "now", description: "The time", parameters: Tool.make("now").parameters }
          }
        ],
        think: "high",
        format: schema,
        options: {
          num_predict: 100,
          temperature: 0.5,
          top_p: 0.9,
          top_k: 40,
          seed: 7,
          frequency_penalty: 1,
          presence_penalty: 2,
          stop: ["END"],
          num_ctx: 4_096
        },
        keep_alive: "10m"
      }
    )
    assert.strictEqual(params({ reasoning: { effort: "none" } }).think, false)
  })

  it("has the conversation, with images, thoughts, calls and their results", () => {
    const prompt: Prompt.Prompt = [
      { role: "developer", content: "Be kind." },
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", source: { mediaType: "image/png", base64: "aGVsbG8=" } }
        ]
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "A city." },
          { type: "reasoning", text: "Signed elsewhere.", signature: "s", protocol: "anthropic-messages" },
          { type: "text", text: "Florence" },
          { type: "text", text: "." },
          { type: "tool-call", id: "call_0", name: "weather", arguments: { city: "Florence" } }
        ]
      },
      { role: "tool", content: [Prompt.toolResult({ id: "call_0" }, "18 degrees")] },
      { role: "assistant", content: "Warm." }
    ]
    assert.deepStrictEqual(params({ prompt }).messages, [
      { role: "system", content: "Be kind." },
      { role: "user", content: "What is this?", images: ["aGVsbG8="] },
      {
        role: "assistant",
        content: "Florence.",
        thinking: "A city.",
        tool_calls: [{ function: { name: "weather", arguments: { city: "Florence" } } }]
      },
      { role: "tool", content: "18 degrees", tool_name: "weather" },
      { role: "assistant", content: "Warm." }
    ])
  })

  const image: Prompt.UserPart = { type: "image", source: { url: "https://example.com/a.png" } }
  const refused: ReadonlyArray<readonly [options: Partial<ModelRequest.Options>, field: string]> = [
    [{ user: "u" }, "user"],
    [{ metadata: {} }, "metadata"],
    [{ serviceTier: "auto" }, "serviceTier"],
    [{ parallelToolCalls: false }, "parallelToolCalls"],
    [{ toolChoice: "required" }, "toolChoice"],
    [{ reasoning: { effort: "max" } }, "reasoning.effort"],
    [{ reasoning: { budgetTokens: 2_000 } }, "reasoning.budgetTokens"],
    [{ reasoning: { summary: "auto" } }, "reasoning.summary"],
    [{ prompt: [{ role: "user", content: [image] }] }, "prompt"]
  ]
  for (const [options, field] of refused) {
    it(`is refused where it says what the API cannot: ${JSON.stringify(options)}`, () => {
      const encoded = encode(options)
      assert(Either.isLeft(encoded) && encoded.left._tag === "InvalidRequest")
      assert.strictEqual(encoded.left.field, field)
    })
  }
})

const text = "Because air scatters blue light most."
const lines = [...(text.match(/.{1,8}/g) ?? []).map((content) => says({ content })), done()]
const whole = Reply.jsonLines(lines)

describe("a provider over a protocol of one's own", () => {
  it.scopedLive("sends one credential, or none, and the headers that it is given", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(() => whole)
      const apiKey = Redacted.make("key-1")
      const keyless = yield* Provider.make(ollama, { baseUrl: server.url })
      const bearer = yield* Provider.make(ollama, { baseUrl: `${server.url}/`, apiKey, headers: { "x-app": "mine" } })
      const other = yield* Provider.make(ollama, { baseUrl: server.url, apiKey, auth: "x-api-key" })
      for (const provider of [keyless, bearer, other]) {
        assert.strictEqual((yield* provider.generate({ model: "qwen3", prompt: "Hello" })).text, text)
      }
      const sent = (yield* server.requests).map(({ headers, method, path }) => ({
        method,
        path,
        key: [headers.authorization, headers["x-api-key"]],
        type: headers["content-type"],
        app: headers["x-app"]
      }))
      const all = { method: "POST", path: "/api/chat", type: "application/json" }
      assert.deepStrictEqual(sent, [
        { ...all, key: [undefined, undefined], app: undefined },
        { ...all, key: ["Bearer key-1", undefined], app: "mine" },
        { ...all, key: [undefined, "key-1"], app: undefined }
      ])
    })
  )

  it.scopedLive("is renewed after a drop, over a connection that never carried the broken stream", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.cut(whole, { afterEvents: 2, wait: 20 }, "rst"), whole])
      const provider = yield* Provider.make(ollama, { baseUrl: server.url, retry: Schedule.recurs(1) })
      const events = yield* Stream.runCollect(provider.stream({ model: "qwen3", prompt: "Hello" }))
      const finish = Chunk.unsafeLast(events)
      assert(finish._tag === "Finish")
      assert.strictEqual(finish.response.text, text)
      const [first, second] = finish.response.attempts
      assert.strictEqual(first?.error?.tag, "StreamDropped")
      assert.notStrictEqual(first?.generation, second?.generation)
      assert.strictEqual((yield* server.stats).connectionsOpened, 2)
    })
  )

  it.scopedLive("asks the model to go on, where text is not taken back", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ json }) => {
        const ask = Wire.asked(json)
        if (ask === undefined) return Reply.cut(whole, { afterEvents: 3, wait: 20 }, "rst")
        return Reply.jsonLines([says({ content: Wire.resumed(ask, text.slice(24)) }), done()])
      })
      const provider = yield* Provider.make(ollama, { baseUrl: server.url, retry: Schedule.recurs(1) })
      const shown = yield* Stream.mkString(provider.streamText({ model: "qwen3", prompt: "Hello" }))
      assert.strictEqual(shown, text)
    })
  )

  it.scopedLive("has the errors, the deadlines and the objects of any other", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.status(404, { body: { error: "model 'nope' not found" } }),
        Reply.status(307, { headers: { location: "http://127.0.0.1:9/elsewhere" } }),
        Reply.status(429, { headers: { "retry-after-ms": "30" }, body: { error: "slow down" } }),
        Reply.cut(whole, { afterEvents: 1 }, "stall"),
        Reply.jsonLines([says({ content: '{"city":"Oslo"}' }), done()])
      ])
      const provider = yield* Provider.make(ollama, {
        baseUrl: server.url,
        retry: Schedule.stop,
        deadlines: { idle: "100 millis" }
      })
      const asked = provider.generate({ model: "qwen3", prompt: "Hello" })
      const missing = yield* Effect.flip(asked)
      assert.strictEqual(missing._tag, "ModelNotFound")
      assert.strictEqual(missing.protocol, "ollama-chat")
      assert.strictEqual(missing.provider, "ollama")
      const redirected = yield* Effect.flip(asked)
      assert.strictEqual(redirected._tag, "MalformedStream")
      assert.include(redirected.message, "redirect")
      const limited = yield* Effect.flip(asked)
      assert.strictEqual(limited._tag, "RateLimited")
      assert.strictEqual(limited.retryAfterMillis, 30)
      assert.strictEqual((yield* Effect.flip(asked))._tag, "StreamStalled")
      const { value } = yield* provider.generateObject(
        { model: "qwen3", prompt: "Hello" },
        { schema: Schema.Struct({ city: Schema.String }) }
      )
      assert.deepStrictEqual(value, { city: "Oslo" })
      const refused = yield* Effect.flip(provider.generate({ model: "qwen3", prompt: "Hello", user: "u" }))
      assert(refused._tag === "InvalidRequest")
      assert.strictEqual(refused.field, "user")
    })
  )

  it.scopedLive("is a layer from the environment, from a client, or of a vendor made by `custom`", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(() => whole)
      const ask = Provider.generate({ model: "qwen3", prompt: "Hello" }).pipe(Effect.map((response) => response.text))
      const env = Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["OLLAMA_API_KEY", "env-key"]])))
      const fromEnv = Provider.layerFromEnv(ollama, { baseUrl: server.url }).pipe(Layer.provide(env))
      class Client extends Context.Tag("test/Client")<Client, ModelClient.ModelClient>() {}
      const apiKey = Redacted.make("client-key")
      const fromClient = Provider.layerFromClient(Client).pipe(
        Layer.provide(Layer.scoped(Client, makeClient({ apiKey, baseUrl: server.url })))
      )
      const mine = Vendors.custom({ id: "mine", protocol: "ollama-chat", baseUrl: server.url, client: makeClient })
      const custom = Provider.layer(mine, { apiKey: Redacted.make("custom-key") })
      for (const layer of [fromEnv, fromClient, custom]) {
        assert.strictEqual(yield* Effect.provide(ask, layer), text)
      }
      assert.deepStrictEqual(
        (yield* server.requests).map(({ headers }) => headers.authorization),
        ["Bearer env-key", "Bearer client-key", "Bearer custom-key"]
      )
    })
  )

  const options = { apiKey: Redacted.make("secret-key") }
  for (const [what, make, says] of [
    [
      "a base URL with the path of the API",
      makeClient({ ...options, baseUrl: "http://localhost:11434/api/chat" }),
      /ends in `\/api\/chat`/
    ],
    [
      "a quirk",
      makeClient({ ...options, quirks: { loud: true } }),
      /is not read over ollama-chat, which has no quirks/
    ],
    [
      "a header that holds a key",
      makeClient({ ...options, headers: { authorization: "x" } }),
      /the key goes into `apiKey`/
    ],
    [
      "a protocol without its client",
      Effect.flatMap(
        // For those who have no types.
        Effect.sync(() =>
          Vendors.custom({ id: "x", protocol: "ollama-chat" as "responses", baseUrl: "http://localhost:1" })
        ),
        (vendor) => Provider.make(vendor, options)
      ),
      /give the client that speaks it/
    ]
  ] as const) {
    it.scoped(`refuses ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip<unknown, InvalidOptions.InvalidOptions, Scope.Scope>(make)
        assert.match(error.message, says)
        assert.notInclude(inspect(error), "secret-key")
      })
    )
  }

  it("says what its client can go on with", () =>
    Effect.gen(function* () {
      const client = yield* makeClient(options)
      const request = { model: "qwen3", prompt: Prompt.text("Hello") }
      assert.deepStrictEqual(client.capabilities(request), { cursor: false, prefill: false, ask: true })
    }).pipe(Effect.scoped, Effect.runPromise))
})
