/**
 * No success without understanding: what a stream of Chat Completions carries is read, or the stream is refused by name.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { checkGrammar, run as runAny, whole as wholeAny } from "../support/protocol/decode.js"
import {
  chunk,
  done,
  finish,
  messageDelta,
  messageStart,
  messageStop,
  textBlock,
  tool,
  unnamed,
  usage
} from "../support/protocol/samples.js"

const run = (body: string) => runAny("chat-completions", body)
const whole = (body: string) => wholeAny("chat-completions", body)
const choice = (fields: object, rest: object = {}) =>
  unnamed({ id: "chatcmpl-1", choices: [{ index: 0, ...fields }], ...rest })

/** The tag of a stream that must fail, and never end as a success. */
const tagOf = (body: string): string => {
  const result = run(body)
  checkGrammar(result)
  assert.isUndefined(result.response)
  return result.fault?._tag ?? ""
}

const words = FastCheck.string({ unit: "grapheme", minLength: 1, maxLength: 12 })

describe("two answers in one stream", () => {
  const piece = (id: string, content: string, fields: object = {}) => chunk({ content, ...fields }, { id })

  it("another id is another answer, with a role and without, wherever the first one was cut", () => {
    const pieces = FastCheck.array(words, { minLength: 2, maxLength: 6 })
    FastCheck.assert(
      FastCheck.property(pieces, pieces, FastCheck.boolean(), FastCheck.boolean(), (a, b, named, over) => {
        const first =
          a.map((text) => piece("a", text)).join("") + (over ? chunk({}, { id: "a" }, { finish_reason: "stop" }) : "")
        const second = b.map((text, at) => piece("b", text, named && at === 0 ? { role: "assistant" } : {})).join("")
        const rest = chunk({}, { id: "b" }, { finish_reason: "stop" }) + done
        assert.strictEqual(tagOf(first + second + rest), "MalformedStream")
      })
    )
  })

  it("also where the first was cut after one piece, as soon as the second repeats its id", () => {
    const end = chunk({}, { id: "b" }, { finish_reason: "stop" })
    assert.strictEqual(tagOf(piece("a", "x") + piece("b", "y") + piece("b", "z") + end + done), "MalformedStream")
  })

  it("a finish reason under another id does not end an answer that was cut", () => {
    const end = chunk({}, { id: "b" }, { finish_reason: "stop" })
    assert.strictEqual(tagOf(piece("a", "x") + piece("a", "y") + end + done), "MalformedStream")
  })

  it("ids that change with every chunk, after the first, or at the usage belong to one answer", () => {
    const end = (id: string) => chunk({}, { id }, { finish_reason: "stop" })
    const ids = ["a", "b", "c", "d"].map((id) => piece(id, id)).join("")
    assert.strictEqual(whole(ids + end("e") + done).text, "abcd")
    const first = chunk({ role: "assistant" }, { id: "a" })
    assert.strictEqual(whole(first + piece("b", "x") + piece("b", "y") + end("b") + done).text, "xy")
    const text = piece("a", "x") + piece("a", "y") + end("a")
    assert.strictEqual(whole(text + chunk(undefined, { id: "stub", usage }) + done).usage.outputTokens, 7)
    assert.strictEqual(whole(text + chunk({}, { id: "stub" }) + done).text, "xy")
    assert.strictEqual(whole(piece("", "x") + piece("a", "y") + piece("", "z") + end("a") + done).text, "xyz")
  })
})

