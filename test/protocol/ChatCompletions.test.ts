import { assert, describe, it } from "@effect/vitest"
import * as ChatCompletions from "../../src/protocol/ChatCompletions.js"
import * as Decoder from "../../src/protocol/internal/decoder.js"
import { bytes, decoderOf, run as runAny, stamp, whole as wholeAny } from "../support/protocol/decode.js"
import { chunk, done, finish, tool, unnamed, usage } from "../support/protocol/samples.js"

const run = (body: string) => runAny("chat-completions", body)
const whole = (body: string) => wholeAny("chat-completions", body)

/** A vendor that never says why it ended. */
const runWithout = (body: string) => {
  const decoder = Decoder.make(ChatCompletions.protocol, stamp, { quirks: { finishReason: false } })
  const events = [...decoder.push(bytes(body)), ...decoder.end()]
  return { last: events.at(-1), fault: decoder.fault }
}

const wholeWithout = (body: string) => {
  const { fault, last } = runWithout(body)
  if (last?._tag !== "Finish") throw new Error(`not finished: ${fault?.description}`)
  return last.response
}

const verdict = (body: string) => {
  const decoder = decoderOf("chat-completions")
  decoder.push(bytes(body))
  return decoder.verdict
}

describe("ChatCompletions.step", () => {
  it("says who answers once, with the first id and model that are not empty", () => {
    const azure = unnamed({ id: "", model: "", choices: [], prompt_filter_results: [{}] })
    const rotating = unnamed({ id: "other", model: "n", choices: [{ index: 0, delta: { content: "a" } }] })
    const { events, response } = run(azure + chunk({ role: "assistant" }) + rotating + finish("stop"))
    assert.deepStrictEqual(events[0], { _tag: "ResponseStart", ...stamp, id: undefined, model: undefined })
    assert.strictEqual(events.filter((event) => event._tag === "ResponseStart").length, 1)
    assert.deepStrictEqual([response?.id, response?.model], ["chatcmpl-1", "gpt-test"])
  })

  it("is proven by a finish reason, and complete at the [DONE] after it", () => {
    const text = chunk({ content: "a" })
    assert.strictEqual(verdict(text), "Open")
    assert.strictEqual(verdict(text + finish("stop")), "Proven")
    assert.strictEqual(verdict(text + finish("stop", {}, { usage })), "Proven")
    assert.strictEqual(verdict(text + finish("stop") + chunk(undefined, { usage })), "Proven")
    assert.strictEqual(verdict(text + finish("stop") + done), "Finished")
    assert.strictEqual(verdict(text + finish("")), "Open")
    assert.strictEqual(verdict(text + finish("null")), "Open")
    const another = chunk({}, {}, { index: 1, finish_reason: "stop" })
    assert.strictEqual(verdict(text + another), "Open")
    assert.strictEqual(verdict(text + another + finish("stop")), "Proven")
  })

  it("[DONE] proves nothing without a finish reason, unless the vendor never gives one", () => {
    const text = chunk({ content: "a" })
    for (const before of [text, text + chunk(undefined, { usage }), text + finish("null")]) {
      const { fault } = run(before + done)
      assert.strictEqual(fault?._tag, "StreamTruncated")
      assert.include(fault?.description, "finish reason")
      assert.strictEqual(wholeWithout(before + done).text, "a")
    }
    assert.deepStrictEqual(wholeWithout(text + done).finishReason, { reason: "stop", raw: undefined })
    assert.strictEqual(runWithout(done).fault?._tag, "StreamTruncated")
    assert.strictEqual(runWithout(text).fault?._tag, "StreamTruncated")
  })

  it("[DONE] alone is no answer", () => {
    assert.strictEqual(run(done).fault?._tag, "StreamTruncated")
    assert.strictEqual(run(`data: null\n\n: hi\n\n${done}`).fault?._tag, "StreamTruncated")
  })

  it("takes usage for no proof: it may come in the midst of text", () => {
    const last = chunk(undefined, { usage })
    const call = tool(0, { id: "a", function: { name: "one", arguments: "{}" } })
    for (const before of [chunk({ content: "a" }), "", call, chunk({ content: "a" }) + call]) {
      assert.strictEqual(verdict(before + last), "Open")
      assert.strictEqual(run(before + last).fault?._tag, "StreamTruncated")
    }
    assert.strictEqual(verdict(chunk({ content: "a" }, { usage })), "Open")
    assert.strictEqual(whole(chunk({ content: "a" }) + last + chunk({ content: "b" }) + finish("stop")).text, "ab")
  })

  it("what follows a finish reason voids it, until another one comes", () => {
    const text = chunk({ content: "a" })
    for (const late of [
      chunk({ content: "b" }),
      chunk({ reasoning: "hm" }),
      chunk({ refusal: "no" }),
      tool(0, { id: "a", function: { name: "one", arguments: "{}" } })
    ]) {
      assert.strictEqual(verdict(text + finish("stop") + late), "Open")
      assert.strictEqual(run(text + finish("stop") + late + done).fault?._tag, "StreamTruncated")
      assert.strictEqual(verdict(text + finish("stop") + late + finish("stop")), "Proven")
    }
    for (const quiet of [chunk({}), chunk({ role: "assistant", content: "" }), chunk({ annotations: [{ n: 1 }] })]) {
      assert.strictEqual(verdict(text + finish("stop") + quiet), "Proven")
    }
  })

  it("gives usage from wherever the vendor puts it", () => {
    const numbers = { prompt_tokens: 20, completion_tokens: 7, completion_tokens_details: { reasoning_tokens: 3 } }
    const expected = {
      inputTokens: 20,
      outputTokens: 7,
      cacheReadTokens: undefined,
      cacheWriteTokens: undefined,
      reasoningTokens: 3
    }
    const text = chunk({ content: "a" }, { usage: null })
    assert.deepStrictEqual(whole(text + finish("stop", {}, { usage: numbers }) + done).usage, expected)
    assert.deepStrictEqual(whole(text + finish("stop") + chunk(undefined, { usage: numbers })).usage, expected)
    assert.deepStrictEqual(whole(text + finish("stop", {}, { x_groq: { usage: numbers } })).usage, expected)
    assert.deepStrictEqual(whole(text + chunk({}, {}, { finish_reason: "stop", usage: numbers })).usage, expected)
    assert.strictEqual(whole(text + finish("stop", {}, { usage })).usage.cacheReadTokens, 4)
  })

  it("maps finish reasons and keeps the vendor's word", () => {
    const table = {
      stop: "stop",
      end: "stop",
      eos: "stop",
      length: "length",
      max_tokens: "length",
      model_length: "length",
      content_filter: "content-filter",
      brand_new: "other"
    }
    for (const [raw, reason] of Object.entries(table)) {
      assert.deepStrictEqual(whole(chunk({ content: "a" }) + finish(raw)).finishReason as unknown, { reason, raw })
    }
    const call = tool(0, { id: "a", function: { name: "one", arguments: "{}" } })
    for (const raw of ["tool_calls", "function_call"]) {
      assert.deepStrictEqual(whole(call + finish(raw)).finishReason, { reason: "tool-calls", raw })
      assert.strictEqual(run(chunk({ content: "a" }) + finish(raw)).fault?._tag, "MalformedStream")
    }
    assert.deepStrictEqual(wholeWithout(call + done).finishReason, { reason: "tool-calls", raw: undefined })
  })

  it("reads reasoning from one field only, and closes it when text begins", () => {
    const details = [
      { type: "reasoning.text", text: "hm" },
      { type: "reasoning.summary", summary: "!" }
    ]
    for (const delta of [
      { reasoning_content: "hm!", reasoning: "hm!" },
      { reasoning_content: "", reasoning: "hm!", reasoning_details: details },
      { reasoning: null, reasoning_details: details }
    ]) {
      const { events, response } = run(
        chunk(delta) + chunk({ content: "a", ...delta, reasoning_content: "" }) + finish("stop")
      )
      assert.include(response?.reasoning, "hm!")
      assert.deepStrictEqual(events.slice(1, 3), [
        { _tag: "ReasoningStart", index: 0, protocol: "chat-completions" },
        { _tag: "ReasoningDelta", index: 0, text: "hm!" }
      ])
      assert.strictEqual(response?.text, "a")
    }
  })

  it("reads content in parts", () => {
    const protocol = "chat-completions"
    const content = [
      { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
      { type: "text", text: "a" },
      { type: "reference", reference_ids: [1] },
      { type: "text", text: "b" }
    ]
    assert.deepStrictEqual(whole(chunk({ content }) + finish("stop")).content, [
      { type: "reasoning", text: "hm", signature: undefined, protocol },
      { type: "text", text: "ab" },
      { type: "provider", name: "reference", value: { type: "reference", reference_ids: [1] }, protocol }
    ])
  })

  it("gives a refusal and annotations as parts of their own", () => {
    const protocol = "chat-completions"
    const declined = whole(chunk({ refusal: "I " }) + chunk({ refusal: "won't" }) + finish("stop"))
    assert.deepStrictEqual(declined.content, [{ type: "provider", name: "refusal", value: "I won't", protocol }])
    assert.deepStrictEqual(declined.finishReason, { reason: "refusal", raw: "stop" })
    const url_citation = { url: "https://a/", title: "A", start_index: 0, end_index: 1 }
    const value = { type: "url_citation", url_citation }
    const cited = whole(chunk({ content: "a" }) + chunk({ annotations: [value] }) + finish("stop"))
    const source = { type: "citation", url: "https://a/", title: "A", quote: undefined, start: 0, end: 1 }
    assert.deepStrictEqual<unknown>(cited.content[1], { ...source, value, protocol })
  })

  it("gives the sources of the whole answer once, at its end", () => {
    const citations = ["https://a/", "https://b/"]
    const search_results = [{ title: "A", url: "https://a/", date: null }]
    const urls = (fields: object, last: object = fields) =>
      whole(chunk({ content: "a" }, fields) + chunk({ content: "b" }, last) + finish("stop")).content.map((part) =>
        part.type === "citation" ? [part.url, part.title] : part.type
      )
    assert.deepStrictEqual(urls({ citations }), ["text", ["https://a/", undefined], ["https://b/", undefined]])
    assert.deepStrictEqual(urls({ citations, search_results }), ["text", ["https://a/", "A"]])
    assert.deepStrictEqual(urls({ citations: [] }, { citations }).length, 3)
  })

  it("keeps what its vendors want back: the details of reasoning, and what stands beside a call", () => {
    const detail = (piece: object) => chunk({ reasoning_details: [{ type: "reasoning.text", index: 0, ...piece }] })
    const encrypted = { type: "reasoning.encrypted", data: "ZW5j", id: "rs_1", index: 1 }
    const signed = { google: { thought_signature: "c2ln" } }
    const body =
      detail({ text: "Hm, " }) +
      detail({ text: "yes" }) +
      detail({ signature: "c2ln", text: null }) +
      chunk({ reasoning_details: [encrypted], extra_content: { google: { thought: true } } }) +
      tool(0, { function: { name: "one", arguments: "{}" }, extra_content: signed }) +
      finish("tool_calls")
    const { content, reasoning, toolCalls } = whole(body)
    assert.strictEqual(reasoning, "Hm, yes")
    const kept = content.flatMap((part) => (part.type === "provider" ? [[part.name, part.value]] : []))
    assert.deepStrictEqual<unknown>(kept, [
      ["extra_content", { call: toolCalls[0]?.id, value: signed }],
      ["reasoning_details", [{ type: "reasoning.text", index: 0, text: "Hm, yes", signature: "c2ln" }, encrypted]],
      ["extra_content", { value: { google: { thought: true } } }]
    ])
  })

  it("keeps what stands beside a call together with it, also where the id comes late or never", () => {
    const signed = { google: { thought_signature: "c2ln" } }
    const started = tool(0, { function: { name: "one", arguments: "{}" } })
    for (const late of [{ id: "late" }, {}]) {
      const { content, toolCalls } = whole(started + tool(0, { ...late, extra_content: signed }) + finish("tool_calls"))
      const [extra] = content.filter((part) => part.type === "provider")
      assert.deepStrictEqual<unknown>(extra?.value, { call: toolCalls[0]?.id, value: signed })
    }
  })

  it("says which tier served it, what it was stopped by, and its usage as it came", () => {
    const numbers = { prompt_tokens: 2, completion_tokens: 1, num_sources_used: 3 }
    const { rawUsage, serviceTier, stopSequence } = whole(
      chunk({ content: "a" }, { service_tier: "flex" }) +
        chunk({}, {}, { finish_reason: "stop", stop_reason: "END" }) +
        chunk(undefined, { usage: numbers })
    )
    assert.deepStrictEqual([rawUsage, serviceTier, stopSequence], [numbers, "flex", "END"])
    const byToken = whole(chunk({ content: "a" }) + chunk({}, {}, { finish_reason: "stop", stop_reason: 128009 }))
    assert.isUndefined(byToken.stopSequence)
  })

  it("ignores signs of life, and fields that it does not know", () => {
    const extra = `data: null\n\ndata: {}\n\ndata: {"type":"ping"}\n\nevent: ping\ndata:\n\ndata: []\n\nevent: heartbeat\ndata: 7\n\n`
    assert.strictEqual(
      whole(extra + chunk({ content: "a", sparkle: 1 }) + extra + finish("stop") + extra + done).text,
      "a"
    )
    assert.strictEqual(run(`${chunk({ content: "a" })}data: {"choices":\n\n`).fault?._tag, "MalformedStream")
  })

  it("turns an error inside the stream into its fault", () => {
    const error = (body: object) => run(chunk({ content: "a" }) + unnamed(body)).fault?._tag
    assert.strictEqual(error({ error: { code: "server_is_overloaded", message: "x" } }), "Overloaded")
    assert.strictEqual(error({ error: { code: 429, message: "slow down" }, choices: [] }), "RateLimited")
    assert.strictEqual(error({ error: { code: 502, message: "upstream" } }), "ServerError")
    assert.strictEqual(error({ object: "error", message: "x", code: "context_length_exceeded" }), "ContextOverflow")
    assert.strictEqual(error({ base_resp: { status_code: 1008, status_msg: "no balance" } }), "QuotaExhausted")
    assert.strictEqual(error([{ error: { code: 503, message: "x" } }]), "Overloaded")
    assert.strictEqual(run(`event: error\ndata: {"message":"x"}\n\n`).fault?._tag, "ServerError")
    assert.strictEqual(run(chunk({ content: "a" }) + finish("error")).fault?._tag, "ServerError")
    assert.isUndefined(
      run(chunk({ content: "a" }, { error: null, base_resp: { status_code: 0 } }) + finish("stop")).fault
    )
  })
})

describe("ChatCompletions tool calls", () => {
  const calls = (body: string) =>
    whole(body + finish("tool_calls")).toolCalls.map(({ arguments: value, id, name }) => [id, name, value])

  const fn = (name: string | undefined, json: unknown) => ({ function: { name, arguments: json } })

  it("come in pieces that are interleaved", () => {
    const body =
      tool(0, { id: "a", ...fn("one", '{"x":') }) +
      tool(1, { id: "b", ...fn("two", "") }) +
      tool(0, fn(undefined, "1}")) +
      tool(1, fn(undefined, '{"y":2}'))
    assert.deepStrictEqual(calls(body), [
      ["a", "one", { x: 1 }],
      ["b", "two", { y: 2 }]
    ])
  })

  it("come whole without an index, also several in one chunk", () => {
    const body = chunk({
      tool_calls: [
        { id: "a", ...fn("one", "{}") },
        { id: "b", ...fn("one", '{"x":1}') }
      ]
    })
    assert.deepStrictEqual(calls(body), [
      ["a", "one", {}],
      ["b", "one", { x: 1 }]
    ])
  })

  it("come in pieces without an index, by id or by order", () => {
    const byId =
      tool(undefined, { id: "a", ...fn("one", '{"x":') }) +
      tool(undefined, { id: "b", ...fn("two", "{}") }) +
      tool(undefined, { id: "a", ...fn(undefined, "1}") })
    const byOrder = tool(undefined, { id: "a", ...fn("one", '{"x":') }) + tool(undefined, fn(undefined, "1}"))
    assert.deepStrictEqual(calls(byId)[0], ["a", "one", { x: 1 }])
    assert.deepStrictEqual(calls(byOrder), [["a", "one", { x: 1 }]])
  })

  it("share an index and differ by id", () => {
    const body =
      tool(0, { id: "a", ...fn("one", '{"x":1}') }) +
      tool(0, { id: "b", ...fn("one", "") }) +
      tool(0, fn(undefined, "{}"))
    assert.deepStrictEqual(calls(body), [
      ["a", "one", { x: 1 }],
      ["b", "one", {}]
    ])
  })

  it("repeat their name and id in every chunk", () => {
    const body = tool(0, { id: "a", ...fn("one", '{"x"') }) + tool(0, { id: "a", ...fn("one", ":1}") })
    assert.deepStrictEqual(calls(body), [["a", "one", { x: 1 }]])
  })

  it("have no id, or get it late", () => {
    assert.deepStrictEqual(calls(tool(0, fn("one", "{}"))), [["call_0", "one", {}]])
    const late = tool(0, fn("one", '{"x"')) + tool(0, { id: "a", ...fn("one", ":1}") })
    assert.deepStrictEqual(calls(late), [["call_0", "one", { x: 1 }]])
  })

  it("wait for their name", () => {
    const body = tool(0, { id: "a", ...fn("", '{"x"') }) + tool(0, fn("one", ":1}"))
    assert.deepStrictEqual(calls(body), [["a", "one", { x: 1 }]])
    const never = whole(tool(0, { id: "a", ...fn(undefined, "{}") }) + finish("tool_calls"))
    assert.deepStrictEqual(never.toolCalls, [])
    assert.deepStrictEqual(never.incompleteToolCalls, [{ id: "a", name: "", json: "{}" }])
  })

  it("have arguments that are an object, null or empty", () => {
    assert.deepStrictEqual(calls(tool(0, { id: "a", ...fn("one", { x: 1 }) })), [["a", "one", { x: 1 }]])
    assert.deepStrictEqual(calls(tool(0, { id: "a", ...fn("one", null) })), [["a", "one", {}]])
  })

  it("are never taken for whole when they were cut", () => {
    for (const [json, end] of [
      ['{"x":', finish("length")],
      ["", finish("length")],
      ['{"x":', finish("tool_calls")],
      ['{"x":', finish("stop")],
      ["", finish("stop")],
      ["12", finish("stop")],
      ["-1", finish("length")],
      ["12", finish("brand_new")]
    ] as const) {
      const { incompleteToolCalls, toolCalls } = whole(tool(0, { id: "a", ...fn("one", json) }) + end)
      assert.deepStrictEqual([toolCalls.length, incompleteToolCalls.length], [0, 1])
    }
  })

  it("close text before them", () => {
    const { events } = run(chunk({ content: "a" }) + tool(0, { id: "a", ...fn("one", "{}") }) + finish("tool_calls"))
    const tags = events.map((event) => event._tag)
    assert.isBelow(tags.indexOf("TextEnd"), tags.indexOf("ToolCallStart"))
  })
})
