import { assert, describe, it } from "@effect/vitest"
import type * as Prompt from "../../src/model/Prompt.js"
import * as AnthropicMessages from "../../src/protocol/AnthropicMessages.js"
import * as ChatCompletions from "../../src/protocol/ChatCompletions.js"
import type * as Quirks from "../../src/protocol/Quirks.js"
import * as Responses from "../../src/protocol/Responses.js"
import { encoder, type Options, weather } from "../support/protocol/encode.js"

const chat = (quirks: Quirks.ChatCompletions) => encoder((request) => ChatCompletions.protocol.encode(request, quirks))
const messages = (quirks: Quirks.AnthropicMessages) =>
  encoder((request) => AnthropicMessages.protocol.encode(request, quirks))
const responses = (quirks: Quirks.Responses) => encoder((request) => Responses.protocol.encode(request, quirks))

describe("the quirks of a vendor of Chat Completions", () => {
  it("change nothing where there are none", () => {
    const options: Options = { maxOutputTokens: 5, user: "u", seed: 1, reasoning: { effort: "low" }, tools: [weather] }
    assert.deepStrictEqual(chat({}).params(options), encoder(ChatCompletions.protocol.encode).params(options))
  })

  describe("rename fields", () => {
    chat({ maxTokens: "max_tokens" }).adds([["maxOutputTokens", { maxOutputTokens: 5 }, { max_tokens: 5 }]])
    chat({ user: "user" }).adds([["user", { user: "u" }, { user: "u" }]])
    chat({ seed: "random_seed" }).adds([["seed", { seed: 7 }, { random_seed: 7 }]])

    it("and the word for a tool that must be called, and no other choice", () => {
      const choice = (toolChoice: Options["toolChoice"]) =>
        chat({ required: "any" }).params({ tools: [weather], toolChoice }).tool_choice as unknown
      assert.strictEqual(choice("required"), "any")
      assert.strictEqual(choice("none"), "none")
      assert.deepStrictEqual(choice({ tool: "weather" }), { type: "function", function: { name: "weather" } })
    })
  })

  it("turn developer messages into system messages", () => {
    const prompt: Prompt.Prompt = [
      { role: "developer", content: "Be brief" },
      { role: "user", content: "Hello" }
    ]
    const roles = (quirks: Quirks.ChatCompletions) =>
      chat(quirks)
        .params({ prompt, system: "s" })
        .messages.map(({ role }) => role)
    assert.deepStrictEqual(roles({ developer: "system" }), ["system", "system", "user"])
    assert.deepStrictEqual(roles({}), ["system", "developer", "user"])
  })

  it("leave out what asks for usage", () => {
    assert.notProperty(chat({ streamOptions: false }).params({}), "stream_options")
    assert.property(chat({}).params({}), "stream_options")
  })

  describe("refuse fields, by the library before the vendor does", () => {
    chat({ unsupported: ["seed", "toolChoice"] }).refuses([
      ["a seed", { seed: 1 }, "seed", /refused by this provider/],
      ["a tool choice", { tools: [weather], toolChoice: "auto" }, "toolChoice"]
    ])
  })

  describe("say how to think", () => {
    const effort = (effort: NonNullable<Options["reasoning"]>["effort"]): Options => ({ reasoning: { effort } })
    const budget = { reasoning: { budgetTokens: 2000 } }
    describe("with thinking.type", () => {
      const { adds, refuses } = chat({ reasoning: "thinking" })
      adds([
        ["on", effort("high"), { thinking: { type: "enabled" } }],
        ["off", effort("none"), { thinking: { type: "disabled" } }],
        ["nothing", { reasoning: {} }, {}]
      ])
      refuses([
        ["what would be lost", effort("low"), "reasoning.effort", /`high` or `none`/],
        ["a budget", budget, "reasoning.budgetTokens"]
      ])
    })
    describe("with an effort beside it", () => {
      const { adds, refuses } = chat({ reasoning: "thinking-effort" })
      adds([
        ["on", effort("max"), { thinking: { type: "enabled" }, reasoning_effort: "max" }],
        ["off", effort("none"), { thinking: { type: "disabled" } }]
      ])
      refuses([["a budget", budget, "reasoning.budgetTokens"]])
    })
    describe("with a flag and a budget", () => {
      const { adds, refuses } = chat({ reasoning: "enable_thinking" })
      adds([
        ["on", effort("high"), { enable_thinking: true }],
        ["off", effort("none"), { enable_thinking: false }],
        ["a budget", budget, { enable_thinking: true, thinking_budget: 2000 }]
      ])
      refuses([
        ["what would be lost", effort("medium"), "reasoning.effort"],
        ["a budget to think with, and not to think", { reasoning: { effort: "none", budgetTokens: 2000 } }, "reasoning"]
      ])
    })
    describe("with an object", () => {
      const { adds, refuses } = chat({ reasoning: "reasoning" })
      adds([
        ["effort", effort("low"), { reasoning: { effort: "low" } }],
        ["a budget", budget, { reasoning: { max_tokens: 2000 } }]
      ])
      refuses([
        ["both, of which the vendor takes one", { reasoning: { effort: "low", budgetTokens: 2000 } }, "reasoning"]
      ])
    })
    describe("to the model's own template", () => {
      chat({ reasoning: "chat_template_kwargs" }).adds([
        ["off", effort("none"), { chat_template_kwargs: { enable_thinking: false } }]
      ])
    })
    describe("and never for a summary", () => {
      chat({ reasoning: "thinking" }).refuses([["one", { reasoning: { summary: "auto" } }, "reasoning.summary"]])
    })
  })

  describe("take back what a model thought", () => {
    const call = { type: "tool-call" as const, id: "c", name: "weather", arguments: {} }
    const thought = { type: "reasoning" as const, text: "Hm." }
    const said = { type: "text" as const, text: "Sunny" }
    const sent = (quirks: Quirks.ChatCompletions, ...content: ReadonlyArray<Prompt.AssistantPart>) => {
      const prompt: Prompt.Prompt = [
        { role: "user", content: "Hello" },
        { role: "assistant", content },
        ...(content.includes(call)
          ? [{ role: "tool" as const, content: [{ type: "tool-result" as const, id: "c", content: "18" }] }]
          : [{ role: "user" as const, content: "And?" }])
      ]
      const message = chat(quirks).params({ prompt, tools: [weather] }).messages[1] as object
      return "reasoning_content" in message ? message.reasoning_content : undefined
    }

    it("as reasoning_content, if asked for", () => {
      assert.strictEqual(sent({}, thought, said), undefined)
      assert.strictEqual(sent({ replay: "reasoning_content" }, thought, said), "Hm.")
      assert.strictEqual(sent({ replay: "reasoning_content" }, said), undefined)
      assert.strictEqual(sent({ replay: "reasoning_content" }, call), undefined)
    })

    it("unless it was thought over another protocol", () => {
      const foreign = { ...thought, protocol: "anthropic-messages" }
      assert.strictEqual(sent({ replay: "reasoning_content" }, foreign, thought, said), "Hm.")
      assert.strictEqual(sent({ replay: "tool-calls" }, foreign, call), "")
    })

    it("as its vendor wrote it: details of reasoning, and what stands beside the message and its calls", () => {
      const part = (name: string, value: unknown) => ({
        type: "provider" as const,
        name,
        value,
        protocol: "chat-completions"
      })
      const details = [{ type: "reasoning.text", text: "Hm.", signature: "c2ln" }]
      const signed = { google: { thought_signature: "c2ln" } }
      const content = [
        thought,
        call,
        part("reasoning_details", details),
        part("extra_content", { call: "c", value: signed }),
        part("extra_content", { value: { google: { thought: true } } })
      ]
      const message = (replay: Quirks.ChatCompletions["replay"]) =>
        chat({ replay }).params({
          prompt: [
            { role: "assistant", content },
            { role: "tool", content: [{ type: "tool-result", id: "c", content: "18" }] }
          ],
          tools: [weather]
        }).messages[0]
      const plain = { id: "c", type: "function", function: { name: "weather", arguments: "{}" } }
      const base = { role: "assistant", content: null, tool_calls: [plain] }
      assert.deepStrictEqual<unknown>(message(undefined), base)
      assert.deepStrictEqual<unknown>(message("reasoning_details"), { ...base, reasoning_details: details })
      assert.deepStrictEqual<unknown>(message("extra_content"), {
        ...base,
        tool_calls: [{ ...plain, extra_content: signed }],
        extra_content: { google: { thought: true } }
      })
    })

    it("in each message that calls tools, also where there is nothing to take back", () => {
      assert.strictEqual(sent({ replay: "tool-calls" }, thought, call), "Hm.")
      assert.strictEqual(sent({ replay: "tool-calls" }, call), "")
      assert.strictEqual(sent({ replay: "tool-calls" }, said), undefined)
    })
  })
})