describe("what is not a chunk", () => {
  const text = chunk({ content: "a" })

  it("an error of whatever shape is an error, classified by its words, with the vendor's message", () => {
    const shapes: ReadonlyArray<readonly [body: object, tag: string]> = [
      [{ detail: "WORDS" }, "ServerError"],
      [{ detail: [{ loc: ["body"], msg: "WORDS", type: "value_error" }] }, "ServerError"],
      [{ detail: "WORDS: Rate limit reached" }, "RateLimited"],
      [{ code: "overloaded", message: "WORDS" }, "Overloaded"],
      [{ code: 429, message: "WORDS" }, "RateLimited"],
      [{ code: "InvalidApiKey", message: "WORDS: incorrect API key" }, "AuthenticationFailed"],
      [{ success: false, errors: [{ code: 7009, message: "WORDS" }] }, "ServerError"],
      [{ success: false, message: "WORDS" }, "ServerError"],
      [{ success: false, msg: "WORDS" }, "ServerError"],
      [{ errors: ["WORDS"] }, "ServerError"],
      [{ errors: { message: "WORDS", code: "insufficient_quota" } }, "QuotaExhausted"],
      [{ __type: "com.amazon.coral#ThrottlingException", message: "WORDS" }, "RateLimited"],
      [{ __type: "ServiceUnavailableException", Message: "WORDS" }, "Overloaded"],
      [{ error_message: "WORDS" }, "ServerError"],
      [{ error_code: 336501, error_msg: "WORDS" }, "ServerError"],
      [{ errorMessage: "WORDS", errorType: "Sandbox.Timedout" }, "ServerError"],
      [{ status: "error", message: "WORDS" }, "ServerError"],
      [{ status: "error", reason: "WORDS" }, "ServerError"],
      [{ status: 503, message: "WORDS" }, "Overloaded"],
      [{ ok: false, description: "WORDS" }, "ServerError"],
      [{ ok: false, error: "WORDS" }, "ServerError"],
      [{ error: true, message: "WORDS" }, "ServerError"],
      [{ message: "WORDS" }, "ServerError"],
      [{ choices: [], detail: "WORDS" }, "ServerError"]
    ]
    for (const [body, tag] of shapes) {
      for (const stream of [text + unnamed(body) + finish("stop") + done, unnamed(body)]) {
        const { fault } = run(stream)
        assert.strictEqual(fault?._tag, tag, JSON.stringify(body))
        assert.include(fault?.description, "WORDS", JSON.stringify(body))
      }
    }
    for (const body of [{ ok: false }, { success: false }, { status: "error" }, { status: "failed" }]) {
      assert.strictEqual(tagOf(text + unnamed(body) + finish("stop")), "ServerError")
    }
  })

  it("the field `error:` of a stream is an error, over every protocol", () => {
    for (const protocol of ["anthropic-messages", "chat-completions", "responses"] as const) {
      const body = 'error: {"message":"WORDS","code":"overloaded_error"}\n\n'
      assert.include(runAny(protocol, body).fault?.description, "WORDS")
      assert.strictEqual(runAny(protocol, "error: Rate limit reached\n\n").fault?._tag, "RateLimited")
    }
  })

  it("any other value is refused, and quoted up to a bound", () => {
    for (const body of [
      { type: "brand_new_event", n: 1 },
      { model: "llama", message: { role: "assistant", content: "a" }, done: false },
      { token: { text: "a" }, generated_text: null },
      { response: "a" },
      { choices: { "0": { delta: { content: "a" } } } },
      { choices: "a" },
      [1, 2],
      7,
      "a",
      true
    ]) {
      const { fault, response } = run(text + unnamed(body) + finish("stop") + done)
      assert.isUndefined(response)
      assert.strictEqual(fault?._tag, "MalformedStream")
      assert.include(fault?.description, JSON.stringify(body).slice(0, 20))
    }
    const long = run(text + unnamed({ answer: "x".repeat(100_000) }))
    assert.isBelow(long.fault?.description.length ?? 0, 500)
    const key = run(text + unnamed({ answer: `sk-${"a".repeat(30)}` }))
    assert.notInclude(key.fault?.description, "aaaa")
  })

  it("nothing but chunks, signs of life and errors passes, whatever the object", () => {
    const key = FastCheck.constantFrom("answer", "result", "output", "data", "message", "status", "text", "event", "n")
    const value = FastCheck.oneof(words, FastCheck.integer(), FastCheck.dictionary(key, words, { minKeys: 1 }))
    FastCheck.assert(
      FastCheck.property(FastCheck.dictionary(key, value, { minKeys: 1 }), (body) => {
        assert.include(["MalformedStream", "ServerError"], tagOf(text + unnamed(body) + finish("stop") + done))
      })
    )
  })
})

