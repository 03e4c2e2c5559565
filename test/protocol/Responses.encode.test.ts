import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Prompt from "../../src/model/Prompt.js"
import * as Tool from "../../src/model/Tool.js"
import * as Responses from "../../src/protocol/Responses.js"
import { whole } from "../support/protocol/decode.js"
import { base64, closed, encoder, type Options, user, weather, withTool } from "../support/protocol/encode.js"
import {
  annotation,
  call,
  callItem,
  completed,
  created,
  customItem,
  done,
  message,
  reasoning,
  reasoningItem,
  search,
  textItem
} from "../support/protocol/responsesSamples.js"

const { adds, fault, params, refuses } = encoder(Responses.protocol.encode)

const wireTool = {
  type: "function",
  name: "weather",
  description: "The weather",
  parameters: weather.parameters,
  strict: false
}

const input = (prompt: Prompt.Prompt) => params({ prompt }).input as unknown

const format = (name: string, schema: object, strict: boolean) => ({
  text: { format: { type: "json_schema", name, schema, strict } }
})

describe("Responses.encode", () => {
  it("writes the least request, which stores nothing and asks for encrypted reasoning", () => {
    assert.deepStrictEqual<unknown>(params({}), {
      model: "m",
      input: [{ role: "user", content: "Hello" }],
      store: false,
      include: ["reasoning.encrypted_content"],
      stream: true
    })
  })

  it("asks models that do not reason for no reasoning", () => {
    for (const model of ["gpt-4o", "gpt-4.1-mini", "openai/gpt-4o-mini", "gpt-3.5-turbo", "gpt-5-chat-latest"]) {
      assert.notProperty(params({ model }), "include")
      assert.property(params({ model, reasoning: { effort: "low" } }), "include")
    }
    for (const model of ["gpt-5", "o4-mini", "grok-4", "qwen3-max", "gpt-5.3-codex"]) {
      assert.property(params({ model }), "include")
    }
  })

  describe("fields", () => {
    adds([
      ["system text", { system: "Be brief" }, { instructions: "Be brief" }],
      [
        "system parts, without their marks",
        {
          system: [
            { type: "text", text: "a", cache: "5m" },
            { type: "text", text: "b" }
          ]
        },
        { instructions: "a\n\nb" }
      ],
      ["system text with nothing to read", { system: " " }, {}],
      ["maxOutputTokens", { maxOutputTokens: 5 }, { max_output_tokens: 5 }],
      ["temperature, also zero", { temperature: 0 }, { temperature: 0 }],
      ["topP", { topP: 0.9 }, { top_p: 0.9 }],
      ["no stop sequence", { stopSequences: [] }, {}],
      ["reasoning", { reasoning: { effort: "xhigh" } }, { reasoning: { effort: "xhigh" } }],
      [
        "reasoning with a summary",
        { reasoning: { effort: "low", summary: "auto" } },
        { reasoning: { effort: "low", summary: "auto" } }
      ],
      ["user", { user: "u-1" }, { safety_identifier: "u-1" }],
      ["metadata", { metadata: { run: "7" } }, { metadata: { run: "7" } }],
      ["serviceTier", { serviceTier: "flex" }, { service_tier: "flex" }],
      ["output", { output: { name: "city", schema: closed } }, format("city", closed, true)],
      [
        "output without a name, of a schema that strict mode does not take",
        { output: { schema: { type: "object" } } },
        format("answer", { type: "object" }, false)
      ]
    ])
    refuses([
      ["topK", { topK: 1 }, "topK", /Responses/],
      ["seed", { seed: 0 }, "seed"],
      ["frequencyPenalty", { frequencyPenalty: 0 }, "frequencyPenalty"],
      ["presencePenalty", { presencePenalty: 1 }, "presencePenalty"],
      ["stopSequences", { stopSequences: ["END"] }, "stopSequences"],
      ["a budget", { reasoning: { budgetTokens: 5000 } }, "reasoning.budgetTokens", /effort/]
    ])
  })

  describe("tools", () => {
    adds([
      ["a tool", withTool({}), { tools: [wireTool] }],
      ["a choice", withTool({ toolChoice: "required" }), { tools: [wireTool], tool_choice: "required" }],
      ["no choice", withTool({ toolChoice: "none" }), { tools: [wireTool], tool_choice: "none" }],
      [
        "one tool",
        withTool({ toolChoice: { tool: "weather" } }),
        { tools: [wireTool], tool_choice: { type: "function", name: "weather" } }
      ],
      [
        "one after the other",
        withTool({ parallelToolCalls: false }),
        { tools: [wireTool], parallel_tool_calls: false }
      ],
      ["a choice without tools", { toolChoice: "none", parallelToolCalls: false }, {}]
    ])
    refuses([["a choice that needs tools", { toolChoice: "required" }, "toolChoice"]])
  })

  describe("providerOptions", () => {
    const responses = (options: object): Options => ({ providerOptions: { responses: options } })
    adds([
      ["win", { temperature: 0, ...responses({ temperature: 1 }) }, { temperature: 1 }],
      ["can have the vendor store", responses({ store: true, background: true }), { store: true, background: true }],
      ["can leave the reasoning out", responses({ include: [] }), { include: [] }],
      ["say nothing where they are undefined", responses({ store: undefined, include: undefined }), {}],
      [
        "go beside what is said of the same thing",
        {
          reasoning: { effort: "low" },
          output: { schema: closed },
          ...responses({ reasoning: { context: "all_turns" }, text: { verbosity: "low" } })
        },
        {
          reasoning: { effort: "low", context: "all_turns" },
          text: { ...format("answer", closed, true).text, verbosity: "low" }
        }
      ],
      [
        "of another protocol say nothing beside its own",
        { providerOptions: { "anthropic-messages": { max_tokens: 3 }, responses: {} } },
        {}
      ],
      ["that are undefined are none", { providerOptions: { "anthropic-messages": undefined } }, {}]
    ])
    refuses([
      ["the streaming", responses({ stream: false }), "providerOptions", /stream/],
      [
        "of other protocols only: they would be ignored",
        { providerOptions: { "anthropic-messages": {}, "chat-completions": {} } },
        "providerOptions",
        /has fields for anthropic-messages and chat-completions only.*say `"responses": {}` beside them/
      ],
      ["log probabilities", responses({ top_logprobs: 3 }), "providerOptions", /top_logprobs/],
      [
        "log probabilities by the other way",
        responses({ include: ["message.output_text.logprobs"] }),
        "providerOptions",
        /logprobs/
      ]
    ])
  })
})