describe("the quirks of a vendor of Anthropic Messages", () => {
  messages({ thinking: "enabled" }).adds([
    [
      "switch thinking on by another word",
      { reasoning: { effort: "high" } },
      { thinking: { type: "enabled" }, output_config: { effort: "high" } }
    ],
    ["and off by the same", { reasoning: { effort: "none" } }, { thinking: { type: "disabled" } }]
  ])
  messages({ unsupported: ["user"] }).refuses([["a user", { user: "u" }, "user"]])
  const before: Prompt.Prompt = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "a" }
  ]
  const between: Options = { prompt: [...before, { role: "system", content: "Be kind." }] }
  messages({ systemMessages: false }).refuses([
    [
      "a system message between others",
      between,
      "prompt",
      /position 2, which is not supported by this provider: put it into/
    ]
  ])
  messages({ systemMessages: false }).adds([
    [
      "keep a system message before all others",
      { prompt: before },
      { system: [{ type: "text", text: "Be brief." }], messages: [{ role: "user", content: "a" }] }
    ]
  ])
})

describe("the quirks of a vendor of Responses", () => {
  responses({ user: "user" }).adds([["rename the user", { user: "u" }, { user: "u" }]])
  responses({ unsupported: ["serviceTier"] }).refuses([["a tier", { serviceTier: "flex" }, "serviceTier"]])
})
