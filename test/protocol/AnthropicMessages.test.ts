import { assert, describe, it } from "@effect/vitest"
import { run as runAny, stamp, whole as wholeAny } from "../support/protocol/decode.js"
import {
  answer,
  blockDelta,
  blockStart,
  blockStop,
  messageDelta,
  messageStart,
  messageStop,
  named,
  textBlock,
  toolBlock
} from "../support/protocol/samples.js"

const run = (body: string) => runAny("anthropic-messages", body)
const whole = (body: string) => wholeAny("anthropic-messages", body)

describe("AnthropicMessages.step", () => {
  it("says who answers", () => {
    assert.deepStrictEqual(run(messageStart({})).events, [
      { _tag: "ResponseStart", ...stamp, id: "msg_1", model: "claude-test" }
    ])
  })

  it("counts tokens: cached ones are read too, and later numbers replace earlier ones", () => {
    const start = messageStart({
      input_tokens: 3,
      cache_read_input_tokens: 10,
      cache_creation_input_tokens: 5,
      output_tokens: 1
    })
    const usage = { output_tokens: 40, input_tokens: null, output_tokens_details: { thinking_tokens: 30 } }
    assert.deepStrictEqual(whole(start + textBlock(0, "a") + messageDelta("end_turn", usage) + messageStop).usage, {
      inputTokens: 18,
      outputTokens: 40,
      cacheReadTokens: 10,
      cacheWriteTokens: 5,
      reasoningTokens: 30
    })
  })

  it("maps stop reasons and keeps the vendor's word", () => {
    const table = {
      end_turn: "stop",
      stop_sequence: "stop",
      max_tokens: "length",
      model_context_window_exceeded: "length",
      tool_use: "tool-calls",
      pause_turn: "pause",
      refusal: "refusal",
      brand_new: "other"
    }
    for (const [raw, reason] of Object.entries(table)) {
      assert.deepStrictEqual(whole(answer(textBlock(0, "a"), raw)).finishReason as unknown, { reason, raw })
    }
  })

  it("takes no message that ends without a stop reason, and none that never began", () => {
    assert.strictEqual(run(messageStart() + textBlock(0, "a") + messageStop).fault?._tag, "StreamTruncated")
    assert.strictEqual(run(messageStop).fault?._tag, "MalformedStream")
    assert.strictEqual(run(messageStart() + messageStop).fault?._tag, "MalformedStream")
  })

  it("keeps the signature of reasoning", () => {
    const body = answer(
      blockStart(0, { type: "thinking", thinking: "" }) +
        blockDelta(0, { type: "thinking_delta", thinking: "hm" }) +
        blockDelta(0, { type: "signature_delta", signature: "sig" }) +
        blockStop(0)
    )
    assert.deepStrictEqual(whole(body).content, [
      { type: "reasoning", text: "hm", signature: "sig", protocol: "anthropic-messages" }
    ])
  })

  it("counts blocks itself, whatever the wire's index says", () => {
    const { content, text } = whole(answer(textBlock(5, "a") + textBlock(5, "b") + textBlock(2, "c")))
    assert.strictEqual(text, "abc")
    assert.strictEqual(content.length, 3)
  })

  it("reads blocks that name no index", () => {
    const body = answer(textBlock(0, "a") + toolBlock(1, "t", "weather", '{"city":', '"x"}'), "tool_use")
    const { text, toolCalls } = whole(body.replaceAll(/"index":\d,/g, ""))
    assert.strictEqual(text, "a")
    assert.deepStrictEqual(toolCalls[0]?.arguments, { city: "x" })
  })

  it("takes the arguments of a tool whole, in pieces, or not at all", () => {
    const whole1 = blockStart(0, { type: "tool_use", id: "a", name: "one", input: { x: 1 } }) + blockStop(0)
    const body = answer(whole1 + toolBlock(1, "b", "two", '{"x":', "2}") + toolBlock(2, "c", "three", ""), "tool_use")
    assert.deepStrictEqual(
      whole(body).toolCalls.map((call) => call.arguments),
      [{ x: 1 }, { x: 2 }, {}]
    )
  })

  it("takes the pieces where a tool has both pieces and whole arguments", () => {
    const tool = blockStart(0, { type: "tool_use", id: "a", name: "one", input: { x: 1 } })
    const pieces = blockDelta(0, { type: "input_json_delta", partial_json: '{"x":2}' })
    assert.deepStrictEqual(whole(answer(tool + pieces + blockStop(0), "tool_use")).toolCalls[0]?.arguments, { x: 2 })
  })

  it("never takes a cut tool call for a whole one", () => {
    const unclosed = blockStart(0, { type: "tool_use", id: "a", name: "one", input: {} })
    const cuts = [
      answer(unclosed + blockDelta(0, { type: "input_json_delta", partial_json: "{}" }), "max_tokens"),
      answer(toolBlock(0, "a", "one", '{"x":'), "max_tokens"),
      answer(toolBlock(0, "a", "one", '{"x":'), "tool_use"),
      answer(toolBlock(0, "a", "one"), "max_tokens")
    ]
    for (const body of cuts) {
      const { incompleteToolCalls, toolCalls } = whole(body)
      assert.deepStrictEqual(toolCalls, [])
      assert.strictEqual(incompleteToolCalls[0]?.name, "one")
    }
  })

  it("closes text that the wire left open", () => {
    const open = blockStart(0, { type: "text", text: "a" }) + blockStart(0, { type: "text", text: "b" })
    const { events } = run(answer(open))
    assert.strictEqual(events.filter((event) => event._tag === "TextEnd").length, 2)
  })

  it("gives blocks that it does not model whole, at their end", () => {
    const body = answer(
      blockStart(0, { type: "server_tool_use", id: "s", name: "search", input: {} }) +
        blockDelta(0, { type: "input_json_delta", partial_json: '{"q":' }) +
        blockDelta(0, { type: "input_json_delta", partial_json: "1}" }) +
        blockStop(0) +
        blockStart(1, { type: "redacted_thinking", data: "xyz" }) +
        blockStop(1) +
        blockStart(2, { type: "compaction", content: null }) +
        blockDelta(2, { type: "compaction_delta", content: "so far" }) +
        blockDelta(2, { type: "compaction_delta", content: "so far, so good" }) +
        blockStop(2) +
        blockStart(3, { type: "brand_new", notes: "a" }) +
        blockDelta(3, { type: "notes_delta", notes: "b" }) +
        blockStop(3)
    )
    assert.deepStrictEqual(
      whole(body).content.map((part) => (part.type === "provider" ? [part.name, part.value] : part)),
      [
        ["server_tool_use", { type: "server_tool_use", id: "s", name: "search", input: { q: 1 } }],
        ["redacted_thinking", { type: "redacted_thinking", data: "xyz" }],
        ["compaction", { type: "compaction", content: "so far, so good" }],
        ["brand_new", { type: "brand_new", notes: "ab" }]
      ]
    )
  })

  it("gives citations after their text", () => {
    const place = { type: "char_location", cited_text: "x", document_title: "D", document_index: 0 }
    const result = {
      type: "web_search_result_location",
      cited_text: "y",
      title: "A",
      url: "https://a/",
      encrypted_index: "e"
    }
    const found = {
      type: "search_result_location",
      cited_text: "z",
      title: "B",
      source: "https://b/",
      search_result_index: 0
    }
    const own = {
      type: "search_result_location",
      cited_text: "z",
      title: null,
      source: "my notes",
      search_result_index: 1
    }
    const cited = [place, result, found, own].map((citation) => blockDelta(0, { type: "citations_delta", citation }))
    const body = blockStart(0, { type: "text", text: "a" }) + cited.join("") + blockStop(0) + textBlock(1, "b")
    const part = (value: object, url: string | undefined, title: string | undefined, quote: string) => ({
      type: "citation",
      url,
      title,
      quote,
      value,
      protocol: "anthropic-messages"
    })
    assert.deepStrictEqual<unknown>(whole(answer(body)).content, [
      { type: "text", text: "a" },
      part(place, undefined, "D", "x"),
      part(result, "https://a/", "A", "y"),
      part(found, "https://b/", "B", "z"),
      part(own, undefined, undefined, "z"),
      { type: "text", text: "b" }
    ])
  })

  it("tells the first usage at the start, and how the cache was written", () => {
    const cache_creation = { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 3 }
    const told = { input_tokens: 3, cache_creation_input_tokens: 5, cache_creation, output_tokens: 1 }
    const { events } = run(messageStart(told))
    const [start] = events
    assert(start?._tag === "ResponseStart")
    assert.deepInclude(start.usage, {
      inputTokens: 8,
      outputTokens: 1,
      cacheWriteTokens: 5,
      cacheWrite5mTokens: 2,
      cacheWrite1hTokens: 3
    })
    const [silent] = run(messageStart({})).events
    assert(silent?._tag === "ResponseStart" && silent.usage === undefined)
  })

  it("keeps what stands beside the stop reason and the usage", () => {
    const stop_details = { type: "refusal", category: "bio", explanation: "no" }
    const context_management = { applied_edits: [{ type: "clear_tool_uses_20250919", cleared_tool_uses: 2 }] }
    const container = { id: "container_1", expires_at: "2026-11-27T12:00:00Z", skills: null }
    const usage = { output_tokens: 9, server_tool_use: { web_search_requests: 1 } }
    const told = { input_tokens: 12, output_tokens: 1, service_tier: "priority", inference_geo: null }
    const delta = { stop_reason: "stop_sequence", stop_sequence: "END", stop_details, container }
    const { contextManagement, rawUsage, serviceTier, stopDetails, stopSequence, ...response } = whole(
      messageStart(told) +
        textBlock(0, "a") +
        named({ type: "message_delta", delta, usage, context_management } as { type: string }) +
        messageStop
    )
    assert.deepStrictEqual(response.container, { id: "container_1", expiresAt: "2026-11-27T12:00:00Z" })
    assert.deepStrictEqual([stopSequence, serviceTier], ["END", "priority"])
    assert.deepStrictEqual([stopDetails, contextManagement], [stop_details, context_management])
    assert.deepStrictEqual(rawUsage, { input_tokens: 12, service_tier: "priority", ...usage })
  })

  it("keeps all of a call whose block says more than a name and arguments", () => {
    const caller = { type: "code_execution_20250825", tool_id: "srvtoolu_1" }
    const block = (more: object) => ({ type: "tool_use", id: "t", name: "roll", input: {}, ...more })
    const kept = (more: object) => whole(answer(blockStart(0, block(more)) + blockStop(0), "tool_use")).content.slice(1)
    for (const more of [{ caller }, { toolset_name: "browser" }]) {
      const part = { type: "provider", name: "tool_use", value: block(more), protocol: "anthropic-messages" }
      assert.deepStrictEqual<unknown>(kept(more), [part])
    }
    assert.deepStrictEqual(kept({ caller: { type: "direct" }, toolset_name: null }), [])
  })

  it("reads a message that comes whole in its start", () => {
    const content = [{ type: "tool_use", id: "t", name: "roll", input: { dice: 2 } }]
    const message = { id: "msg_2", model: "m", content, stop_reason: "tool_use", usage: {} }
    const { finishReason, toolCalls } = whole(
      named({ type: "message_start", message } as { type: string }) + messageStop
    )
    assert.deepStrictEqual(toolCalls[0]?.arguments, { dice: 2 })
    assert.strictEqual(finishReason.reason, "tool-calls")
  })

  it("ignores what it does not know", () => {
    const extra = `${named({ type: "brand_new" })}${named({ type: "ping" })}event: ping\ndata:\n\ndata: null\n\ndata: [DONE]\n\n`
    const unknown = blockStart(0, { type: "text", text: "a" }) + blockDelta(0, { type: "sparkle_delta" }) + blockStop(0)
    assert.strictEqual(
      whole(extra + messageStart() + extra + unknown + messageDelta("end_turn") + messageStop).text,
      "a"
    )
  })

  it("refuses what is out of order", () => {
    const bad = {
      "a block before the message": textBlock(0, "a"),
      "a delta without its block": messageStart() + blockDelta(0, { type: "text_delta", text: "a" }),
      "a delta after its block": messageStart() + textBlock(0, "a") + blockDelta(0, { type: "text_delta", text: "b" }),
      "a delta of another kind":
        messageStart() + blockStart(0, { type: "text" }) + blockDelta(0, { type: "thinking_delta" }),
      "a second answer": messageStart() + textBlock(0, "a") + messageStart(),
      "a tool without a name": messageStart() + blockStart(0, { type: "tool_use", id: "a" }),
      "no JSON": `${messageStart()}data: {"type":\n\n`
    }
    for (const [name, body] of Object.entries(bad)) assert.strictEqual(run(body).fault?._tag, "MalformedStream", name)
    assert.strictEqual(whole(messageStart() + answer(textBlock(0, "a"))).text, "a")
  })

  it("turns an error inside the stream into its fault", () => {
    const error = (body: object) => run(messageStart() + named({ type: "error", ...body })).fault
    assert.strictEqual(error({ error: { type: "overloaded_error", message: "Overloaded" } })?._tag, "Overloaded")
    assert.strictEqual(error({ error: { type: "rate_limit_error", message: "slow" } })?._tag, "RateLimited")
    assert.strictEqual(error({ error: { type: "api_error", message: "x" } })?.code, "api_error")
    assert.strictEqual(run('data: {"error":{"type":"billing_error"}}\n\n').fault?._tag, "QuotaExhausted")
    assert.strictEqual(run("event: error\ndata: upstream broke\n\n").fault?._tag, "ServerError")
  })
})