describe("Responses input", () => {
  it("is messages by their role", () => {
    assert.deepStrictEqual(
      input([
        { role: "developer", content: "Be kind" },
        { role: "user", content: [{ type: "text", text: "a", cache: "1h" }] },
        { role: "assistant", content: "b" },
        {
          role: "developer",
          content: [
            { type: "text", text: "c" },
            { type: "text", text: "d" }
          ]
        }
      ]),
      [
        { role: "developer", content: "Be kind" },
        { role: "user", content: "a" },
        { role: "assistant", content: "b" },
        {
          role: "developer",
          content: [
            { type: "input_text", text: "c" },
            { type: "input_text", text: "d" }
          ]
        }
      ]
    )
  })

  it("takes images and documents", () => {
    const pdf = { base64, mediaType: "application/pdf" }
    const prompt = user(
      { type: "text", text: "a" },
      { type: "image", source: { url: "https://x/a.png" } },
      { type: "image", source: { base64, mediaType: "image/png" } },
      { type: "document", source: { url: "https://x/a.pdf" }, name: "a.pdf" },
      { type: "document", source: pdf },
      { type: "document", source: pdf, name: "b.pdf" },
      { type: "document", source: { text: "Words" }, name: "c.txt" },
      { type: "document", source: { text: "Words" } }
    )
    assert.deepStrictEqual(input(prompt), [
      {
        role: "user",
        content: [
          { type: "input_text", text: "a" },
          { type: "input_image", image_url: "https://x/a.png", detail: "auto" },
          { type: "input_image", image_url: `data:image/png;base64,${base64}`, detail: "auto" },
          { type: "input_file", file_url: "https://x/a.pdf" },
          { type: "input_file", filename: "document.pdf", file_data: `data:application/pdf;base64,${base64}` },
          { type: "input_file", filename: "b.pdf", file_data: `data:application/pdf;base64,${base64}` },
          { type: "input_text", text: "# c.txt\n\nWords" },
          { type: "input_text", text: "Words" }
        ]
      }
    ])
  })

  it("takes the results of tools", () => {
    const image: Prompt.ImagePart = { type: "image", source: { url: "https://x/a.png" } }
    assert.deepStrictEqual(
      input([
        {
          role: "tool",
          content: [
            Prompt.toolResult({ id: "1" }, "18 degrees"),
            Prompt.toolResult({ id: "2" }, "No such city", { isError: true }),
            Prompt.toolResult({ id: "3" }, [{ type: "text", text: "a" }]),
            Prompt.toolResult({ id: "4" }, [{ type: "text", text: "a" }, image])
          ]
        }
      ]),
      [
        { type: "function_call_output", call_id: "1", output: "18 degrees" },
        { type: "function_call_output", call_id: "2", output: "No such city" },
        { type: "function_call_output", call_id: "3", output: "a" },
        {
          type: "function_call_output",
          call_id: "4",
          output: [
            { type: "input_text", text: "a" },
            { type: "input_image", image_url: "https://x/a.png", detail: "auto" }
          ]
        }
      ]
    )
  })

  it("leaves out what came over another protocol", () => {
    const anthropic = { type: "provider", protocol: "anthropic-messages" } as const
    assert.deepStrictEqual(
      input([
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "hm", signature: "c2ln" },
            { ...anthropic, name: "server_tool_use", value: { type: "server_tool_use", id: "srvtoolu_1" } },
            { ...anthropic, name: "web_search_tool_result", value: { type: "web_search_tool_result" } },
            { ...anthropic, name: "compaction", value: { type: "compaction", id: "c", content: "Earlier" } },
            { type: "citation", value: { type: "page_location" }, protocol: "anthropic-messages" },
            { type: "text", text: "a" },
            { type: "citation", value: { type: "url_citation" } },
            { type: "text", text: "b" },
            { type: "provider", name: "refusal", value: " No." }
          ]
        }
      ]),
      [{ role: "assistant", content: "ab No." }]
    )
  })

  it("names the prompt where nothing of it can be sent", () => {
    const nothing = fault({ prompt: [{ role: "assistant", content: [{ type: "reasoning", text: "a" }] }] })
    assert.deepStrictEqual([nothing.field, /nothing/.test(nothing.description)], ["prompt", true])
    const big = { type: "tool-call", id: "1", name: "t", arguments: { big: 1n } } as const
    assert.match(fault({ prompt: [{ role: "assistant", content: [big] }] }).description, /position 0/)
  })
})

