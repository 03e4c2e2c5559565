import { assert, describe, it } from "@effect/vitest"
import type * as Prompt from "../../src/model/Prompt.js"
import * as Tool from "../../src/model/Tool.js"
import * as ChatCompletions from "../../src/protocol/ChatCompletions.js"
import { base64, closed, encoder, type Options, user, weather, withTool } from "../support/protocol/encode.js"

const { adds, params, refuses } = encoder(ChatCompletions.protocol.encode)

const wireTool = {
  type: "function",
  function: { name: "weather", description: "The weather", parameters: weather.parameters }
}

const said = { role: "user", content: "Hello" }

const messages = (prompt: Prompt.Prompt) => params({ prompt }).messages as unknown

describe("ChatCompletions.encode", () => {
  it("writes the least request, and asks for usage", () => {
    assert.deepStrictEqual<unknown>(params({}), {
      model: "m",
      messages: [said],
      stream: true,
      stream_options: { include_usage: true }
    })
  })

  describe("fields", () => {
    adds([
      ["maxOutputTokens", { maxOutputTokens: 5 }, { max_completion_tokens: 5 }],
      ["temperature, also zero", { temperature: 0 }, { temperature: 0 }],
      ["topP", { topP: 0.9 }, { top_p: 0.9 }],
      ["seed", { seed: 0 }, { seed: 0 }],
      ["frequencyPenalty", { frequencyPenalty: -1 }, { frequency_penalty: -1 }],
      ["presencePenalty", { presencePenalty: 0.5 }, { presence_penalty: 0.5 }],
      ["stopSequences", { stopSequences: ["a", "b"] }, { stop: ["a", "b"] }],
      ["no stop sequence", { stopSequences: [] }, {}],
      ["user", { user: "u-1" }, { safety_identifier: "u-1" }],
      ["metadata", { metadata: { run: "7" } }, { metadata: { run: "7" } }],
      ["serviceTier", { serviceTier: "flex" }, { service_tier: "flex" }],
      ["a tier that only one vendor has", { serviceTier: "on_demand" }, { service_tier: "on_demand" }],
      [
        "output",
        { output: { name: "city", schema: closed } },
        { response_format: { type: "json_schema", json_schema: { name: "city", schema: closed, strict: true } } }
      ],
      [
        "output without a name, of a schema that strict mode does not take",
        { output: { schema: { type: "object" } } },
        {
          response_format: {
            type: "json_schema",
            json_schema: { name: "answer", schema: { type: "object" }, strict: false }
          }
        }
      ]
    ])
    refuses([["topK", { topK: 1 }, "topK", /Chat Completions/]])
  })

  describe("system", () => {
    adds([
      ["text", { system: "Be brief" }, { messages: [{ role: "system", content: "Be brief" }, said] }],
      ["text with nothing to read", { system: "" }, {}],
      [
        "one part, as text, for the vendors that take nothing else",
        { system: [{ type: "text", text: "a", cache: "5m" }] },
        { messages: [{ role: "system", content: "a" }, said] }
      ],
      [
        "parts, without their marks",
        {
          system: [
            { type: "text", text: "a", cache: "5m" },
            { type: "text", text: "b" }
          ]
        },
        {
          messages: [
            {
              role: "system",
              content: [
                { type: "text", text: "a" },
                { type: "text", text: "b" }
              ]
            },
            said
          ]
        }
      ]
    ])
  })

  describe("reasoning", () => {
    adds([
      ["nothing said", { reasoning: {} }, {}],
      ...(["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const).map(
        (effort) => [`effort ${effort}`, { reasoning: { effort } }, { reasoning_effort: effort }] as const
      )
    ])
    refuses([
      ["a budget", { reasoning: { budgetTokens: 2000 } }, "reasoning.budgetTokens"],
      ["a summary", { reasoning: { summary: "auto" } }, "reasoning.summary"]
    ])
  })

  describe("tools", () => {
    const tools = [wireTool]
    adds([
      ["tools", withTool({}), { tools }],
      ["no tool, and a choice that needs none", { tools: [], toolChoice: "none", parallelToolCalls: false }, {}],
      ...(["auto", "none", "required"] as const).map(
        (choice) => [`choice ${choice}`, withTool({ toolChoice: choice }), { tools, tool_choice: choice }] as const
      ),
      [
        "choice of one",
        withTool({ toolChoice: { tool: "weather" } }),
        { tools, tool_choice: { type: "function", function: { name: "weather" } } }
      ],
      ["calls side by side", withTool({ parallelToolCalls: true }), { tools, parallel_tool_calls: true }],
      ["one call at a time", withTool({ parallelToolCalls: false }), { tools, parallel_tool_calls: false }]
    ])
    refuses([
      ["a required tool among none", { toolChoice: "required" }, "toolChoice"],
      ["a name of 65 letters", { tools: [Tool.make("t".repeat(65))] }, "tools", /64/]
    ])
  })

  describe("what the user says", () => {
    const cases: ReadonlyArray<readonly [string, Prompt.UserPart, object]> = [
      ["marked text", { type: "text", text: "a", cache: "5m" }, { type: "text", text: "a" }],
      [
        "an image by address",
        { type: "image", source: { url: "https://a/b.png" }, cache: "5m" },
        { type: "image_url", image_url: { url: "https://a/b.png" } }
      ],
      [
        "an image",
        { type: "image", source: { base64, mediaType: "image/png" } },
        { type: "image_url", image_url: { url: `data:image/png;base64,${base64}` } }
      ],
      [
        "a PDF",
        { type: "document", source: { base64, mediaType: "application/pdf" }, name: "a.pdf" },
        { type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${base64}` } }
      ],
      [
        "a PDF without a name",
        { type: "document", source: { base64, mediaType: "application/pdf" } },
        { type: "file", file: { filename: "document.pdf", file_data: `data:application/pdf;base64,${base64}` } }
      ],
      [
        "a document of text",
        { type: "document", source: { text: "Lorem" }, name: "a.txt" },
        { type: "text", text: "# a.txt\n\nLorem" }
      ],
      [
        "a document of text without a name",
        { type: "document", source: { text: "Lorem" } },
        { type: "text", text: "Lorem" }
      ]
    ]
    for (const [name, part, written] of cases) {
      it(name, () =>
        assert.deepStrictEqual(messages(user({ type: "text", text: "See:" }, part)), [
          { role: "user", content: [{ type: "text", text: "See:" }, written] }
        ])
      )
    }
    it("one text goes as text, for the vendors that take nothing else", () => {
      assert.deepStrictEqual(messages(user({ type: "text", text: "a" })), [{ role: "user", content: "a" }])
    })
    refuses([
      [
        "a document by address",
        { prompt: user({ type: "document", source: { url: "https://a/b.pdf" } }) },
        "prompt",
        /base64/
      ]
    ])
  })

  describe("what tools answer", () => {
    const result = (content: Prompt.ToolResultPart["content"]): Prompt.Prompt => [
      { role: "tool", content: [{ type: "tool-result", id: "1", content, isError: true, cache: "5m" }] }
    ]
    it("is text; that a tool failed, the text must say", () => {
      assert.deepStrictEqual(messages(result("broke")), [{ role: "tool", tool_call_id: "1", content: "broke" }])
    })
    it("is texts", () => {
      const parts = [
        { type: "text", text: "a" },
        { type: "text", text: "b" }
      ] as const
      assert.deepStrictEqual(messages(result(parts)), [{ role: "tool", tool_call_id: "1", content: parts }])
      assert.deepStrictEqual(messages(result(parts.slice(1))), [{ role: "tool", tool_call_id: "1", content: "b" }])
    })
    refuses([["an image", { prompt: result([{ type: "image", source: { url: "https://a/b" } }]) }, "prompt", /"1"/]])
  })

  describe("a conversation", () => {
    it("goes in order, without what the protocol has no field for", () => {
      assert.deepStrictEqual(
        messages([
          { role: "developer", content: "d" },
          { role: "user", content: "a" },
          {
            role: "assistant",
            content: [
              { type: "reasoning", text: "hm", signature: "sig" },
              { type: "text", text: "I " },
              { type: "text", text: "look.", cache: "5m" },
              { type: "tool-call", id: "1", name: "weather", arguments: { city: "x" } },
              { type: "provider", name: "annotation", value: { type: "url_citation" } }
            ]
          },
          { role: "tool", content: [{ type: "tool-result", id: "1", content: "sun" }] },
          { role: "assistant", content: [{ type: "tool-call", id: "2", name: "weather", arguments: {} }] },
          { role: "assistant", content: [{ type: "reasoning", text: "hm" }] },
          { role: "assistant", content: [] },
          { role: "developer", content: [{ type: "text", text: "e", cache: "1h" }] },
          { role: "assistant", content: "b" }
        ]),
        [
          { role: "developer", content: "d" },
          { role: "user", content: "a" },
          {
            role: "assistant",
            content: "I look.",
            tool_calls: [{ id: "1", type: "function", function: { name: "weather", arguments: '{"city":"x"}' } }]
          },
          { role: "tool", tool_call_id: "1", content: "sun" },
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: "2", type: "function", function: { name: "weather", arguments: "{}" } }]
          },
          { role: "developer", content: "e" },
          { role: "assistant", content: "b" }
        ]
      )
    })

    const assistant = (...content: ReadonlyArray<Prompt.AssistantPart>): Options => ({
      prompt: [{ role: "assistant", content }]
    })
    refuses([
      [
        "a call whose arguments cannot be written",
        assistant({ type: "tool-call", id: "1", name: "t", arguments: { big: 1n } }),
        "prompt",
        /position 0/
      ],
      ["a prompt of which nothing can be sent", assistant({ type: "reasoning", text: "a" }), "prompt"]
    ])
  })

  describe("providerOptions", () => {
    adds([
      [
        "win over what the request says",
        {
          temperature: 0.5,
          user: "u-1",
          providerOptions: {
            "chat-completions": { temperature: 1, user: "u-1", verbosity: "low" },
            "anthropic-messages": { max_tokens: 1 }
          }
        },
        { temperature: 1, user: "u-1", safety_identifier: "u-1", verbosity: "low" }
      ]
    ])
    // Who has no types is told at run time.
    const own = (key: string): Options => ({ providerOptions: { "chat-completions": { [key]: 1 } } })
    refuses(
      ["stream", "stream_options", "n", "logprobs", "top_logprobs"].map(
        (key) => [`to decide ${key}`, own(key), "providerOptions", new RegExp(`\`${key}\``)] as const
      )
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
