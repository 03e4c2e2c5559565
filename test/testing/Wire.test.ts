import Anthropic from "@anthropic-ai/sdk"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import OpenAI from "openai"

const spoken: Wire.Answer = {
  reasoning: "They want the weather.",
  text: "I will look it up 🌦️ for you.",
  toolCalls: [
    { id: "call_1", name: "weather", arguments: { city: "Florence" } },
    { id: "call_2", name: "now" }
  ],
  usage: { inputTokens: 100, outputTokens: 50, cacheReadTokens: 30, cacheWriteTokens: 20, reasoningTokens: 7 },
  id: "id_1",
  model: "some-model"
}

const anthropic = (reply: Reply.Reply) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([reply])
    const sdk = new Anthropic({ apiKey: "k", baseURL: server.url, maxRetries: 0 })
    const stream = sdk.messages.stream({ model: "m", max_tokens: 9, messages: [{ role: "user", content: "?" }] })
    return yield* Effect.tryPromise({ try: () => stream.finalMessage(), catch: (error) => error })
  })

const openai = (reply: Reply.Reply) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([reply])
    const sdk = new OpenAI({ apiKey: "k", baseURL: `${server.url}/v1`, maxRetries: 0 })
    const stream = sdk.chat.completions.stream({ model: "m", messages: [{ role: "user", content: "?" }] })
    return yield* Effect.tryPromise({ try: () => stream.finalChatCompletion(), catch: (error) => error })
  })

const responses = (reply: Reply.Reply) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([reply])
    const sdk = new OpenAI({ apiKey: "k", baseURL: `${server.url}/v1`, maxRetries: 0 })
    const stream = sdk.responses.stream({ model: "m", input: "?" })
    return yield* Effect.tryPromise({ try: () => stream.finalResponse(), catch: (error) => error })
  })

