/**
 * Responses streams that contradict themselves, or whose content has another form than the protocol's.
 */
import { assert, describe, it } from "@effect/vitest"
import { run, type Trust, whole } from "../support/protocol/decode.js"
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
  search,
  textDelta,
  textItem
} from "../support/protocol/responsesSamples.js"

const trusts: ReadonlyArray<Trust> = ["shown", "vendor"]

const place = { item_id: "msg_0", output_index: 0, content_index: 0 }

const bare = { ...textItem(0, ""), content: undefined }

/** A piece of the part with an index. */
const at = (content_index: number, delta: string) =>
  event("response.output_text.delta", { ...place, content_index, delta })

const textDone = (text: string, where: object = {}) => event("response.output_text.done", { ...place, ...where, text })

describe("Responses that contradict themselves", () => {
  const begun = added(0, callItem(0, "one", ""))
  const other = textItem(0, "Hello")
  const cases: ReadonlyArray<readonly [string, string, string]> = [
    ["another text at the end of the text", textDelta(0, "Hi") + textDone("Hello"), "Hello"],
    ["another text at the end of the item", textDelta(0, "Hi") + done(0, other), "Hello"],
    ["another text in the final event", message(0, "Hi") + completed([other]), "Hello"],
    [
      "a message of the final event that stands before others",
      message(1, "you") + completed([other, textItem(1, "you")]),
      "Helloyou"
    ],
    [
      "messages in another order",
      message(0, "a") + message(1, "b") + completed([textItem(1, "b"), textItem(0, "a")]),
      "ba"
    ],
    [
      "a message that the final event lacks",
      message(0, "Hi") + message(1, "Hello") + completed([textItem(1, "Hello")]),
      "Hello"
    ],
    ["more of a text that was whole", textDelta(0, "Hello") + textDone("Hello") + textDelta(0, "lo"), "Hello"],
    ["more of a message that was whole", message(0, "Hello") + textDelta(0, "lo"), "Hello"],
    [
      "a part that is said to be of another kind",
      textDelta(0, "Hi") +
        done(0, {
          ...other,
          content: [
            { type: "refusal", refusal: "No" },
            { type: "output_text", text: "Hello" }
          ]
        }),
      "Hello"
    ],
    [
      "another text for a text that had none of it",
      textDelta(0, "Hi") + textDone("Hello") + textDone("Hello!"),
      "Hello!"
    ]
  ]
  const more: typeof cases = [
    ["parts in another order", at(1, "b") + at(0, "a") + done(0, { ...other, content: ["a", "b"] }), "ab"],
    [
      "a text that is said to be something unknown",
      textDelta(0, "Hi") + event("response.content_part.done", { ...place, part: { type: "hologram" } }),
      "Hi"
    ],
    [
      "messages in another order than their places",
      added(0, bare) + added(1, { ...bare, id: "msg_1" }) + textDelta(1, "b") + textDelta(0, "a"),
      "ab"
    ]
  ]
  for (const [name, body, text] of [...cases, ...more]) {
    it(`fail where it was shown, else take the last word: ${name}`, () => {
      const { fault, response } = run("responses", created + body + completed())
      assert.deepStrictEqual([fault?._tag, fault?.contradicts], ["MalformedStream", true])
      assert.isUndefined(response)
      assert.strictEqual(whole("responses", created + body + completed(), "vendor").text, text)
    })
  }

  const calls: ReadonlyArray<readonly [string, string, ReadonlyArray<unknown>]> = [
    [
      "other arguments at their end",
      begun +
        argumentsDelta(0, '{"x":1}') +
        event("response.function_call_arguments.done", { output_index: 0, arguments: '{"x":10}' }),
      [{ x: 10 }]
    ],
    [
      "other arguments at the end of the item",
      begun + argumentsDelta(0, '{"x":1}') + done(0, callItem(0, "one", '{"x":10}')),
      [{ x: 10 }]
    ],
    [
      "other arguments in the final event",
      call(0, "one", '{"x":1}') + completed([callItem(0, "one", '{"x":10}')]),
      [{ x: 10 }]
    ],
    [
      "a digit after the end of arguments",
      begun +
        argumentsDelta(0, "1") +
        event("response.function_call_arguments.done", { output_index: 0, arguments: "1" }) +
        argumentsDelta(0, "2") +
        done(0, callItem(0, "one", "1")),
      [1]
    ],
    ["another name", begun + argumentsDelta(0, "{}") + done(0, callItem(0, "two", "{}")), [{}]],
    ["a call that the final event lacks", call(0, "one", "{}") + message(1, "a") + completed([textItem(1, "a")]), []],
    [
      "another input of a custom tool",
      added(0, customItem(0, "sql", "")) + inputDelta(0, "a") + done(0, customItem(0, "sql", "b")),
      ["b"]
    ]
  ]
  const late: typeof calls = [
    [
      "a digit after the end of arguments, and no end of the item",
      begun +
        argumentsDelta(0, "1") +
        event("response.function_call_arguments.done", { output_index: 0, arguments: "1" }) +
        argumentsDelta(0, "2"),
      [1]
    ]
  ]
  for (const [name, body, args] of [...calls, ...late]) {
    it(`have no call that was not meant: ${name}`, () => {
      const { fault, response } = run("responses", created + body + completed())
      assert.deepStrictEqual([fault?._tag, fault?.contradicts], ["MalformedStream", true])
      assert.isUndefined(response)
      const { incompleteToolCalls, toolCalls } = whole("responses", created + body + completed(), "vendor")
      assert.deepStrictEqual(
        toolCalls.map((made) => made.arguments),
        args
      )
      assert.deepStrictEqual(incompleteToolCalls, [])
    })
  }

  it("keep what else the last word has: reasons, annotations, items that are kept whole", () => {
    const protocol = "responses"
    const a = { type: "url_citation", url: "a" }
    const item = { ...textItem(1, ""), content: [{ type: "output_text", text: "Hello", annotations: [a] }] }
    const body =
      created + done(0, search(0)) + textDelta(1, "Hi") + annotation(1, a) + call(2, "one", "{}") + done(1, item)
    for (const end of [completed(), completed([search(0), item, callItem(2, "one", "{}")])]) {
      const { content, finishReason } = whole("responses", body + end, "vendor")
      assert.deepStrictEqual<unknown>(
        content.map((part) => (part.type === "provider" ? part.name : part)),
        [
          "web_search_call",
          { type: "text", text: "Hello" },
          { type: "citation", url: "a", title: undefined, start: undefined, end: undefined, value: a, protocol },
          { type: "tool-call", id: "call_2", name: "one", arguments: {} }
        ]
      )
      assert.strictEqual(finishReason.reason, "tool-calls")
    }
  })

  it("are two answers where the other text has another id", () => {
    for (const trust of trusts) {
      const body = created + message(0, "Hi") + completed([textItem(0, "Hello")], { id: "resp_2" })
      assert.strictEqual(run("responses", body, trust).fault?._tag, "MalformedStream")
      assert.strictEqual(
        run("responses", created + message(0, "Hi") + created + completed(), trust).fault?._tag,
        "MalformedStream"
      )
    }
  })

  it("are not where another item has the place of one that was whole", () => {
    const another = textDelta(0, "b").replaceAll("msg_0", "msg_9") + done(0, { ...textItem(0, "b"), id: "msg_9" })
    assert.strictEqual(whole("responses", created + message(0, "a") + another + completed()).text, "ab")
  })

  it("are where an item that was whole is announced again and goes on", () => {
    const again = argumentsDelta(0, "{}") + done(0, callItem(0, "one", "{}")) + begun + argumentsDelta(0, "{}")
    const { fault } = run("responses", created + again + completed())
    assert.strictEqual(fault?._tag, "MalformedStream")
  })

  it("are none where only white space around the text differs, or nothing is said", () => {
    for (const body of [
      textDelta(0, " Hi\n") + textDone("Hi") + done(0, textItem(0, "Hi")) + completed([textItem(0, " Hi")]),
      textDelta(0, " Hi\n") +
        textDone("") +
        done(0, textItem(0, "")) +
        completed([{ ...textItem(0, ""), content: [] }]),
      textDelta(0, " Hi\n") + done(0, { ...textItem(0, ""), content: null }),
      at(1, " Hi\n") + done(0, textItem(0, "Hi"))
    ]) {
      assert.strictEqual(whole("responses", created + body + completed()).text, " Hi\n")
    }
    const cut = message(0, "Hi") + call(1, "one", "{}") + added(2, callItem(2, "two", "")) + argumentsDelta(2, "{")
    const ended = whole(
      "responses",
      created + cut + incomplete("max_output_tokens", [textItem(0, "Hi"), callItem(1, "one", "{}")])
    )
    assert.deepStrictEqual([ended.text, ended.toolCalls.length, ended.incompleteToolCalls.length], ["Hi", 1, 1])
  })

  it("with an error in the final event are errors", () => {
    for (const [error, tag] of [
      [{ code: "server_is_overloaded", message: "" }, "Overloaded"],
      ["out of luck", "ServerError"]
    ] as const) {
      const body = created + message(0, "Hi") + completed([textItem(0, "Hi")], { error })
      assert.strictEqual(run("responses", body).fault?._tag, tag)
    }
    for (const error of [null, {}, { code: null, message: "" }]) {
      assert.strictEqual(whole("responses", created + message(0, "Hi") + completed([], { error })).text, "Hi")
    }
  })
})

