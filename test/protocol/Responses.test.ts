import { assert, describe, it } from "@effect/vitest"
import { initial, step } from "../../src/protocol/responses/decode.js"
import { bytes, checkGrammar, decoderOf, run as runAny, stamp, whole as wholeAny } from "../support/protocol/decode.js"
import {
  added,
  annotation,
  argumentsDelta,
  call,
  callItem,
  completed,
  created,
  customItem,
  done,
  event,
  incomplete,
  inputDelta,
  message,
  reasoning,
  reasoningItem,
  search,
  summaryDelta,
  textDelta,
  textItem
} from "../support/protocol/responsesSamples.js"

const run = (body: string) => runAny("responses", body)

/** The response to what stands between its creation and its completion. */
const whole = (body: string, end = completed()) => {
  checkGrammar(run(created + body + end))
  return wholeAny("responses", created + body + end)
}

const verdict = (body: string) => {
  const decoder = decoderOf("responses")
  decoder.push(bytes(body))
  return decoder.verdict
}

const tags = (body: string) => run(body).events.map(({ _tag }) => _tag)

const lifecycle = (type: string, response: object) => event(`response.${type}`, { response })

describe("Responses.step", () => {
  it("says who answers, once, whichever event comes first", () => {
    const expected = { _tag: "ResponseStart", ...stamp, id: "resp_1", model: "gpt-test" }
    for (const type of ["created", "queued", "in_progress"]) {
      const first = lifecycle(type, { id: "resp_1", model: "gpt-test", status: type })
      const { events, response } = run(first + created + message(0, "a") + completed())
      assert.deepStrictEqual<unknown>(events[0], expected)
      assert.strictEqual(events.filter(({ _tag }) => _tag === "ResponseStart").length, 1)
      assert.deepStrictEqual([response?.id, response?.model], ["resp_1", "gpt-test"])
    }
    assert.deepStrictEqual<unknown>(run(completed([textItem(0, "a")])).events[0], expected)
    assert.strictEqual(run(textDelta(0, "a")).events[0]?._tag, "ResponseStart")
  })

  it("is complete at the final event and nowhere before", () => {
    const body = created + message(0, "a") + call(1, "one", "{}")
    assert.strictEqual(verdict(body), "Open")
    assert.strictEqual(verdict(`${body}data: [DONE]\n\n`), "Open")
    assert.strictEqual(verdict(body + completed()), "Finished")
    assert.strictEqual(verdict(body + incomplete("content_filter")), "Finished")
    assert.strictEqual(run(body).fault?._tag, "StreamTruncated")
    assert.strictEqual(run(event("response.completed")).fault?._tag, "MalformedStream")
  })

  it("says which tier served it, and its usage as it came", () => {
    const usage = { input_tokens: 1, output_tokens: 2, cost: 0.1 }
    const { rawUsage, serviceTier } = whole("", completed([], { usage, service_tier: "flex" }))
    assert.deepStrictEqual([rawUsage, serviceTier], [usage, "flex"])
  })

  it("gives usage in one arithmetic", () => {
    assert.deepStrictEqual(whole("").usage, {
      inputTokens: 20,
      outputTokens: 9,
      cacheReadTokens: 4,
      cacheWriteTokens: 2,
      reasoningTokens: 3
    })
    const little = whole("", completed([], { usage: { input_tokens: 1, output_tokens: 2 } })).usage
    assert.deepStrictEqual([little.inputTokens, little.outputTokens, little.cacheReadTokens], [1, 2, undefined])
    assert.isUndefined(whole("", completed([], { usage: null })).usage.inputTokens)
  })

  it("maps why the model stopped, and keeps the vendor's words", () => {
    const refusal = event("response.refusal.delta", { output_index: 0, content_index: 0, delta: "No" })
    for (const [body, end, reason, raw] of [
      [message(0, "a"), completed(), "stop", "completed"],
      [message(0, "a"), incomplete("max_output_tokens"), "length", "incomplete:max_output_tokens"],
      [message(0, "a"), incomplete("content_filter"), "content-filter", "incomplete:content_filter"],
      [message(0, "a"), incomplete("brand_new"), "other", "incomplete:brand_new"],
      [message(0, "a"), event("response.incomplete", { response: {} }), "other", "incomplete"],
      [message(0, "a"), completed([], { status: "in_progress" }), "stop", "in_progress"],
      [call(0, "one", "{}"), completed(), "tool-calls", "completed"],
      [call(0, "one", "{}") + message(1, "a"), completed(), "tool-calls", "completed"],
      [call(0, "one", "{}"), incomplete("max_output_tokens"), "length", "incomplete:max_output_tokens"],
      [done(0, customItem(0, "sql", "x")), completed(), "tool-calls", "completed"],
      [refusal, completed(), "refusal", "completed"]
    ] as const) {
      assert.deepStrictEqual(whole(body, end).finishReason, { reason, raw })
    }
  })

  it("waits for whoever has to run a call of the vendor's own tools", () => {
    const item = (at: number, type: string, fields: object = {}) =>
      done(at, { id: `item_${at}`, type, call_id: "call_1", status: "completed", ...fields })
    for (const [body, reason] of [
      [item(0, "computer_call"), "tool-calls"],
      [item(0, "local_shell_call"), "tool-calls"],
      [item(0, "apply_patch_call"), "tool-calls"],
      [item(0, "mcp_approval_request"), "tool-calls"],
      [item(0, "tool_search_call", { execution: "client" }), "tool-calls"],
      [message(0, "I look.") + item(1, "computer_call"), "tool-calls"],
      [item(0, "shell_call"), "tool-calls"],
      [item(0, "shell_call") + item(1, "shell_call_output"), "stop"],
      [item(0, "shell_call") + item(1, "shell_call_output", { call_id: "call_2" }), "tool-calls"],
      [item(0, "tool_search_call", { execution: "server" }), "stop"],
      [item(0, "mcp_call"), "stop"],
      [item(0, "web_search_call"), "stop"]
    ] as const) {
      assert.strictEqual(whole(body).finishReason.reason, reason, body)
    }
    assert.strictEqual(whole(item(0, "computer_call"), incomplete("max_output_tokens")).finishReason.reason, "length")
  })

  it("takes a custom tool that the vendor ran itself for no reason to wait", () => {
    const { finishReason, toolCalls } = whole(done(0, customItem(0, "x_search", "x")) + message(1, "Found."))
    assert.deepStrictEqual([finishReason.reason, toolCalls.length], ["stop", 1])
  })

  it("turns failures into faults", () => {
    const failure = (error: unknown) => lifecycle("failed", { id: "resp_1", status: "failed", error })
    for (const [body, tag] of [
      [failure({ code: "server_error", message: "Sorry" }), "ServerError"],
      [failure({ code: "rate_limit_exceeded", message: "Slow down" }), "RateLimited"],
      [failure({ code: "invalid_image_url", message: "No such image" }), "InvalidRequest"],
      [failure({ code: "bio_policy", message: "No" }), "ContentRefused"],
      [failure({ code: "context_length_exceeded", message: "" }), "ContextOverflow"],
      [failure(null), "ServerError"],
      [event("error", { code: "insufficient_quota", message: "Empty", param: null }), "QuotaExhausted"],
      [event("error", { error: { code: "server_is_overloaded", message: "" } }), "Overloaded"],
      ['data: {"error":{"type":"authentication_error"}}\n\n', "AuthenticationFailed"],
      ["event: error\ndata: oops\n\n", "ServerError"],
      [completed([], { status: "failed", error: { code: "server_is_overloaded" } }), "Overloaded"],
      ["data: {cut\n\n", "MalformedStream"]
    ] as const) {
      const { events, fault, response } = run(created + message(0, "a") + body + completed())
      assert.strictEqual(fault?._tag, tag)
      assert.isUndefined(response)
      assert.strictEqual(events.at(-1)?._tag, "TextEnd")
    }
  })

  it("takes a cancelled response for a fault", () => {
    for (const body of [lifecycle("cancelled", { status: "cancelled" }), completed([], { status: "cancelled" })]) {
      const { fault } = run(created + body)
      assert.deepStrictEqual([fault?._tag, fault?.code], ["ServerError", "cancelled"])
    }
  })

  it("goes on over what it does not know", () => {
    const noise =
      event("response.brand_new", { delta: "x" }) +
      event("keepalive", { sequence_number: 7 }) +
      "event: ping\ndata: \n\ndata: null\n\ndata: 7\n\ndata: [DONE]\n\n"
    assert.strictEqual(whole(noise + message(0, "a") + noise).text, "a")
  })

  it("takes an answer that begins again for two that were spliced", () => {
    const other = lifecycle("created", { id: "resp_2" })
    assert.strictEqual(whole(created + message(0, "a")).text, "a")
    assert.strictEqual(whole(other + message(0, "a")).text, "a")
    const late = wholeAny("responses", message(0, "a") + created + completed())
    assert.deepStrictEqual([late.text, late.id], ["a", "resp_1"])
    for (const body of [
      created,
      other,
      lifecycle("created", {}),
      completed([textItem(0, "something else")], { id: "resp_2" })
    ]) {
      assert.strictEqual(run(created + message(0, "Hello") + body + completed()).fault?._tag, "MalformedStream")
    }
  })

  it("takes ids that change in every event", () => {
    let id = 0
    const body =
      created +
      lifecycle("in_progress", { id: "b" }) +
      reasoning(0, "Hm") +
      message(1, "Hel", "lo") +
      call(2, "one", "{}")
    const output = [reasoningItem(0, "Hm"), textItem(1, "Hello"), callItem(2, "one", "{}")]
    const rotating = (body + completed(output, { id: "c" })).replaceAll(/"(id|item_id)":"[^"]+"/g, (_, key) => {
      id++
      return `"${key}":"other-${id}"`
    })
    const { response } = run(rotating)
    assert.deepStrictEqual([response?.reasoning, response?.text, response?.toolCalls.length], ["Hm", "Hello", 1])
  })
})

