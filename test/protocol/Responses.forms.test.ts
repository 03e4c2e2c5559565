/**
 * Responses streams whose content has another form than the protocol's.
 */
import { assert, describe, it } from "@effect/vitest"
import { run, whole } from "../support/protocol/decode.js"
import {
  added,
  argumentsDelta,
  call,
  callItem,
  completed,
  created,
  done,
  event,
  message,
  search,
  textDelta,
  textItem
} from "../support/protocol/responsesSamples.js"

const place = { item_id: "msg_0", output_index: 0, content_index: 0 }

const bare = { ...textItem(0, ""), content: undefined }

describe("Responses with content in another form", () => {
  it("are read where it is plain what is meant", () => {
    for (const [body, text] of [
      [done(0, { ...bare, content: "Hello" }), "Hello"],
      [done(0, { ...bare, content: { type: "output_text", text: "Hello" } }), "Hello"],
      [done(0, { ...bare, content: ["Hel", { text: "lo" }] }), "Hello"],
      [completed([], { output_text: "Hello" }), "Hello"],
      [textDelta(0, "Hello") + completed([], { output_text: "Hello" }), "Hello"]
    ] as const) {
      assert.strictEqual(whole("responses", created + body + completed()).text, text)
    }
    const object = argumentsDelta(0, "x").replace('"x"', '{"x":1}')
    assert.deepStrictEqual(
      whole(
        "responses",
        created +
          added(0, callItem(0, "one", "")) +
          object +
          done(0, { ...callItem(0, "one", ""), arguments: { x: 1 } }) +
          completed()
      ).toolCalls[0]?.arguments,
      { x: 1 }
    )
  })

  it("are refused by name where it is not", () => {
    const odd = { ...callItem(0, "one", ""), arguments: [1] }
    for (const body of [
      event("response.output_text.delta", { ...place, delta: ["a"] }),
      event("response.output_text.delta", { ...place, text: "a" }),
      event("response.output_text.done", { ...place, text: { value: "a" } }),
      event("response.reasoning_text.delta", { output_index: 0, delta: 7 }),
      event("response.refusal.delta", { ...place, delta: {} }),
      event("response.content_part.done", { ...place, part: 7 }),
      event("response.content_part.added", { ...place, part: { type: "output_text", text: ["a"] } }),
      done(0, { ...bare, content: 7 }),
      done(0, { ...bare, content: [7] }),
      done(0, { ...bare, content: [{ type: "output_text", text: {} }] }),
      added(0, { ...bare, content: 7 }),
      done(0, odd),
      call(0, "one", "{}") + completed([odd]),
      event("response.function_call_arguments.delta", { output_index: 0, delta: [1] }),
      event("response.function_call_arguments.done", { output_index: 0, arguments: true }),
      done(0, { ...callItem(0, "one", "{}"), name: "" }),
      completed([], { output: "Hello" }),
      completed([], { output: ["Hello"] }),
      completed([{ ...bare, content: 7 }]),
      event("response.text.delta", { delta: "Hello" }),
      added(0, search(0)) + event("response.output_text.delta", { ...place, item_id: "ws_0", delta: "Hello" })
    ]) {
      const { fault, response } = run("responses", created + body + completed())
      assert.strictEqual(fault?._tag, "MalformedStream", body)
      assert.isUndefined(response)
    }
  })

  it("go on over events that are new, if there is an answer", () => {
    const body = event("response.brand_new", { delta: "x" }) + message(0, "a")
    assert.strictEqual(whole("responses", created + body + completed()).text, "a")
    assert.strictEqual(whole("responses", created + event("response.brand_new", { n: 1 }) + completed()).text, "")
  })
})