describe("content in other forms", () => {
  it("is read where it is unambiguous, and says the same as a delta", () => {
    FastCheck.assert(
      FastCheck.property(words, words, (a, b) => {
        const parts = [{ type: "text", text: a }, b]
        const streams = [
          choice({ message: { role: "assistant", content: a + b }, finish_reason: "stop" }),
          choice({ message: { content: parts }, finish_reason: "stop" }),
          choice({ delta: {}, message: { content: a + b }, finish_reason: "stop" }),
          choice({ delta: null, message: { content: a + b } }) + finish("stop"),
          choice({ message: a + b, finish_reason: "stop" }),
          choice({ text: a }) + choice({ text: b, finish_reason: "stop" }),
          choice({ content: a }) + choice({ content: b, finish_reason: "stop" }),
          choice({ delta: a }) + choice({ delta: b, finish_reason: "stop" }),
          chunk({ content: { type: "text", text: a } }) + chunk({ content: { text: b } }) + finish("stop"),
          chunk({ content: parts }) + finish("stop"),
          unnamed({ choices: [{ index: 1, delta: { content: a + b }, finish_reason: "stop" }] }),
          unnamed({ choices: [{ delta: { content: a + b }, finish_reason: "stop" }] })
        ]
        for (const stream of streams) assert.strictEqual(whole(stream + done).text, a + b, stream)
      })
    )
  })

  it("Perplexity's sum of all deltas beside each delta counts once", () => {
    const piece = (content: string, sum: string, finish_reason: string | null = null) =>
      choice({ delta: { content }, message: { role: "assistant", content: sum }, finish_reason })
    const stream = piece("", "") + piece("a", "a") + piece("b", "ab") + piece("", "ab", "stop")
    assert.strictEqual(whole(stream + done).text, "ab")
  })

  it("is refused by name where it is not", () => {
    for (const [stream, named] of [
      [chunk({ content: 7 }), "content"],
      [chunk({ content: true }), "content"],
      [chunk({ content: [{ type: "text" }] }), "content"],
      [chunk({ content: [{ type: "text", text: { value: "a" } }] }), "content"],
      [chunk({ content: { value: "a" } }), "content"],
      [chunk({ content: [[1]] }), "content"],
      [chunk({ refusal: { text: "no" } }), "refusal"],
      [chunk({ content: "a", audio: { data: "AAAA" } }), "audio"],
      [choice({ delta: 7 }), "message"],
      [choice({ delta: ["a"] }), "message"],
      [unnamed({ choices: ["a"] }), "choice"],
      [chunk({ content: "a", tool_calls: ["one"] }), "tool call"],
      [chunk({ content: "a", function_call: "one" }), "tool call"],
      [choice({ delta: { content: "a" } }) + choice({ index: 1, delta: { content: "b" } }), "choice"],
      [chunk({ content: "a" }) + choice({ message: { content: "ab" } }), "message"],
      [choice({ message: { content: "a" } }) + choice({ message: { content: "ab" } }), "message"],
      [choice({ message: { content: "a" } }) + chunk({ content: "b" }), "message"]
    ] as const) {
      const { fault, response } = run(stream + finish("stop") + done)
      assert.isUndefined(response, stream)
      assert.strictEqual(fault?._tag, "MalformedStream", stream)
      assert.include(fault?.description, named)
    }
  })

  it("an empty answer is a success only if nothing came", () => {
    const empty = whole(chunk({ role: "assistant", content: "" }) + finish("stop") + done)
    assert.deepStrictEqual([empty.text, empty.content.length], ["", 0])
    const meta = {
      role: "assistant",
      content: null,
      provider_metadata: { a: { b: "c" } },
      channel: "final",
      tool_calls: []
    }
    assert.strictEqual(whole(chunk(meta) + finish("stop") + done).text, "")
    for (const stream of [
      chunk({ output: "a" }),
      chunk({ parts: [{ text: "a" }] }),
      choice({ delta: {}, text: "a" }),
      choice({ delta: { content: "" }, content: "a" }),
      chunk({ executed_tools: [{ output: "a" }] })
    ]) {
      assert.strictEqual(tagOf(stream + finish("stop") + done), "MalformedStream", stream)
      assert.strictEqual(whole(stream + chunk({ content: "b" }) + finish("stop") + done).text, "b")
    }
  })

  it("images are parts that are kept whole", () => {
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA" } }
    assert.deepStrictEqual(whole(chunk({ images: [image] }) + finish("stop")).content, [
      { type: "provider", name: "image", value: image, protocol: "chat-completions" }
    ])
  })
})

