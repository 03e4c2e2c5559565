import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { byWord } from "../../src/protocol/internal/errorWords.js"
import { failureWords, finishReason, finishWord, interruption } from "../../src/protocol/internal/finishWords.js"
import type { ProtocolId } from "../../src/protocol/Protocol.js"
import { run } from "../support/protocol/decode.js"
import {
  blockDelta,
  blockStart,
  blockStop,
  chunk,
  finish,
  messageDelta,
  messageStart,
  messageStop,
  named
} from "../support/protocol/samples.js"

const protocols: ReadonlyArray<ProtocolId> = ["anthropic-messages", "chat-completions", "responses"]

const item = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  status: "incomplete",
  content: [{ type: "output_text", text: "a", annotations: [] }]
}

/** An answer that ends for a reason, as each protocol writes it. */
const ending: Readonly<Record<ProtocolId, (word: string) => string>> = {
  "anthropic-messages": (word) =>
    messageStart() +
    blockStart(0, { type: "text", text: "" }) +
    blockDelta(0, { type: "text_delta", text: "a" }) +
    blockStop(0) +
    messageDelta(word) +
    messageStop,
  "chat-completions": (word) => chunk({ content: "a" }) + finish(word),
  responses: (reason) =>
    named({
      type: "response.incomplete",
      response: { id: "resp_1", status: "incomplete", incomplete_details: { reason }, output: [item] }
    } as { type: string })
}

const spellings = (word: string): ReadonlyArray<string> => [word, word.toUpperCase(), `content_filter: ${word}`]

describe("finish words", () => {
  it("a word that some vendor documents as a failure is never `other`, over any protocol", () => {
    assert.isAbove(failureWords.length, 100)
    for (const protocol of protocols) {
      for (const word of failureWords.flatMap(spellings)) {
        const { fault, response } = run(protocol, ending[protocol](word))
        assert.isUndefined(response, `${protocol}: ${word}`)
        assert.strictEqual(
          fault?.code?.includes(word) || fault?._tag === "InvalidRequest",
          true,
          `${protocol}: ${word}`
        )
        assert.include(fault?.description, word)
      }
    }
  })

  it("what a vendor cut for a while can be tried again", () => {
    const tags = {
      insufficient_system_resource: "Overloaded",
      abort: "ServerError",
      cancelled: "ServerError",
      network_error: "ServerError",
      error: "ServerError",
      "function_call_filter: MALFORMED_FUNCTION_CALL": "ServerError",
      "function_call_filter: SOMETHING_NEW": "ServerError",
      MALFORMED_FUNCTION_CALL: "ServerError",
      rate_limit_exceeded: "RateLimited"
    }
    for (const protocol of protocols) {
      for (const [word, tag] of Object.entries(tags)) {
        assert.strictEqual(run(protocol, ending[protocol](word)).fault?._tag, tag, `${protocol}: ${word}`)
      }
    }
  })

  it("what a filter or a limit cut is said in our words", () => {
    const reasons = {
      sensitive: "content-filter",
      SAFETY: "content-filter",
      "content_filter: RECITATION": "content-filter",
      "content_filter: SOMETHING_NEW": "content-filter",
      guardrail_intervened: "content-filter",
      model_context_window_exceeded: "length",
      max_output_tokens: "length",
      refusal: "refusal"
    }
    for (const protocol of protocols) {
      for (const [word, reason] of Object.entries(reasons)) {
        const { response } = run(protocol, ending[protocol](word))
        assert.strictEqual(response?.finishReason.reason, reason, `${protocol}: ${word}`)
        assert.include(response?.finishReason.raw, word)
      }
    }
  })

  it("a word that nobody knows is `other`, with itself as raw", () => {
    const unknown = FastCheck.string({ minLength: 1, maxLength: 30 }).filter(
      (word) => interruption(word) === undefined && finishReason(word).reason === "other" && finishWord(word) === word
    )
    FastCheck.assert(
      FastCheck.property(unknown, (word) => {
        assert.deepStrictEqual(run("chat-completions", ending["chat-completions"](word)).response?.finishReason, {
          reason: "other",
          raw: word
        })
      })
    )
    for (const word of ["brand_new", "constructor", "__proto__", "x".repeat(1000), ":", "a:b:c"]) {
      assert.strictEqual(finishReason(word).reason, "other")
    }
  })

  it("of a word with a message after it, the word counts, and the message is cut", () => {
    const { fault } = run("chat-completions", ending["chat-completions"](`error: ${"x".repeat(10_000)}`))
    assert.strictEqual(fault?._tag, "ServerError")
    assert.isBelow(fault?.description.length ?? 0, 200)
  })

  it("over Anthropic Messages it counts as soon as it is said, and where the message starts with it", () => {
    const start = (stop_reason: string) =>
      named({ type: "message_start", message: { id: "msg_1", content: [], stop_reason } } as { type: string })
    assert.strictEqual(
      run("anthropic-messages", messageStart() + messageDelta("insufficient_system_resource")).fault?._tag,
      "Overloaded"
    )
    assert.strictEqual(run("anthropic-messages", start("abort") + messageStop).fault?._tag, "ServerError")
    assert.strictEqual(run("anthropic-messages", start("end_turn") + messageStop).response?.finishReason.reason, "stop")
  })

  it("the string null is no finish reason", () => {
    for (const none of ["null", "", null, undefined, 7, {}]) assert.isUndefined(finishWord(none))
    assert.strictEqual(run("chat-completions", ending["chat-completions"]("null")).fault?._tag, "StreamTruncated")
    assert.strictEqual(run("anthropic-messages", ending["anthropic-messages"]("null")).fault?._tag, "StreamTruncated")
  })

  it("each word has one meaning", () => {
    for (const word of failureWords) assert.strictEqual(finishReason(word).reason, "other", word)
    for (const word of ["stop", "length", "tool_calls", "content_filter", "context_length_exceeded"]) {
      assert.isUndefined(interruption(word))
    }
    assert.isTrue(byWord.has("context_length_exceeded"))
  })
})