describe("Responses messages", () => {
  it("give their texts as blocks, in the pieces that came", () => {
    assert.deepStrictEqual(tags(created + message(0, "a", "b") + message(1, "c") + completed()), [
      "ResponseStart",
      "TextStart",
      "TextDelta",
      "TextDelta",
      "TextEnd",
      "TextStart",
      "TextDelta",
      "TextEnd",
      "Finish"
    ])
  })

  it("get from whole events what no delta carried", () => {
    const place = { output_index: 0, content_index: 0 }
    const item = textItem(0, "Hello")
    for (const body of [
      textDelta(0, "Hel") + event("response.output_text.done", { ...place, text: "Hello" }),
      event("response.output_text.done", { ...place, text: "Hello" }),
      textDelta(0, "Hel") + event("response.content_part.done", { ...place, part: item.content[0] }),
      event("response.content_part.added", { ...place, part: { type: "output_text", text: "Hel" } }) +
        textDelta(0, "lo") +
        done(0, item),
      added(0, textItem(0, "Hel")) + textDelta(0, "lo"),
      added(0, textItem(0, "")) + done(0, item),
      done(0, item)
    ]) {
      assert.strictEqual(whole(body).text, "Hello")
      assert.strictEqual(whole(body, completed([item])).text, "Hello")
    }
    assert.strictEqual(whole(textDelta(0, "Hel"), completed([item])).text, "Hello")
    assert.strictEqual(whole("", completed([item, textItem(1, " you")])).text, "Hello you")
    assert.strictEqual(whole(message(0, "Hello"), completed([item, textItem(1, " you")])).text, "Hello you")
  })

  it("may be merged or left out at the end", () => {
    const merged = completed([textItem(7, "Hello you")])
    assert.strictEqual(whole(message(0, "Hello") + message(1, " you"), merged).text, "Hello you")
    assert.strictEqual(whole(message(0, "Hello"), completed([])).text, "Hello")
  })

  it("may lack their place, share it, or come without being announced", () => {
    const unplaced = (body: string) => body.replaceAll(/"output_index":\d+,?/g, "")
    const samePlace = (body: string) => body.replaceAll(/"output_index":\d+/g, '"output_index":0')
    const body = message(0, "Hel", "lo") + call(1, "one", "{}") + message(2, " you")
    for (const change of [unplaced, samePlace]) {
      const { text, toolCalls } = whole(change(body))
      assert.deepStrictEqual([text, toolCalls.length], ["Hello you", 1])
    }
    assert.strictEqual(whole(textDelta(0, "Hel") + textDelta(0, "lo") + textDelta(5, "!")).text, "Hello!")
    const place = { output_index: 0, content_index: 0 }
    const bare =
      event("response.reasoning_text.delta", { ...place, delta: "Hm" }) +
      event("response.output_text.delta", { ...place, delta: "a" }) +
      event("response.function_call_arguments.delta", { ...place, delta: "{}" })
    const { incompleteToolCalls, reasoning: thought, text: said } = whole(bare)
    assert.deepStrictEqual([thought, said, incompleteToolCalls.length], ["Hm", "a", 1])
    const sideBySide = textDelta(0, "Hel") + textDelta(1, "yo") + textDelta(0, "lo ") + textDelta(1, "u")
    assert.strictEqual(
      whole(samePlace(added(0, textItem(0, "")) + added(1, textItem(1, "")) + sideBySide)).text,
      "Hello you"
    )
    const renamed = completed([textItem(8, "Hello "), textItem(9, "you")])
    assert.strictEqual(whole(textDelta(0, "Hello") + textDelta(1, "yo"), renamed).text, "Hello you")
  })

  it("may grow side by side", () => {
    const { content } = whole(textDelta(0, "a") + textDelta(1, "x") + textDelta(0, "b") + textDelta(1, "y"))
    assert.deepStrictEqual<unknown>(content, [
      { type: "text", text: "ab" },
      { type: "text", text: "xy" }
    ])
  })

  it("keep their annotations, each once", () => {
    const [a, b] = [
      { type: "url_citation", url: "a" },
      { type: "file_citation", filename: "b.pdf", file_id: "b" }
    ]
    const item = { ...textItem(0, "So."), content: [{ type: "output_text", text: "So.", annotations: [a, b] }] }
    const part = (url: string | undefined, title: string | undefined, value: object) => ({
      ...{ type: "citation", url, title, start: undefined, end: undefined },
      ...{ value, protocol: "responses" }
    })
    const given = [{ type: "text", text: "So." }, part("a", undefined, a), part(undefined, "b.pdf", b)]
    for (const body of [
      textDelta(0, "So.") + annotation(0, a) + annotation(0, b) + done(0, item),
      textDelta(0, "So.") + annotation(0, a) + done(0, item),
      textDelta(0, "So.") + done(0, item) + done(0, item),
      done(0, item)
    ]) {
      assert.deepStrictEqual<unknown>(whole(body, completed([item])).content, given)
    }
  })

  it("keep their phase, their refusals and their unknown parts", () => {
    const item = {
      ...textItem(0, "a", { phase: "commentary" }),
      content: [
        { type: "output_text", text: "a" },
        { type: "refusal", refusal: "No" },
        { type: "hologram", depth: 3 }
      ]
    }
    const expected = [
      { type: "provider", name: "phase", value: "commentary", protocol: "responses" },
      { type: "text", text: "a" },
      { type: "provider", name: "refusal", value: "No", protocol: "responses" },
      { type: "provider", name: "hologram", value: { type: "hologram", depth: 3 }, protocol: "responses" }
    ]
    const place = { output_index: 0, content_index: 1 }
    const streamed =
      added(0, { ...item, content: [] }) +
      textDelta(0, "a") +
      event("response.refusal.delta", { ...place, delta: "N" }) +
      event("response.refusal.done", { ...place, refusal: "No" })
    assert.deepStrictEqual<unknown>(whole(streamed + done(0, item)).content, expected)
    assert.deepStrictEqual<unknown>(whole("", completed([item])).content, expected)
  })

  it("let reasoning go on where a piece comes after its end", () => {
    assert.strictEqual(whole(reasoning(0, "x") + summaryDelta(0, 0, "y")).reasoning, "xy")
  })

  it("are refused where content belongs nowhere", () => {
    for (const body of [
      message(0, "a") + event("response.refusal.delta", { output_index: 0, content_index: 0, delta: "No" }),
      call(0, "one", "{}") + argumentsDelta(0, "{"),
      event("response.output_item.added", {}),
      event("response.output_item.done", {})
    ]) {
      assert.strictEqual(run(created + body + completed()).fault?._tag, "MalformedStream")
    }
  })
})

