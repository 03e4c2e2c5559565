import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { bytes, checkGrammar, cut, decoderOf, run, runChunks } from "../support/protocol/decode.js"
import {
  chunk,
  done,
  finish,
  messageDelta,
  messageStart,
  messageStop,
  samples,
  textBlock,
  usage
} from "../support/protocol/samples.js"

const finishes = (events: ReadonlyArray<{ readonly _tag: string }>) =>
  events.filter((event) => event._tag === "Finish").length

const sample = FastCheck.constantFrom(...samples)

const lengths = FastCheck.array(FastCheck.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 })

describe("Decoder laws", () => {
  for (const { after, before, name, proof, protocol } of samples) {
    const body = bytes(before + proof + after)
    // Its blank line adds nothing.
    const proven = bytes(before + proof.trimEnd()).length

    it(`finishes once, last, and keeps the grammar: ${name}`, () => {
      const result = run(protocol, before + proof + after)
      checkGrammar(result)
      assert.strictEqual(finishes(result.events), 1)
    })

    it(`cut before the proof never finishes, cut after it always does: ${name}`, () => {
      for (let length = 0; length <= body.length; length++) {
        const result = runChunks(protocol, [body.subarray(0, length)])
        assert.strictEqual(finishes(result.events), length < proven ? 0 : 1, `cut at ${length} of ${body.length}`)
        if (length < proven) assert.include(["StreamTruncated", "MalformedStream"], result.fault?._tag)
        if (length % 7 === 0 || length === proven) checkGrammar(result)
      }
    })

    it(`gives the same in single bytes and with other line ends: ${name}`, () => {
      const expected = run(protocol, before + proof + after).events
      assert.deepStrictEqual(runChunks(protocol, cut(body, [1])).events, expected)
      for (const newline of ["\r", "\r\n"]) {
        const other = bytes((before + proof + after).replaceAll("\n", newline))
        assert.deepStrictEqual(runChunks(protocol, cut(other, [1])).events, expected)
        assert.deepStrictEqual(runChunks(protocol, [other]).events, expected)
      }
    })

    it(`needs no event names, and comments change nothing: ${name}`, () => {
      const text = before + proof + after
      const expected = run(protocol, text).events
      assert.deepStrictEqual(run(protocol, text.replaceAll(/^event: .*\n/gm, "")).events, expected)
      assert.deepStrictEqual(run(protocol, text.replaceAll("\n\n", "\n\n: alive\n\n")).events, expected)
    })
  }

  it("gives the same however the bytes are cut", () => {
    FastCheck.assert(
      FastCheck.property(sample, lengths, ({ after, before, proof, protocol }, cuts) => {
        const text = before + proof + after
        assert.deepStrictEqual(runChunks(protocol, cut(bytes(text), cuts)).events, run(protocol, text).events)
      }),
      { numRuns: 300 }
    )
  })

  it("gives events or a fault for any bytes, never an exception", () => {
    const edit = FastCheck.record({
      at: FastCheck.double({ min: 0, max: 1, noNaN: true }),
      remove: FastCheck.nat(40),
      insert: FastCheck.oneof(
        FastCheck.uint8Array({ maxLength: 4 }),
        FastCheck.constantFrom("null", "{}", "[]", '"', "-1", "1e999", "\n\n", "data: ", '"index":7,', "__proto__").map(
          bytes
        )
      )
    })
    FastCheck.assert(
      FastCheck.property(
        sample,
        FastCheck.array(edit, { minLength: 1, maxLength: 6 }),
        lengths,
        ({ after, before, proof, protocol }, edits, cuts) => {
          let body = bytes(before + proof + after)
          for (const { at, insert, remove } of edits) {
            const from = Math.floor(at * body.length)
            body = Uint8Array.of(...body.subarray(0, from), ...insert, ...body.subarray(from + remove))
          }
          const result = runChunks(protocol, [body])
          if (result.events.length > 0) checkGrammar(result)
          assert.deepStrictEqual(runChunks(protocol, cut(body, cuts)), result)
        }
      ),
      { numRuns: 3000 }
    )
  })

  it("gives events or a fault for any order of events", () => {
    const picks = FastCheck.array(FastCheck.nat(30), { maxLength: 30 })
    FastCheck.assert(
      FastCheck.property(sample, sample, picks, (one, other, order) => {
        const events = (one.before + other.before + one.proof + one.after).split(/(?<=\n\n)/)
        const result = run(one.protocol, order.map((at) => events[at % events.length]).join(""))
        if (result.events.length > 0) checkGrammar(result)
      }),
      { numRuns: 2000 }
    )
  })

  it("takes any JSON for an event without an exception", () => {
    const key = FastCheck.constantFrom(
      "type",
      "index",
      "delta",
      "choices",
      "content",
      "tool_calls",
      "usage",
      "error",
      "id",
      "item",
      "item_id",
      "output_index",
      "part",
      "response",
      "output",
      "summary",
      "arguments"
    )
    const { json } = FastCheck.letrec((tie) => ({
      json: FastCheck.oneof(
        { maxDepth: 6 },
        FastCheck.constantFrom(null, true, 0, -1, "", "x", "error", "content_block_start", "text_delta", "tool_use"),
        FastCheck.constantFrom(
          "message",
          "reasoning",
          "function_call",
          "output_text",
          "response.output_item.added",
          "response.output_item.done",
          "response.content_part.done",
          "response.output_text.delta",
          "response.completed"
        ),
        FastCheck.array(tie("json"), { maxLength: 3 }),
        FastCheck.dictionary(key, tie("json"), { maxKeys: 6 })
      )
    }))
    FastCheck.assert(
      FastCheck.property(sample, FastCheck.array(json, { maxLength: 5 }), ({ before, proof, protocol }, values) => {
        const result = run(
          protocol,
          before + values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join("") + proof
        )
        if (result.events.length > 0) checkGrammar(result)
      }),
      { numRuns: 2000 }
    )
  })

  it("gives an empty body as truncated", () => {
    for (const protocol of ["anthropic-messages", "chat-completions", "responses"] as const) {
      const decoder = decoderOf(protocol)
      assert.deepStrictEqual(decoder.end(), [])
      assert.strictEqual(decoder.fault?._tag, "StreamTruncated")
      assert.isFalse(decoder.started)
    }
  })

  it("drops what comes after the end, in the same chunk and later", () => {
    const decoder = decoderOf("anthropic-messages")
    const late = textBlock(1, "late")
    const events = decoder.push(
      bytes(messageStart() + textBlock(0, "a") + messageDelta("end_turn") + messageStop + late)
    )
    assert.strictEqual(events.at(-1)?._tag, "Finish")
    assert.deepStrictEqual([...decoder.push(bytes(late)), ...decoder.end()], [])
    assert.strictEqual(decoder.verdict, "Finished")
  })

  it("keeps a finished answer when the rest of the body is over the limit", () => {
    const decoder = decoderOf("chat-completions")
    const body = chunk({ content: "a" }) + finish("stop") + done
    decoder.push(bytes(`${body}data: ${"x".repeat(17 * 1024 * 1024)}`))
    assert.strictEqual(decoder.verdict, "Finished")
    assert.isUndefined(decoder.fault)
  })

  it("a fault after the proof does not undo it", () => {
    for (const bad of [
      "data: {cut\n\n",
      'data: {"error":{"message":"late"}}\n\n',
      `data: ${"x".repeat(17 * 1024 * 1024)}`
    ]) {
      const decoder = decoderOf("chat-completions")
      decoder.push(bytes(chunk({ content: "a" }) + finish("stop")))
      assert.strictEqual(decoder.verdict, "Proven")
      decoder.push(bytes(chunk(undefined, { usage }) + bad))
      assert.strictEqual(decoder.verdict, "Finished")
      assert.isUndefined(decoder.fault)
    }
  })
})