describe("tool calls of any shape", () => {
  const fn = (name: string | undefined, json: unknown) => ({ function: { name, arguments: json } })
  const value = FastCheck.dictionary(words, FastCheck.oneof(words, FastCheck.integer(), FastCheck.constant(null)))

  /** In pieces, at random places. */
  const pieces = (text: string, cuts: ReadonlyArray<number>): ReadonlyArray<string> => {
    const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
    return [0, ...places].map((from, at) => text.slice(from, places[at] ?? text.length)).filter((piece) => piece !== "")
  }

  it("what can be run has the arguments that the wire carried", () => {
    FastCheck.assert(
      FastCheck.property(value, FastCheck.array(FastCheck.nat(), { maxLength: 5 }), (args, cuts) => {
        const json = JSON.stringify(args)
        const inPieces = pieces(json, cuts).map((piece) => tool(0, fn(undefined, piece)))
        const streams = [
          tool(0, { id: "a", ...fn("one", "") }) + inPieces.join(""),
          tool(0, { id: "a", ...fn("one", args) }),
          tool(0, { id: "a", name: "one", arguments: json }),
          tool(0, { id: "a", name: "one", arguments: args }),
          chunk({ tool_calls: { id: "a", ...fn("one", json) } }),
          choice({ message: { tool_calls: [{ id: "a", ...fn("one", json) }] } })
        ]
        for (const stream of streams) {
          const { incompleteToolCalls, toolCalls } = whole(stream + finish("tool_calls"))
          assert.deepStrictEqual(toolCalls as unknown, [{ type: "tool-call", id: "a", name: "one", arguments: args }])
          assert.strictEqual(incompleteToolCalls.length, 0)
        }
        const legacy = whole(chunk({ function_call: { name: "one", arguments: json } }) + finish("function_call"))
        assert.deepStrictEqual(legacy.toolCalls[0]?.arguments, args)
        // Cut anywhere, it cannot be run, whatever follows.
        const cut = json.slice(0, -1)
        const { toolCalls } = whole(tool(0, { id: "a", ...fn("one", cut) }) + finish("tool_calls"))
        assert.deepStrictEqual(toolCalls, [])
      })
    )
  })

  it("a name in pieces is one name, and a repeated one is that name", () => {
    const name = FastCheck.stringMatching(/^[a-z_]{2,20}$/)
    FastCheck.assert(
      FastCheck.property(name, FastCheck.nat(), FastCheck.boolean(), (full, cut, again) => {
        const at = 1 + (cut % (full.length - 1))
        FastCheck.pre(full.slice(0, at) !== full.slice(at))
        const id = again ? "a" : undefined
        const inPieces = tool(0, { id: "a", ...fn(full.slice(0, at), "") }) + tool(0, { id, ...fn(full.slice(at), "") })
        for (const stream of [
          inPieces + tool(0, fn(undefined, "{}")),
          inPieces,
          tool(0, { id: "a", ...fn(full, "") })
        ]) {
          const repeated = stream === inPieces ? "" : tool(0, { id: "a", ...fn(full, "") })
          const { toolCalls } = whole(stream + repeated + finish("tool_calls"))
          assert.deepStrictEqual(
            toolCalls.map((call) => [call.id, call.name]),
            [["a", full]]
          )
        }
      })
    )
  })

  it("a name that goes on after the arguments is refused", () => {
    const begun = tool(0, { id: "a", ...fn("ge", "{") })
    assert.strictEqual(tagOf(begun + tool(0, { id: "a", ...fn("t", "}") }) + finish("tool_calls")), "MalformedStream")
  })

  it("calls begin in the order of their names, also where the first has no arguments", () => {
    const stream = tool(0, { id: "a", ...fn("one", "") }) + tool(1, { id: "b", ...fn("two", "{}") })
    const { toolCalls } = whole(stream + finish("tool_calls"))
    assert.deepStrictEqual(
      toolCalls.map(({ id }) => id),
      ["a", "b"]
    )
  })

  it("arguments that are not what the protocol says are refused", () => {
    for (const args of [[1], [], 7, true, false]) {
      assert.strictEqual(tagOf(tool(0, { id: "a", ...fn("one", args) }) + finish("tool_calls")), "MalformedStream")
    }
    for (const call of [
      { function: "one" },
      { function: { name: "one", parameters: { a: 1 } } },
      { function: { name: "one", input: "1" } },
      { name: "one", args: { a: 1 } },
      { type: "custom", custom: { name: "one", input: "text" } }
    ]) {
      assert.strictEqual(tagOf(tool(0, { id: "a", ...call }) + finish("tool_calls")), "MalformedStream")
    }
    assert.strictEqual(tagOf(chunk({ tool_calls: ["one"] }) + finish("tool_calls")), "MalformedStream")
    assert.strictEqual(tagOf(chunk({ function_call: "one" }) + finish("function_call")), "MalformedStream")
    const twice = tool(0, { id: "a", ...fn("one", { a: 1 }) }) + tool(0, fn(undefined, '{"b":2}'))
    assert.strictEqual(tagOf(twice + finish("tool_calls")), "MalformedStream")
    const mixed = tool(0, { id: "a", ...fn("one", "{") }) + tool(0, fn(undefined, { a: 1 }))
    assert.strictEqual(tagOf(mixed + finish("tool_calls")), "MalformedStream")
  })

  it("a number may go on: it is a call only where the vendor says so", () => {
    for (const json of ["12", "-1", " 7", "1e3"]) {
      const call = tool(0, { id: "a", ...fn("one", json) })
      assert.deepStrictEqual(whole(call + finish("stop")).toolCalls, [])
      assert.strictEqual(whole(call + finish("stop")).incompleteToolCalls[0]?.json, json)
      assert.strictEqual(whole(call + finish("tool_calls")).toolCalls[0]?.arguments, Number(json))
      assert.strictEqual(tagOf(call + done), "StreamTruncated")
    }
    const object = whole(tool(0, { id: "a", ...fn("one", '{"n":12}') }) + finish("stop"))
    assert.deepStrictEqual(object.toolCalls[0]?.arguments, { n: 12 })
  })

  it("no arguments are none only where the vendor says that it called", () => {
    const call = tool(0, { id: "a", ...fn("one", "") })
    assert.deepStrictEqual(whole(call + finish("tool_calls")).toolCalls[0]?.arguments, {})
    assert.deepStrictEqual(whole(call + finish("stop")).toolCalls, [])
  })

  it("many calls cost no more than their number", () => {
    const count = 12_000
    const calls = Array.from({ length: count }, (_, at) => tool(at, { id: `c${at}`, ...fn("one", "{}") })).join("")
    const more = Array.from({ length: count }, (_, at) => tool(at, fn(undefined, " "))).join("")
    const before = performance.now()
    assert.strictEqual(whole(calls + more + finish("tool_calls")).toolCalls.length, count)
    assert.isBelow(performance.now() - before, 5000)
  })
})

