import { assert, describe, it } from "@effect/vitest"
import type * as Prompt from "../../src/model/Prompt.js"
import * as Tool from "../../src/model/Tool.js"
import * as AnthropicMessages from "../../src/protocol/AnthropicMessages.js"
import { base64, closed, encoder, type Options, user, weather, withTool } from "../support/protocol/encode.js"

const { adds, params, refuses } = encoder(AnthropicMessages.protocol.encode)

const wireTool = { name: "weather", description: "The weather", input_schema: weather.parameters }

/** What the user's one message is written as. */
const blocks = (options: Options) => params(options).messages[0]?.content as unknown

describe("AnthropicMessages.encode", () => {
  it("writes the least request with a token limit", () => {
    assert.deepStrictEqual(params({}), {
      model: "m",
      max_tokens: 8192,
      messages: [{ role: "user", content: "Hello" }],
      stream: true
    })
  })

  describe("fields", () => {
    adds([
      ["maxOutputTokens", { maxOutputTokens: 5 }, { max_tokens: 5 }],
      ["temperature, also zero", { temperature: 0 }, { temperature: 0 }],
      ["topP", { topP: 0.9 }, { top_p: 0.9 }],
      ["topK", { topK: 3 }, { top_k: 3 }],
      ["stopSequences", { stopSequences: ["END"] }, { stop_sequences: ["END"] }],
      ["no stop sequence", { stopSequences: [] }, {}],
      ["user", { user: "u-1" }, { metadata: { user_id: "u-1" } }],
      ["serviceTier auto", { serviceTier: "auto" }, { service_tier: "auto" }],
      ["serviceTier standard_only", { serviceTier: "standard_only" }, { service_tier: "standard_only" }],
      [
        "output",
        { output: { name: "city", schema: closed } },
        { output_config: { format: { type: "json_schema", schema: closed } } }
      ],
      [
        "output beside an effort",
        { output: { schema: closed }, reasoning: { effort: "low" } },
        {
          thinking: { type: "adaptive" },
          output_config: { effort: "low", format: { type: "json_schema", schema: closed } }
        }
      ]
    ])
    refuses([
      ["a seed", { seed: 1 }, "seed", /Anthropic Messages/],
      ["a seed of zero", { seed: 0 }, "seed"],
      ["a frequency penalty", { frequencyPenalty: 1 }, "frequencyPenalty"],
      ["a presence penalty", { presencePenalty: 1 }, "presencePenalty"],
      ["metadata", { metadata: { a: "b" } }, "metadata"],
      ["a tier of others", { serviceTier: "priority" }, "serviceTier", /standard_only/]
    ])
  })

  describe("system", () => {
    adds([
      ["text", { system: "Be brief" }, { system: "Be brief" }],
      ["text with nothing to read", { system: " " }, {}],
      [
        "parts with marks",
        {
          system: [
            { type: "text", text: "Be" },
            { type: "text", text: " " },
            { type: "text", text: "brief", cache: "1h" }
          ]
        },
        {
          system: [
            { type: "text", text: "Be" },
            { type: "text", text: "brief", cache_control: { type: "ephemeral", ttl: "1h" } }
          ]
        }
      ],
      [
        "developer messages before all others",
        {
          system: "Be brief",
          prompt: [
            { role: "developer", content: "a" },
            { role: "developer", content: [{ type: "text", text: "b", cache: "5m" }] },
            { role: "user", content: "Hello" }
          ]
        },
        {
          system: [
            { type: "text", text: "Be brief" },
            { type: "text", text: "a" },
            { type: "text", text: "b", cache_control: { type: "ephemeral", ttl: "5m" } }
          ]
        }
      ]
    ])
    refuses([
      [
        "a developer message behind an answer",
        {
          prompt: [
            { role: "user", content: "a" },
            { role: "assistant", content: "b" },
            { role: "developer", content: "c" },
            { role: "user", content: "d" }
          ]
        },
        "prompt",
        /position 2.*put it after a message of the user/
      ],
      ["a prompt of developer messages alone", { prompt: [{ role: "developer", content: "a" }] }, "prompt"]
    ])
  })

  describe("reasoning", () => {
    adds([
      ["nothing said", { reasoning: {} }, {}],
      ["effort none", { reasoning: { effort: "none" } }, { thinking: { type: "disabled" } }],
      ...(["low", "medium", "high", "xhigh", "max"] as const).map(
        (effort) =>
          [
            `effort ${effort}`,
            { reasoning: { effort } },
            { thinking: { type: "adaptive" }, output_config: { effort } }
          ] as const
      ),
      [
        "a budget, which raises the default limit",
        { reasoning: { budgetTokens: 20_000 } },
        { max_tokens: 28_192, thinking: { type: "enabled", budget_tokens: 20_000 } }
      ],
      [
        "a budget below the limit",
        { maxOutputTokens: 1025, reasoning: { budgetTokens: 1024 } },
        { max_tokens: 1025, thinking: { type: "enabled", budget_tokens: 1024 } }
      ],
      [
        "a budget and an effort",
        { maxOutputTokens: 9000, reasoning: { budgetTokens: 2000, effort: "high" } },
        {
          max_tokens: 9000,
          thinking: { type: "enabled", budget_tokens: 2000 },
          output_config: { effort: "high" }
        }
      ]
    ])
    refuses([
      ["a budget too small", { reasoning: { budgetTokens: 1023 } }, "reasoning.budgetTokens", /at least 1024/],
      [
        "a budget of the whole limit",
        { maxOutputTokens: 2000, reasoning: { budgetTokens: 2000 } },
        "reasoning.budgetTokens",
        /below maxOutputTokens/
      ],
      ["effort minimal", { reasoning: { effort: "minimal" } }, "reasoning.effort"],
      ["a summary", { reasoning: { summary: "auto" } }, "reasoning.summary"]
    ])
  })

  describe("tools", () => {
    const single = { disable_parallel_tool_use: true }
    adds([
      ["tools", withTool({}), { tools: [wireTool] }],
      ["no tool, and a choice that needs none", { tools: [], toolChoice: "auto", parallelToolCalls: false }, {}],
      ["choice auto", withTool({ toolChoice: "auto" }), { tools: [wireTool], tool_choice: { type: "auto" } }],
      ["choice none", withTool({ toolChoice: "none" }), { tools: [wireTool], tool_choice: { type: "none" } }],
      ["choice required", withTool({ toolChoice: "required" }), { tools: [wireTool], tool_choice: { type: "any" } }],
      [
        "choice of one",
        withTool({ toolChoice: { tool: "weather" } }),
        { tools: [wireTool], tool_choice: { type: "tool", name: "weather" } }
      ],
      ["calls side by side", withTool({ parallelToolCalls: true }), { tools: [wireTool] }],
      [
        "one call at a time",
        withTool({ parallelToolCalls: false }),
        { tools: [wireTool], tool_choice: { type: "auto", ...single } }
      ],
      [
        "one call, which is required",
        withTool({ parallelToolCalls: false, toolChoice: "required" }),
        { tools: [wireTool], tool_choice: { type: "any", ...single } }
      ],
      [
        "one call of one tool",
        withTool({ parallelToolCalls: false, toolChoice: { tool: "weather" } }),
        { tools: [wireTool], tool_choice: { type: "tool", name: "weather", ...single } }
      ],
      [
        "one call at a time, of none",
        withTool({ parallelToolCalls: false, toolChoice: "none" }),
        { tools: [wireTool], tool_choice: { type: "none" } }
      ]
    ])
    refuses([
      ["a required tool among none", { toolChoice: "required" }, "toolChoice"],
      ["parameters that are no object", { tools: [Tool.make("t", { parameters: { anyOf: [] } })] }, "tools", /"t"/]
    ])
  })

  describe("what the user says", () => {
    const ephemeral = { type: "ephemeral", ttl: "5m" }
    const cases: ReadonlyArray<readonly [string, Prompt.UserPart, object]> = [
      ["text", { type: "text", text: "a" }, { type: "text", text: "a" }],
      ["marked text", { type: "text", text: "a", cache: "5m" }, { type: "text", text: "a", cache_control: ephemeral }],
      [
        "an image by address",
        { type: "image", source: { url: "https://a/b.png" } },
        { type: "image", source: { type: "url", url: "https://a/b.png" } }
      ],
      [
        "an image",
        { type: "image", source: { base64, mediaType: "image/webp" }, cache: "5m" },
        { type: "image", source: { type: "base64", media_type: "image/webp", data: base64 }, cache_control: ephemeral }
      ],
      [
        "a PDF",
        { type: "document", source: { base64, mediaType: "application/pdf" }, name: "a.pdf" },
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: base64 }, title: "a.pdf" }
      ],
      [
        "a PDF by address",
        { type: "document", source: { url: "https://a/b.pdf" }, cache: "5m" },
        { type: "document", source: { type: "url", url: "https://a/b.pdf" }, cache_control: ephemeral }
      ],
      [
        "a document of text",
        { type: "document", source: { text: "Lorem" }, name: "a.txt" },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "Lorem" }, title: "a.txt" }
      ]
    ]
    for (const [name, part, block] of cases) {
      it(name, () => assert.deepStrictEqual(blocks({ prompt: user(part) }), [block]))
    }
    it("leaves out text with nothing to read in it, which the vendor refuses", () => {
      const image = { type: "image", source: { url: "https://a/b.png" } } as const
      assert.deepStrictEqual(blocks({ prompt: user({ type: "text", text: "\n" }, image) }), [
        { type: "image", source: { type: "url", url: "https://a/b.png" } }
      ])
    })
    refuses([
      [
        "an image of another type",
        { prompt: user({ type: "image", source: { base64, mediaType: "image/tiff" } }) },
        "prompt",
        /image\/tiff/
      ],
      [
        "a document of another type",
        { prompt: user({ type: "document", source: { base64, mediaType: "text/csv" } }) },
        "prompt",
        /text\/csv/
      ]
    ])
  })

  describe("what tools answer", () => {
    it("goes into one turn with what the user says next", () => {
      const { messages } = params({
        prompt: [
          { role: "user", content: [{ type: "text", text: "a" }] },
          { role: "assistant", content: [{ type: "tool-call", id: "1", name: "weather", arguments: { city: "x" } }] },
          { role: "tool", content: [{ type: "tool-result", id: "1", content: "sun" }] },
          { role: "tool", content: [{ type: "tool-result", id: "2", content: "broke", isError: true, cache: "1h" }] },
          { role: "user", content: "b" },
          { role: "user", content: "c" }
        ]
      })
      assert.deepStrictEqual<unknown>(messages, [
        { role: "user", content: [{ type: "text", text: "a" }] },
        { role: "assistant", content: [{ type: "tool_use", id: "1", name: "weather", input: { city: "x" } }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "1", content: "sun" },
            {
              type: "tool_result",
              tool_use_id: "2",
              content: "broke",
              is_error: true,
              cache_control: { type: "ephemeral", ttl: "1h" }
            },
            { type: "text", text: "b" }
          ]
        },
        { role: "user", content: "c" }
      ])
    })

    it("has text and images", () => {
      const content = [
        { type: "text", text: "seen:", cache: "5m" },
        { type: "text", text: "" },
        { type: "image", source: { base64, mediaType: "image/png" } }
      ] as const
      assert.deepStrictEqual(
        blocks({ prompt: [{ role: "tool", content: [{ type: "tool-result", id: "1", content }] }] }),
        [
          {
            type: "tool_result",
            tool_use_id: "1",
            content: [
              { type: "text", text: "seen:", cache_control: { type: "ephemeral", ttl: "5m" } },
              { type: "image", source: { type: "base64", media_type: "image/png", data: base64 } }
            ]
          }
        ]
      )
    })
  })

  describe("what the model said", () => {
    it("goes back as it came, without what the vendor would refuse", () => {
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
              { type: "text", text: "It is.", cache: "5m" },
              { type: "citation", value: citation, protocol: "anthropic-messages" },
              { type: "citation", value: { type: "url_citation" }, protocol: "chat-completions" },
              { type: "provider", name: "refusal", value: "no" },
              { type: "text", text: "\n" },
              { type: "citation", value: { ...citation, url: "https://b" }, protocol: "anthropic-messages" },
              { type: "provider", name: "web_search_call", value: { type: "web_search_call" }, protocol: "responses" },
              { type: "reasoning", text: "elsewhere", signature: "c2ln", protocol: "responses" }
            ]
          },
          { role: "assistant", content: [{ type: "reasoning", text: "unsigned" }] },
          { role: "assistant", content: [] },
          { role: "user", content: "b" }
        ]
      })
      assert.deepStrictEqual<unknown>(messages.slice(1), [
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature: "sig" },
            search,
            { type: "text", text: "It is.", cache_control: { type: "ephemeral", ttl: "5m" }, citations: [citation] }
          ]
        },
        { role: "user", content: "b" }
      ])
    })

    it("gives a call back with who called it", () => {
      const caller = { type: "code_execution_20250825", tool_id: "srvtoolu_1" }
      const value = { type: "tool_use", id: "t", name: "roll", input: {}, caller }
      const call = { type: "tool-call" as const, id: "t", name: "roll", arguments: { dice: 2 } }
      const part = { type: "provider" as const, name: "tool_use", value, protocol: "anthropic-messages" }
      const { messages } = params(assistant(call, part))
      assert.deepStrictEqual<unknown>(messages[0]?.content, [{ ...value, input: { dice: 2 } }])
      // One that was cut is no part of the content.
      assert.deepStrictEqual<unknown>(params(assistant({ type: "text", text: "a" }, part)).messages[0]?.content, [
        { type: "text", text: "a" }
      ])
    })

    const assistant = (...content: ReadonlyArray<Prompt.AssistantPart>): Options => ({
      prompt: [{ role: "assistant", content }]
    })
    refuses([
      [
        "a call whose arguments are no object",
        assistant({ type: "tool-call", id: "1", name: "t", arguments: "none" }),
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
          maxOutputTokens: 5,
          reasoning: { effort: "high" },
          providerOptions: {
            "anthropic-messages": { max_tokens: 6, output_config: { effort: "low" }, inference_geo: "eu" },
            "chat-completions": { seed: 1 }
          }
        },
        { max_tokens: 6, thinking: { type: "adaptive" }, output_config: { effort: "low" }, inference_geo: "eu" }
      ]
    ])
    // Who has no types is told at run time.
    const own = (options: object): Options => ({ providerOptions: { "anthropic-messages": options } })
    adds([
      [
        "go beside what is said of the same thing, and say nothing where they are undefined",
        {
          output: { schema: closed },
          reasoning: { effort: "low" },
          ...own({ max_tokens: undefined, output_config: { effort: "high", format: undefined } })
        },
        {
          thinking: { type: "adaptive" },
          output_config: { effort: "high", format: { type: "json_schema", schema: closed } }
        }
      ]
    ])
    refuses([["to decide the streaming", own({ stream: false }), "providerOptions", /`stream`/]])
  })
})

describe("AnthropicMessages.open", () => {
  it("sends through the SDK, without its retries and its timeout", async () => {
    const calls: Array<ReadonlyArray<unknown>> = []
    const response = new Response()
    const post = (...args: ReadonlyArray<unknown>) => {
      calls.push(args)
      return { asResponse: () => Promise.resolve(response) }
    }
    // Only `post` of the SDK is used.
    const sdk = { post } as unknown as AnthropicMessages.Sdk
    const { signal } = new AbortController()
    const sent = params({})
    assert.strictEqual(await AnthropicMessages.protocol.open(sdk, sent, { signal, headers: { a: "b" } }), response)
    const options = { body: sent, stream: true, signal, headers: { a: "b" }, maxRetries: 0, timeout: 2147483647 }
    assert.deepStrictEqual(calls, [["/v1/messages", options]])
  })
})