describe("Responses numbers", () => {
  const numbered = (body: string, numbers: ReadonlyArray<number>) => {
    let at = 0
    return body.replaceAll(
      /"type":"response\.[^"]+"/g,
      (type) => `${type},"sequence_number":${numbers[at++] ?? at - 1}`
    )
  }
  const texts = textDelta(0, "a") + textDelta(0, "b")

  it("that have a gap or come twice need a final event that has the answer", () => {
    for (const numbers of [
      [0, 1, 3, 4],
      [0, 1, 1, 2],
      [0, 2, 1, 3]
    ]) {
      const bare = run("responses", numbered(created + texts + completed(), numbers))
      assert.strictEqual(bare.fault?._tag, "MalformedStream")
      const proven = numbered(created + texts + completed([textItem(0, "ab")]), numbers)
      assert.strictEqual(whole("responses", proven).text, "ab")
      const other = numbered(created + texts + completed([textItem(0, "aab")]), numbers)
      assert.strictEqual(run("responses", other).fault?.contradicts, true)
      assert.strictEqual(whole("responses", other, "vendor").text, "aab")
    }
  })

  it("that number nothing say nothing", () => {
    for (const numbers of [
      [0, 0, 0, 0],
      [5, 6, 7, 8]
    ]) {
      assert.strictEqual(whole("responses", numbered(created + texts + completed(), numbers)).text, "ab")
    }
  })
})