describe("tokens", () => {
  const told = (prompt_tokens: unknown, completion_tokens: unknown) =>
    whole(chunk({ content: "a" }) + finish("stop", {}, { usage: { prompt_tokens, completion_tokens } })).usage

  it("are unknown over Anthropic Messages and Responses too, and so is a sum with an unknown part", () => {
    const anthropic = (usage: object) =>
      wholeAny(
        "anthropic-messages",
        messageStart(usage) + textBlock(0, "a") + messageDelta("end_turn", { output_tokens: 1.5 }) + messageStop
      ).usage
    assert.strictEqual(anthropic({ input_tokens: 10, cache_read_input_tokens: 5 }).inputTokens, 15)
    assert.isUndefined(anthropic({ input_tokens: 10 }).outputTokens)
    for (const odd of [-5, 0.5]) {
      const usage = anthropic({ input_tokens: 10, cache_read_input_tokens: odd })
      assert.deepStrictEqual([usage.inputTokens, usage.cacheReadTokens], [undefined, undefined])
      const response = { id: "r", status: "completed", output: [], usage: { input_tokens: odd, output_tokens: 3 } }
      const told = wholeAny("responses", unnamed({ type: "response.completed", response })).usage
      assert.deepStrictEqual([told.inputTokens, told.outputTokens], [undefined, 3])
    }
  })

  it("that count nothing are unknown", () => {
    const good = FastCheck.nat({ max: Number.MAX_SAFE_INTEGER })
    const bad = FastCheck.oneof(
      FastCheck.integer({ max: -1 }),
      FastCheck.double({ noInteger: true }),
      FastCheck.constantFrom<unknown>("12", null, true, {}, 1e300)
    )
    FastCheck.assert(
      FastCheck.property(good, bad, (fine, odd) => {
        assert.deepStrictEqual([told(fine, odd).inputTokens, told(fine, odd).outputTokens], [fine, undefined])
        assert.deepStrictEqual([told(odd, fine).inputTokens, told(odd, fine).outputTokens], [undefined, fine])
      })
    )
    const infinite = `${chunk({ content: "a" })}data: {"choices":[],"usage":{"prompt_tokens":1e999}}\n\n${finish("stop")}`
    assert.isUndefined(whole(infinite).usage.inputTokens)
  })
})
