/**
 * Anthropic Messages streams that contradict themselves, or whose content has another form than the protocol's.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { run as runAny, type Trust, whole as wholeAny } from "../support/protocol/decode.js"
import {
  answer,
  blockDelta,
  blockStart,
  blockStop,
  messageDelta,
  messageStart,
  messageStop,
  named,
  samples,
  textBlock,
  toolBlock
} from "../support/protocol/samples.js"

const run = (body: string, trust?: Trust) => runAny("anthropic-messages", body, trust)
const whole = (body: string) => wholeAny("anthropic-messages", body)

const bodies = samples
  .filter(({ protocol }) => protocol === "anthropic-messages")
  .map(({ before, proof }) => (before + proof).split(/(?<=\n\n)/))

describe("AnthropicMessages that contradict themselves", () => {
  it("are two answers where a second one begins, in whatever way it is named", () => {
    const body = FastCheck.constantFrom(...bodies)
    FastCheck.assert(
      FastCheck.property(
        body,
        body,
        FastCheck.nat(),
        FastCheck.constantFrom("msg_1", "msg_2", ""),
        (one, two, cut, id) => {
          // At least a block has begun, and the end has not come.
          const kept = one.slice(0, 3 + (cut % (one.length - 3)))
          const other = two.join("").replaceAll('"id":"msg_1"', `"id":"${id}"`)
          for (const trust of ["shown", "vendor"] as const) {
            assert.strictEqual(run(kept.join("") + other, trust).fault?._tag, "MalformedStream")
          }
        }
      )
    )
  })

  it("are refused where content follows the reason to stop, or there are two reasons", () => {
    const text = textBlock(0, "a")
    for (const body of [
      messageStart() + text + messageDelta("end_turn") + textBlock(1, "b") + messageStop,
      messageStart() + text + messageDelta("end_turn") + blockStart(1, { type: "text", text: "b" }) + messageStop,
      messageStart() +
        blockStart(0, { type: "text", text: "" }) +
        messageDelta("end_turn") +
        blockDelta(0, { type: "text_delta", text: "b" }) +
        messageStop,
      messageStart() + text + messageDelta("end_turn") + messageDelta("tool_use") + messageStop
    ]) {
      assert.strictEqual(run(body).fault?._tag, "MalformedStream")
    }
    const twice = messageDelta("end_turn") + messageDelta("end_turn", { output_tokens: 7 })
    const { finishReason, text: said, usage } = whole(messageStart() + text + twice + messageStop)
    assert.deepStrictEqual([said, finishReason.reason, usage.outputTokens], ["a", "stop", 7])
    const open = blockStart(0, { type: "text", text: "a" })
    assert.strictEqual(whole(messageStart() + open + messageDelta("end_turn") + blockStop(0) + messageStop).text, "a")
  })
})

describe("AnthropicMessages with content in another form", () => {
  const message = (content: unknown) =>
    named({ type: "message_start", message: { id: "msg_1", content, stop_reason: "end_turn" } } as { type: string }) +
    messageStop

  it("are read where it is plain what is meant", () => {
    assert.strictEqual(whole(message("Hello")).text, "Hello")
    const tool = (input: unknown) => blockStart(0, { type: "tool_use", id: "a", name: "one", input }) + blockStop(0)
    for (const input of [{ x: 1 }, '{"x":1}']) {
      assert.deepStrictEqual(whole(answer(tool(input), "tool_use")).toolCalls[0]?.arguments, { x: 1 })
    }
    for (const input of [{}, "", null]) {
      assert.deepStrictEqual(whole(answer(tool(input), "tool_use")).toolCalls[0]?.arguments, {})
    }
    const delta = blockDelta(0, { type: "input_json_delta", partial_json: { x: 1 } })
    const begun = blockStart(0, { type: "tool_use", id: "a", name: "one", input: {} })
    assert.deepStrictEqual(whole(answer(begun + delta + blockStop(0), "tool_use")).toolCalls[0]?.arguments, { x: 1 })
  })

  it("are refused by name where it is not", () => {
    const inText = (delta: object) =>
      answer(blockStart(0, { type: "text", text: "" }) + blockDelta(0, delta) + blockStop(0))
    const inTool = (delta: object) =>
      answer(toolBlock(0, "a", "one").replace(blockStop(0), "") + blockDelta(0, delta) + blockStop(0))
    for (const body of [
      inText({ type: "text_delta", text: ["a"] }),
      inText({ type: "text_delta", text: { value: "a" } }),
      inText({ text: "a" }),
      inText({ type: "sparkle_delta", text: "a" }),
      inTool({ type: "input_json_delta", partial_json: [1] }),
      inTool({ type: "input_json_delta", partial_json: 1 }),
      answer(blockStart(0, { type: "text", text: ["a"] }) + blockStop(0)),
      answer(blockStart(0, { type: "thinking", thinking: {} }) + blockStop(0)),
      answer(
        blockStart(0, { type: "thinking", thinking: "" }) + blockDelta(0, { type: "thinking_delta", thinking: 1 })
      ),
      answer(blockStart(0, { type: "tool_use", id: "a", name: "one", input: [1] }) + blockStop(0)),
      answer(blockStart(0, { type: "brand_new" }) + blockDelta(0, { type: "text_delta", text: "a" }) + blockStop(0)),
      message({ type: "text", text: "Hello" }),
      answer(named({ type: "completion", completion: "Hello" } as { type: string })),
      answer('data: {"choices":[{"delta":{"content":"Hello"}}]}\n\n')
    ]) {
      const { fault, response } = run(body)
      assert.strictEqual(fault?._tag, "MalformedStream", body)
      assert.isUndefined(response)
    }
  })

  it("go on over what is new, if there is an answer", () => {
    const news = named({ type: "brand_new", delta: "x" } as { type: string })
    assert.strictEqual(whole(answer(news + textBlock(0, "a"))).text, "a")
    assert.strictEqual(whole(answer(named({ type: "brand_new" }))).text, "")
  })
})