describe("Responses reasoning", () => {
  it("is a block per text, with the item kept whole in its place", () => {
    const item = reasoningItem(0, "One. ", "Two.")
    const { content, reasoning: text } = whole(reasoning(0, "One. ", "Two.") + message(1, "a"))
    assert.strictEqual(text, "One. Two.")
    assert.deepStrictEqual<unknown>(content, [
      { type: "reasoning", text: "One. ", signature: undefined, protocol: "responses" },
      { type: "provider", name: "reasoning", value: item, protocol: "responses" },
      { type: "reasoning", text: "Two.", signature: undefined, protocol: "responses" },
      { type: "text", text: "a" }
    ])
  })

  it("starts with its item, though it may never say a word", () => {
    assert.deepStrictEqual(tags(created + added(0, reasoningItem(0))), ["ResponseStart", "ReasoningStart"])
    const { content, reasoning: text } = whole(added(0, reasoningItem(0)) + done(0, reasoningItem(0)) + message(1, "a"))
    assert.strictEqual(text, "")
    assert.deepStrictEqual<unknown>(content[1], {
      type: "provider",
      name: "reasoning",
      value: reasoningItem(0),
      protocol: "responses"
    })
  })

  it("comes in plain words from other vendors, also while the answer runs already", () => {
    const item = { id: "rs_0", type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "Hm, yes" }] }
    const place = { item_id: "rs_0", output_index: 0, content_index: 0 }
    const delta = (text: string) => event("response.reasoning_text.delta", { ...place, delta: text })
    const body =
      added(0, { ...item, content: [] }) +
      event("response.content_part.added", { ...place, part: { type: "reasoning_text", text: "" } }) +
      delta("Hm") +
      message(1, "a") +
      delta(", yes") +
      event("response.content_part.done", { ...place, part: item.content[0] }) +
      done(0, item)
    const { content } = whole(body, completed([item, textItem(1, "a")]))
    assert.deepStrictEqual<unknown>(content, [
      { type: "reasoning", text: "Hm, yes", signature: undefined, protocol: "responses" },
      { type: "provider", name: "reasoning", value: item, protocol: "responses" },
      { type: "text", text: "a" }
    ])
  })

  it("gets from its item what no delta carried", () => {
    for (const body of [
      added(0, reasoningItem(0)) + summaryDelta(0, 0, "On") + done(0, reasoningItem(0, "One.", "Two.")),
      done(0, reasoningItem(0, "One.", "Two.")),
      summaryDelta(0, 0, "One.") + summaryDelta(0, 1, "Two.")
    ]) {
      assert.strictEqual(whole(body).reasoning, "One.Two.")
    }
    assert.strictEqual(whole("", completed([reasoningItem(0, "One.", "Two.")])).reasoning, "One.Two.")
    assert.strictEqual(whole(summaryDelta(0, 0, "1") + done(0, reasoningItem(0, "One."))).reasoning, "1")
  })
})