describe("Wire", () => {
  it.scopedLive("an Anthropic answer, as the official SDK reads it", () =>
    Effect.gen(function* () {
      const message = yield* anthropic(Reply.stream(Wire.answer("anthropic-messages", spoken)))
      expect(message).toMatchObject({
        id: "id_1",
        model: "some-model",
        stop_reason: "tool_use",
        content: [
          { type: "thinking", thinking: "They want the weather.", signature: expect.stringMatching(/.+/) },
          { type: "text", text: "I will look it up 🌦️ for you." },
          { type: "tool_use", id: "call_1", name: "weather", input: { city: "Florence" } },
          { type: "tool_use", id: "call_2", name: "now", input: {} }
        ],
        usage: {
          input_tokens: 50,
          cache_read_input_tokens: 30,
          cache_creation_input_tokens: 20,
          output_tokens: 50
        }
      })
    })
  )

  it.scopedLive("a Chat Completions answer, as the official SDK reads it", () =>
    Effect.gen(function* () {
      const completion = yield* openai(Reply.stream(Wire.answer("chat-completions", spoken)))
      expect(completion).toMatchObject({
        id: "id_1",
        model: "some-model",
        choices: [
          {
            finish_reason: "tool_calls",
            message: {
              content: "I will look it up 🌦️ for you.",
              tool_calls: [
                { id: "call_1", function: { name: "weather", arguments: '{"city":"Florence"}' } },
                { id: "call_2", function: { name: "now", arguments: "{}" } }
              ]
            }
          }
        ],
        usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 }
      })
    })
  )

  it.scopedLive("a Responses answer, as the official SDK reads it", () =>
    Effect.gen(function* () {
      const response = yield* responses(Reply.stream(Wire.answer("responses", spoken)))
      expect(response).toMatchObject({
        id: "id_1",
        model: "some-model",
        status: "completed",
        output_text: "I will look it up 🌦️ for you.",
        output: [
          {
            type: "reasoning",
            summary: [{ type: "summary_text", text: "They want the weather." }],
            encrypted_content: expect.stringMatching(/.+/)
          },
          { type: "message", role: "assistant", content: [{ type: "output_text" }] },
          { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Florence"}' },
          { type: "function_call", call_id: "call_2", name: "now", arguments: "{}" }
        ],
        usage: {
          input_tokens: 100,
          input_tokens_details: { cached_tokens: 30, cache_write_tokens: 20 },
          output_tokens: 50,
          output_tokens_details: { reasoning_tokens: 7 }
        }
      })
    })
  )

  it.scopedLive("a Responses answer that was cut, as the official SDK reads it", () =>
    Effect.gen(function* () {
      const cut = Wire.answer("responses", { text: "I will", finish: "length" })
      expect(yield* responses(Reply.stream(cut))).toMatchObject({
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" }
      })
    })
  )

  it.scopedLive("an error in the stream, as the official SDKs read it", () =>
    Effect.gen(function* () {
      const parts = Wire.answer("anthropic-messages", { text: "Hello" })
      const overloaded = Reply.stream([...parts.slice(0, 4), Wire.error("anthropic-messages")])
      expect(String(yield* Effect.flip(anthropic(overloaded)))).toContain("overloaded_error")
      const failed = Reply.stream([Wire.error("chat-completions", { message: "too bad", code: "c" })])
      expect(yield* Effect.flip(openai(failed))).toMatchObject({ message: "too bad", code: "c", type: "server_error" })
      const begun = Wire.answer("responses", { text: "Hello" }).slice(0, 4)
      const broken = Reply.stream([...begun, Wire.error("responses", { message: "too bad", code: "c" })])
      expect(yield* Effect.flip(responses(broken))).toMatchObject({ message: "too bad", code: "c" })
    })
  )

  it.scopedLive("an error with a status, as the official SDKs read it", () =>
    Effect.gen(function* () {
      const busy = Reply.status(529, { body: Wire.errorBody("anthropic-messages") })
      expect(yield* Effect.flip(anthropic(busy))).toMatchObject({ status: 529, type: "overloaded_error" })
      const failed = Reply.status(500, { body: Wire.errorBody("responses", { message: "too bad" }) })
      expect(yield* Effect.flip(responses(failed))).toMatchObject({ status: 500, type: "server_error" })
    })
  )

  it("the last three events are the finish and the terminal marker", () => {
    const names = Wire.answer("anthropic-messages", { text: "Hi" }).map((event) => event.split("\n", 1)[0])
    expect(names).toEqual([
      "event: message_start",
      "event: content_block_start",
      "event: ping",
      "event: content_block_delta",
      "event: content_block_stop",
      "event: message_delta",
      "event: message_stop"
    ])
    const chat = Wire.answer("chat-completions", { text: "Hi" })
    expect(chat).toHaveLength(5)
    expect(chat.at(-3)).toContain('"finish_reason":"stop"')
    expect(chat.at(-2)).toContain('"choices":[]')
    expect(chat.at(-1)).toBe("data: [DONE]\n\n")
    const parts = Wire.answer("responses", { text: "Hi" }).map((event) => event.split("\n", 1)[0])
    expect(parts).toEqual([
      "event: response.created",
      "event: response.in_progress",
      "event: response.output_item.added",
      "event: response.content_part.added",
      "event: response.output_text.delta",
      "event: response.output_text.done",
      "event: response.content_part.done",
      "event: response.output_item.done",
      "event: response.completed"
    ])
  })

  it("text comes in pieces of 8 characters, or in those given", () => {
    const texts = (text: string | ReadonlyArray<string>) =>
      Wire.answer("chat-completions", { text }).flatMap((event) => {
        const content = /"content":"([^"]+)"/.exec(event)?.[1]
        return content === undefined ? [] : [content]
      })
    expect(texts("0123456789")).toEqual(["01234567", "89"])
    expect(texts("🌦🌦🌦🌦🌦🌦🌦🌦🌦")).toEqual(["🌦🌦🌦🌦🌦🌦🌦🌦", "🌦"])
    expect(texts(["a", "bc"])).toEqual(["a", "bc"])
  })

  it("blocks keep their order, and raw pieces and words are sent as they are", () => {
    const text = Wire.answer("anthropic-messages", {
      blocks: [
        { type: "tool-call", id: "t", name: "n", pieces: ['{"a', "broken"] },
        { type: "reasoning", text: "r", signature: "s" }
      ],
      finish: "pause_turn"
    }).join("")
    expect(text).toMatch(/tool_use.*\{\\"a.*broken.*"index":1,"content_block":\{"type":"thinking".*"signature":"s"/s)
    expect(text).toContain('"stop_reason":"pause_turn"')
    expect(Wire.answer("chat-completions", { text: "x", finish: "length" }).at(-3)).toContain('"length"')
  })

  it("the same description always gives the same bytes", () => {
    expect(Wire.answer("anthropic-messages", spoken)).toEqual(Wire.answer("anthropic-messages", spoken))
  })
})