describe("A response over Responses, sent back", () => {
  /** What a stream of these events becomes in the next request, behind the question. */
  const back = (body: string, ...results: ReadonlyArray<Prompt.ToolResultPart>) => {
    const response = whole("responses", created + body + completed())
    const { input } = params({ prompt: Prompt.toolResults(Prompt.append(Prompt.text("?"), response), results) })
    return (input as ReadonlyArray<unknown>).slice(1)
  }

  it("is the items that it came as, in their order, with ids and encrypted content", () => {
    const body =
      reasoning(0, "One. ", "Two.") + done(1, search(1)) + message(2, "I ", "look.") + call(3, "weather", '{"x":1}')
    assert.deepStrictEqual(back(body, Prompt.toolResult({ id: "call_3" }, "Sunny")), [
      reasoningItem(0, "One. ", "Two."),
      search(1),
      { role: "assistant", content: "I look." },
      { type: "function_call", call_id: "call_3", name: "weather", arguments: '{"x":1}' },
      { type: "function_call_output", call_id: "call_3", output: "Sunny" }
    ])
  })

  it("has reasoning in plain words, and none of which only the id is known", () => {
    const plain = { id: "rs_0", type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "Hm" }] }
    const stored = { ...reasoningItem(1), encrypted_content: null }
    assert.deepStrictEqual(back(done(0, plain) + done(1, stored) + message(2, "a")), [
      plain,
      { role: "assistant", content: "a" }
    ])
  })

  it("tells its messages apart by their phase", () => {
    const body =
      done(0, textItem(0, "I look.", { phase: "commentary" })) +
      done(1, search(1)) +
      done(2, textItem(2, "It is so.", { phase: "final_answer" })) +
      annotation(2, { type: "url_citation" })
    assert.deepStrictEqual(back(body), [
      { role: "assistant", content: "I look.", phase: "commentary" },
      search(1),
      { role: "assistant", content: "It is so.", phase: "final_answer" }
    ])
  })

  it("has calls of custom tools and of the vendor's programs as they came, and their results alike", () => {
    const caller = { type: "program", caller_id: "call_p" }
    const custom = customItem(0, "sql", "SELECT 1")
    const program = callItem(1, "weather", "{}", { caller })
    const body = done(0, custom) + done(1, program) + call(2, "time")
    assert.deepStrictEqual(back(body, ...[0, 1, 2].map((n) => Prompt.toolResult({ id: `call_${n}` }, "ok"))), [
      custom,
      program,
      { type: "function_call", call_id: "call_2", name: "time", arguments: "{}" },
      { type: "custom_tool_call_output", call_id: "call_0", output: "ok" },
      { type: "function_call_output", call_id: "call_1", output: "ok", caller },
      { type: "function_call_output", call_id: "call_2", output: "ok" }
    ])
  })
})