describe("Responses tool calls", () => {
  const calls = (body: string, end?: string) =>
    whole(body, end).toolCalls.map(({ arguments: args, id, name }) => [id, name, args])

  it("are whole at the end of their item", () => {
    assert.deepStrictEqual(calls(call(0, "one", '{"x"', ":1}") + call(1, "two")), [
      ["call_0", "one", { x: 1 }],
      ["call_1", "two", {}]
    ])
    assert.deepStrictEqual(calls(done(0, callItem(0, "one", '{"x":1}'))), [["call_0", "one", { x: 1 }]])
    assert.deepStrictEqual(calls("", completed([callItem(0, "one", '{"x":1}')])), [["call_0", "one", { x: 1 }]])
    const whole = event("response.function_call_arguments.done", { output_index: 0, arguments: "{}" })
    assert.deepStrictEqual(calls(added(0, callItem(0, "one", "")) + whole), [["call_0", "one", {}]])
  })

  it("may have their arguments twice, as an object, or before their name", () => {
    const twice = added(0, callItem(0, "one", '{"x":1}')) + argumentsDelta(0, '{"x":1}')
    assert.deepStrictEqual(calls(twice + done(0, callItem(0, "one", '{"x":1}'))), [["call_0", "one", { x: 1 }]])
    const object = { ...callItem(0, "one", ""), arguments: { x: 1 } }
    assert.deepStrictEqual(calls(done(0, object)), [["call_0", "one", { x: 1 }]])
    const late = argumentsDelta(0, '{"x"') + argumentsDelta(0, ":1}") + done(0, callItem(0, "one", '{"x": 1}'))
    assert.deepStrictEqual(calls(late), [["call_0", "one", { x: 1 }]])
  })

  it("are never taken for whole when they were cut", () => {
    const begun = added(0, callItem(0, "one", ""))
    for (const [body, end] of [
      [begun + argumentsDelta(0, '{"x":1}'), completed()],
      [begun + argumentsDelta(0, '{"x":1}'), incomplete("max_output_tokens")],
      [call(0, "one", '{"x":'), completed()],
      [begun + done(0, callItem(0, "one", "{}", { status: "incomplete" })), incomplete("max_output_tokens")],
      [argumentsDelta(0, "{}"), completed()]
    ] as const) {
      const { incompleteToolCalls, toolCalls } = whole(body, end)
      assert.deepStrictEqual([toolCalls.length, incompleteToolCalls.length], [0, 1])
    }
  })

  it("of custom tools have their plain text for arguments", () => {
    const input = 'SELECT "ö\n" -- 🌍'
    const item = customItem(0, "sql", input)
    for (const body of [
      added(0, customItem(0, "sql", "")) + Array.from(input, (c) => inputDelta(0, c)).join("") + done(0, item),
      added(0, customItem(0, "sql", "")) +
        input
          .split("")
          .map((unit) => inputDelta(0, unit))
          .join("") +
        done(0, item),
      added(0, customItem(0, "sql", "")) + event("response.custom_tool_call_input.done", { output_index: 0, input }),
      done(0, item)
    ]) {
      assert.deepStrictEqual(calls(body), [["call_0", "sql", input]])
    }
    assert.deepStrictEqual(calls(done(0, customItem(0, "sql", ""))), [["call_0", "sql", ""]])
    assert.deepStrictEqual(calls(done(0, customItem(0, "sql", "{}"))), [["call_0", "sql", "{}"]])
    assert.deepStrictEqual(calls(added(0, item) + inputDelta(0, "SEL")), [])
  })

  it("of custom tools are whole at their end and nowhere before", () => {
    const item = customItem(0, "sql", '{"a":"ö\n"}')
    const body = bytes(
      created + added(0, customItem(0, "sql", "")) + inputDelta(0, '{"a":') + inputDelta(0, '"ö\n"}') + done(0, item)
    )
    for (let length = 0; length < body.length; length++) {
      const decoder = decoderOf("responses")
      decoder.push(body.subarray(0, length))
      const { incompleteToolCalls, toolCalls } = decoder.fold.response({
        finishReason: { reason: "stop" },
        usage: {},
        id: undefined,
        model: undefined,
        requestId: undefined
      })
      assert.deepStrictEqual([toolCalls.length, incompleteToolCalls.length <= 1], [0, true])
    }
  })

  it("that say more than a name and arguments are kept whole beside it", () => {
    const special = callItem(0, "one", "{}", { caller: { type: "program", caller_id: "call_p" } })
    const named = callItem(0, "one", "{}", { namespace: "crm" })
    for (const item of [special, named, customItem(0, "sql", "x")]) {
      assert.deepStrictEqual<unknown>(whole(done(0, item)).content.at(-1), {
        type: "provider",
        name: item.type,
        value: item,
        protocol: "responses"
      })
    }
    const plain = callItem(0, "one", "{}", { caller: { type: "direct" }, namespace: "" })
    assert.strictEqual(whole(done(0, plain)).content.length, 1)
  })
})

describe("Responses items that are not modelled", () => {
  it("are kept whole, in the place where they began", () => {
    const body = added(0, search(0, "in_progress")) + message(1, "a") + done(0, search(0))
    assert.deepStrictEqual<unknown>(whole(body).content, [
      { type: "provider", name: "web_search_call", value: search(0), protocol: "responses" },
      { type: "text", text: "a" }
    ])
  })

  it("are taken from the final event where no other has them whole", () => {
    const begun = added(0, search(0, "in_progress")) + message(1, "a")
    const part = (value: object) => ({ type: "provider", name: "web_search_call", value, protocol: "responses" })
    const final = completed([search(0), textItem(1, "a"), search(2)])
    assert.deepStrictEqual<unknown>(whole(begun, final).content, [
      part(search(0)),
      { type: "text", text: "a" },
      part(search(2))
    ])
    assert.deepStrictEqual<unknown>(whole(begun).content[0], part(search(0, "in_progress")))
  })
})

it("Responses.step keeps the number of the latest event", () => {
  const state = initial(stamp)
  for (const data of ['{"sequence_number":4}', "{}", "null"]) step(state, { event: undefined, data }, [])
  assert.strictEqual(state.sequence, 4)
})
