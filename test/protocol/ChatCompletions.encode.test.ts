import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as ModelRequest from "../../src/model/ModelRequest.js"
import * as Tool from "../../src/model/Tool.js"
import * as ChatCompletions from "../../src/protocol/ChatCompletions.js"

const encode = (options: ModelRequest.Options) =>
  Either.flatMap(ModelRequest.make(options), ChatCompletions.protocol.encode)

const params = (options: Partial<ModelRequest.Options>) =>
  Either.getOrThrow(encode({ model: "m", prompt: "Hello", ...options }))

const refusal = (options: Partial<ModelRequest.Options>) => {
  const result = encode({ model: "m", prompt: "Hello", ...options })
  return Either.isLeft(result) && result.left._tag === "InvalidRequest" ? result.left.field : undefined
}

const weather = Tool.make("weather", { description: "The weather" })

describe("ChatCompletions.encode", () => {
  it("writes the least request, and asks for usage", () => {
    assert.deepStrictEqual(params({}), {
      model: "m",
      messages: [{ role: "user", content: "Hello" }],
      stream: true,
      stream_options: { include_usage: true }
    })
  })

  it("writes everything that a request can say", () => {
    const all = params({
      system: "Be brief",
      maxOutputTokens: 5,
      temperature: 0.5,
      topP: 0.9,
      stopSequences: ["END"],
      tools: [weather],
      toolChoice: { tool: "weather" },
      providerOptions: { "chat-completions": { seed: 3, temperature: 1 }, "anthropic-messages": { top_k: 1 } }
    })
    assert.deepStrictEqual(all as unknown, {
      model: "m",
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Hello" }
      ],
      max_completion_tokens: 5,
      temperature: 1,
      top_p: 0.9,
      stop: ["END"],
      tools: [
        {
          type: "function",
          function: { name: "weather", description: "The weather", parameters: { type: "object", properties: {} } }
        }
      ],
      tool_choice: { type: "function", function: { name: "weather" } },
      seed: 3,
      stream: true,
      stream_options: { include_usage: true }
    })
  })

  it("maps the choice of tools", () => {
    for (const toolChoice of ["auto", "none", "required"] as const) {
      assert.strictEqual(params({ tools: [weather], toolChoice }).tool_choice, toolChoice)
    }
    assert.notProperty(params({ toolChoice: "none" }), "tool_choice")
  })

  it("writes a conversation, without what the protocol has no field for", () => {
    const { messages } = params({
      prompt: [
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" }
          ]
        },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "hm", signature: "sig" },
            { type: "text", text: "I " },
            { type: "text", text: "look." },
            { type: "tool-call", id: "1", name: "weather", arguments: { city: "x" } },
            { type: "provider", name: "annotation", value: { type: "url_citation" } }
          ]
        },
        { role: "tool", content: [{ type: "tool-result", id: "1", content: "broke", isError: true }] },
        { role: "assistant", content: [{ type: "tool-call", id: "2", name: "weather", arguments: {} }] },
        { role: "assistant", content: [{ type: "reasoning", text: "hm" }] },
        { role: "user", content: [{ type: "text", text: "c" }] }
      ]
    })
    assert.deepStrictEqual(messages as unknown, [
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" }
        ]
      },
      {
        role: "assistant",
        content: "I look.",
        tool_calls: [{ id: "1", type: "function", function: { name: "weather", arguments: '{"city":"x"}' } }]
      },
      { role: "tool", tool_call_id: "1", content: "broke" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "2", type: "function", function: { name: "weather", arguments: "{}" } }]
      },
      { role: "user", content: "c" }
    ])
  })

  it("names the field that cannot be expressed", () => {
    for (const key of ["stream", "n", "stream_options"]) {
      assert.strictEqual(refusal({ providerOptions: { "chat-completions": { [key]: 1 } } }), "providerOptions")
    }
    assert.strictEqual(refusal({ toolChoice: "required" }), "toolChoice")
    const call = { type: "tool-call", id: "1", name: "t", arguments: { big: 1n } } as const
    assert.strictEqual(refusal({ prompt: [{ role: "assistant", content: [call] }] }), "prompt")
    assert.strictEqual(
      refusal({ prompt: [{ role: "assistant", content: [{ type: "reasoning", text: "a" }] }] }),
      "prompt"
    )
  })
})

describe("ChatCompletions.open", () => {
  it("sends through the SDK, without its retries and its timeout", async () => {
    const calls: Array<ReadonlyArray<unknown>> = []
    const response = new Response()
    const create = (...args: ReadonlyArray<unknown>) => {
      calls.push(args)
      return { asResponse: () => Promise.resolve(response) }
    }
    // Only `chat.completions.create` of the SDK is used.
    const sdk = { chat: { completions: { create } } } as unknown as ChatCompletions.Sdk
    const { signal } = new AbortController()
    const sent = params({})
    assert.strictEqual(await ChatCompletions.protocol.open(sdk, sent, { signal, headers: { a: null } }), response)
    assert.deepStrictEqual(calls, [[sent, { signal, headers: { a: null }, maxRetries: 0, timeout: 2147483647 }]])
  })
})
