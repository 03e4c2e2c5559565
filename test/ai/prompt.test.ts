/**
 * Prompts of @effect/ai as they reach the provider: nothing that is said is lost, and what the native packages' options
 * mean is meant here too.
 */
import { Prompt } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Either, Option } from "effect"
import type { Prompt as OwnPrompt } from "effect-redial"
import { Memory } from "../../src/ai/internal/memory.js"
import { promptOf } from "../../src/ai/internal/prompt.js"

const sent = (messages: Prompt.RawInput): OwnPrompt.Prompt =>
  Either.getOrThrowWith(promptOf(Prompt.make(messages), new Memory()), (problem) => new Error(problem))

const problem = (messages: Prompt.RawInput): string =>
  Option.getOrThrow(Either.getLeft(promptOf(Prompt.make(messages), new Memory())))

describe("a prompt", () => {
  it("keeps all system messages, where they stand", () => {
    assert.deepStrictEqual(
      sent([
        { role: "system", content: "Be brief." },
        { role: "system", content: "Be kind.", options: { effectRedial: { cache: "1h" } } },
        { role: "user", content: "Hello" },
        { role: "system", content: "Speak French now." }
      ]),
      [
        { role: "system", content: "Be brief." },
        { role: "system", content: [{ type: "text", text: "Be kind.", cache: "1h" }] },
        { role: "user", content: [{ type: "text", text: "Hello" }] },
        { role: "system", content: "Speak French now." }
      ]
    )
  })

  it("keeps cache marks of parts and of messages, its own and Anthropic's", () => {
    const anthropic = (ttl?: "5m" | "1h") => ({
      anthropic: { cacheControl: { type: "ephemeral" as const, ...(ttl && { ttl }) } }
    })
    assert.deepStrictEqual(
      sent([
        {
          role: "user",
          options: anthropic("1h"),
          content: [
            { type: "text", text: "a", options: anthropic() },
            { type: "text", text: "b", options: { effectRedial: { cache: "5m" } } },
            { type: "text", text: "c" }
          ]
        },
        {
          role: "assistant",
          options: anthropic(),
          content: [
            { type: "tool-call", id: "1", name: "t", params: {} },
            { type: "reasoning", text: "hm" }
          ]
        },
        {
          role: "tool",
          content: [
            {
              type: "tool-result",
              id: "1",
              name: "t",
              isFailure: false,
              result: "r",
              providerExecuted: false,
              options: anthropic("1h")
            }
          ]
        }
      ]).map(({ content }) => content),
      [
        [
          { type: "text", text: "a", cache: "5m" },
          { type: "text", text: "b", cache: "5m" },
          { type: "text", text: "c", cache: "1h" }
        ],
        [
          { type: "tool-call", id: "1", name: "t", arguments: {}, cache: "5m" },
          { type: "reasoning", text: "hm" }
        ],
        [{ type: "tool-result", id: "1", content: "r", cache: "1h" }]
      ]
    )
  })

  it("keeps images, documents, and what is said of them", () => {
    const bytes = new Uint8Array([1, 2, 3])
    const [message] = sent([
      {
        role: "user",
        content: [
          { type: "file", mediaType: "image/png", data: bytes },
          { type: "file", mediaType: "image/*", data: "AQID" },
          { type: "file", mediaType: "image/png", data: new URL("https://example.com/a.png") },
          { type: "file", mediaType: "image/png", data: "https://example.com/b.png" },
          { type: "file", mediaType: "image/*", data: "data:image/webp;base64,AQID" },
          { type: "file", mediaType: "application/pdf", data: bytes, fileName: "a.pdf" },
          {
            type: "file",
            mediaType: "text/plain",
            data: "Hello",
            fileName: "a.txt",
            options: { anthropic: { documentTitle: "Greeting", documentContext: "Old", citations: { enabled: true } } }
          },
          {
            type: "file",
            mediaType: "text/plain",
            data: new TextEncoder().encode("Grüße"),
            options: { effectRedial: { context: "New", citations: true, cache: "5m" } }
          }
        ]
      }
    ])
    assert.deepStrictEqual(message?.content, [
      { type: "image", source: { base64: "AQID", mediaType: "image/png" } },
      { type: "image", source: { base64: "AQID", mediaType: "image/jpeg" } },
      { type: "image", source: { url: "https://example.com/a.png" } },
      { type: "image", source: { url: "https://example.com/b.png" } },
      { type: "image", source: { base64: "AQID", mediaType: "image/webp" } },
      { type: "document", source: { base64: "AQID", mediaType: "application/pdf" }, name: "a.pdf" },
      { type: "document", source: { text: "Hello" }, name: "Greeting", context: "Old", citations: true },
      { type: "document", source: { text: "Grüße" }, context: "New", citations: true, cache: "5m" }
    ])
  })

  it("keeps signatures, its own and those of the native packages", () => {
    const [message] = sent([
      {
        role: "assistant",
        content: [
          {
            type: "reasoning",
            text: "a",
            options: { effectRedial: { signature: "s", protocol: "anthropic-messages" } }
          },
          { type: "reasoning", text: "b", options: { anthropic: { type: "thinking", signature: "t" } } },
          { type: "reasoning", text: "", options: { anthropic: { type: "redacted_thinking", redactedData: "r" } } },
          { type: "reasoning", text: "c", options: { openai: { itemId: "rs_1", encryptedContent: "e" } } },
          { type: "reasoning", text: "d" }
        ]
      }
    ])
    assert.deepStrictEqual(message?.content, [
      { type: "reasoning", text: "a", signature: "s", protocol: "anthropic-messages" },
      { type: "reasoning", text: "b", signature: "t", protocol: "anthropic-messages" },
      {
        type: "provider",
        name: "redacted_thinking",
        value: { type: "redacted_thinking", data: "r" },
        protocol: "anthropic-messages"
      },
      {
        type: "provider",
        name: "reasoning",
        value: {
          type: "reasoning",
          id: "rs_1",
          summary: [{ type: "summary_text", text: "c" }],
          encrypted_content: "e"
        },
        protocol: "responses"
      },
      { type: "reasoning", text: "d" }
    ])
  })

  it("gives back what Anthropic's own tools did, also under the names of the native package", () => {
    const part = { id: "srvtoolu_1", providerExecuted: true, name: "AnthropicWebSearch" } as const
    const other = { id: "ws_1", providerExecuted: true, name: "web_search" } as const
    const [message] = sent([
      {
        role: "assistant",
        content: [
          { type: "tool-call", params: { query: "q" }, ...part },
          { type: "tool-result", isFailure: false, result: [], ...part },
          { type: "tool-call", params: {}, ...other },
          { type: "tool-result", isFailure: false, result: {}, ...other },
          { type: "text", text: "Found." }
        ]
      }
    ])
    const protocol = "anthropic-messages"
    assert.deepStrictEqual(message?.content, [
      {
        type: "provider",
        name: "server_tool_use",
        value: { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
        protocol
      },
      {
        type: "provider",
        name: "web_search_tool_result",
        value: { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
        protocol
      },
      { type: "text", text: "Found." }
    ])
  })

  it("gives results as text where they are text, else as JSON, and says which failed", () => {
    const result = (id: string, value: unknown, isFailure = false) =>
      ({ type: "tool-result", id, name: "t", isFailure, result: value, providerExecuted: false }) as const
    const [message] = sent([
      {
        role: "tool",
        content: [result("1", "plain"), result("2", { a: 1 }), result("3", undefined), result("4", "no", true)]
      }
    ])
    assert.deepStrictEqual(message?.content, [
      { type: "tool-result", id: "1", content: "plain" },
      { type: "tool-result", id: "2", content: '{"a":1}' },
      { type: "tool-result", id: "3", content: "" },
      { type: "tool-result", id: "4", content: "no", isError: true }
    ])
  })

  it("takes the stored content of an answer in place of the message's parts, if it is one", () => {
    const content = [
      { type: "reasoning", text: "hm", signature: "s" },
      { type: "text", text: "Yes." }
    ] as const
    const assistant = (content: unknown) =>
      [
        { role: "assistant", content: "Yes.", options: { effectRedial: { content } } }
      ] as unknown as ReadonlyArray<Prompt.MessageEncoded>
    assert.deepStrictEqual(sent(assistant(content))[0]?.content, content)
    assert.include(problem(assistant([{ type: "odd" }])), "effectRedial.content")
  })

  it("refuses in words what no model takes back", () => {
    assert.include(
      problem([{ role: "assistant", content: [{ type: "file", mediaType: "image/png", data: "AQID" }] }]),
      "a file in an assistant message"
    )
    assert.include(
      problem([{ role: "user", content: [{ type: "file", mediaType: "image/png", data: "data:,x" }] }]),
      "base64"
    )
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const result = {
      type: "tool-result",
      id: "1",
      name: "t",
      isFailure: false,
      result: cycle,
      providerExecuted: false
    } as const
    assert.include(problem([{ role: "tool", content: [result] }]), 'the tool "t"')
  })
})
