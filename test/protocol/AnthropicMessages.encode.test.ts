import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as ModelRequest from "../../src/model/ModelRequest.js"
import * as Tool from "../../src/model/Tool.js"
import * as AnthropicMessages from "../../src/protocol/AnthropicMessages.js"
import { messageDelta, messageStart, messageStop, textBlock, toolBlock } from "./samples.js"
import { whole } from "./support.js"

const encode = (options: ModelRequest.Options) =>
  Either.flatMap(ModelRequest.make(options), AnthropicMessages.protocol.encode)

const params = (options: Partial<ModelRequest.Options>) =>
  Either.getOrThrow(encode({ model: "m", prompt: "Hello", ...options }))

const refusal = (options: Partial<ModelRequest.Options>) => {
  const result = encode({ model: "m", prompt: "Hello", ...options })
  return Either.isLeft(result) && result.left._tag === "InvalidRequest" ? result.left.field : undefined
}

const weather = Tool.make("weather", { description: "The weather" })

describe("AnthropicMessages.encode", () => {
  it("writes the least request with a token limit", () => {
    assert.deepStrictEqual(params({}), {
      model: "m",
      max_tokens: 8192,
      messages: [{ role: "user", content: "Hello" }],
      stream: true
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
      providerOptions: { "anthropic-messages": { top_k: 3, max_tokens: 6 }, "chat-completions": { seed: 1 } }
    })
    assert.deepStrictEqual(all as unknown, {
      model: "m",
      max_tokens: 6,
      messages: [{ role: "user", content: "Hello" }],
      system: "Be brief",
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ["END"],
      tools: [{ name: "weather", description: "The weather", input_schema: { type: "object", properties: {} } }],
      tool_choice: { type: "tool", name: "weather" },
      top_k: 3,
      stream: true
    })
  })

  it("maps the choice of tools", () => {
    const choice = (toolChoice: ModelRequest.ToolChoice) => params({ tools: [weather], toolChoice }).tool_choice
    assert.deepStrictEqual(choice("auto"), { type: "auto" })
    assert.deepStrictEqual(choice("none"), { type: "none" })
    assert.deepStrictEqual(choice("required"), { type: "any" })
    assert.notProperty(params({ toolChoice: "auto" }), "tool_choice")
  })

  it("puts tool results and what the user says next into one turn", () => {
    const { messages } = params({
      prompt: [
        { role: "user", content: [{ type: "text", text: "a" }] },
        { role: "assistant", content: [{ type: "tool-call", id: "1", name: "weather", arguments: { city: "x" } }] },
        { role: "tool", content: [{ type: "tool-result", id: "1", content: "sun" }] },
        { role: "tool", content: [{ type: "tool-result", id: "2", content: "broke", isError: true }] },
        { role: "user", content: "b" },
        { role: "user", content: "c" }
      ]
    })
    assert.deepStrictEqual(messages, [
      { role: "user", content: [{ type: "text", text: "a" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "1", name: "weather", input: { city: "x" } }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "1", content: "sun" },
          { type: "tool_result", tool_use_id: "2", content: "broke", is_error: true },
          { type: "text", text: "b" }
        ]
      },
      { role: "user", content: "c" }
    ])
  })

  it("sends a response back as it came, without what the vendor would refuse", () => {
    const search = { type: "server_tool_use", id: "s", name: "web_search", input: {} }
    const citation = { type: "web_search_result_location", url: "https://a" }
    const { messages } = params({
      prompt: [
        { role: "user", content: "a" },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "hm", signature: "sig" },
            { type: "reasoning", text: "unsigned" },
            { type: "text", text: " " },
            { type: "provider", name: "server_tool_use", value: search },
            { type: "text", text: "It is." },
            { type: "provider", name: "citation", value: citation },
            { type: "provider", name: "annotation", value: { type: "url_citation" } },
            { type: "provider", name: "refusal", value: "no" }
          ]
        },
        { role: "assistant", content: [{ type: "reasoning", text: "unsigned" }] },
        { role: "user", content: "b" }
      ]
    })
    assert.deepStrictEqual(messages.slice(1) as unknown, [
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "sig" },
          search,
          { type: "text", text: "It is.", citations: [citation] }
        ]
      },
      { role: "user", content: "b" }
    ])
  })

  it("takes back a response that it has read itself", () => {
    const blocks = textBlock(0, "I look.") + toolBlock(1, "t", "weather", '{"city":"x"}')
    const { content } = whole("anthropic-messages", messageStart() + blocks + messageDelta("tool_use") + messageStop)
    const { messages } = params({ prompt: [{ role: "assistant", content }] })
    assert.deepStrictEqual(messages[0]?.content, [
      { type: "text", text: "I look." },
      { type: "tool_use", id: "t", name: "weather", input: { city: "x" } }
    ])
  })

  it("names the field that cannot be expressed", () => {
    assert.strictEqual(refusal({ providerOptions: { "anthropic-messages": { stream: false } } }), "providerOptions")
    assert.strictEqual(refusal({ providerOptions: { "anthropic-messages": { n: 2 } } }), "providerOptions")
    assert.strictEqual(refusal({ toolChoice: "required" }), "toolChoice")
    assert.strictEqual(refusal({ tools: [Tool.make("t", { parameters: { anyOf: [] } })] }), "tools")
    const call = { type: "tool-call", id: "1", name: "t", arguments: "no object" } as const
    assert.strictEqual(refusal({ prompt: [{ role: "assistant", content: [call] }] }), "prompt")
    assert.strictEqual(
      refusal({ prompt: [{ role: "assistant", content: [{ type: "reasoning", text: "a" }] }] }),
      "prompt"
    )
  })
})

describe("AnthropicMessages.open", () => {
  it("sends through the SDK, without its retries and its timeout", async () => {
    const calls: Array<ReadonlyArray<unknown>> = []
    const response = new Response()
    const create = (...args: ReadonlyArray<unknown>) => {
      calls.push(args)
      return { asResponse: () => Promise.resolve(response) }
    }
    // Only `messages.create` of the SDK is used.
    const sdk = { messages: { create } } as unknown as AnthropicMessages.Sdk
    const { signal } = new AbortController()
    const sent = params({})
    assert.strictEqual(await AnthropicMessages.protocol.open(sdk, sent, { signal, headers: { a: "b" } }), response)
    assert.deepStrictEqual(calls, [[sent, { signal, headers: { a: "b" }, maxRetries: 0, timeout: 2147483647 }]])
  })
})