describe("Strict mode", () => {
  const strict = (schema: Tool.JsonSchema) =>
    (params({ output: { schema } }).text?.format as { readonly strict?: unknown } | undefined)?.strict

  it("is for schemas that are closed all the way down", () => {
    const City = Schema.Struct({
      name: Schema.String,
      size: Schema.Literal("small", "large"),
      twin: Schema.NullOr(Schema.Struct({ name: Schema.String })),
      years: Schema.Array(Schema.Int)
    })
    const optional = Schema.Struct({ name: Schema.optional(Schema.String) })
    const inner = Schema.Struct({ any: Schema.Array(optional) })
    assert.isTrue(strict(Tool.make("t", { parameters: City }).parameters))
    for (const schema of [
      Tool.make("t", { parameters: optional }).parameters,
      Tool.make("t", { parameters: inner }).parameters,
      Tool.make("t", { parameters: Schema.Struct({ any: Schema.Unknown }) }).parameters,
      { type: "string" },
      { anyOf: [closed, closed] },
      { ...closed, properties: { a: { type: "object" } } },
      { ...closed, properties: { a: true } }
    ]) {
      assert.isFalse(strict(schema))
    }
  })
})

describe("Responses.open", () => {
  it("sends through the SDK, without its retries and its timeout", async () => {
    const calls: Array<ReadonlyArray<unknown>> = []
    const response = new Response()
    const create = (...args: ReadonlyArray<unknown>) => {
      calls.push(args)
      return { asResponse: () => Promise.resolve(response) }
    }
    // Only `responses.create` of the SDK is used.
    const sdk = { responses: { create } } as unknown as Responses.Sdk
    const { signal } = new AbortController()
    const sent = params({})
    assert.strictEqual(await Responses.protocol.open(sdk, sent, { signal, headers: { a: null } }), response)
    assert.deepStrictEqual(calls, [[sent, { signal, headers: { a: null }, maxRetries: 0, timeout: 2147483647 }]])
  })
})
