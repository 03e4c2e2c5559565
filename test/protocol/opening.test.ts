/**
 * How a body is read is decided by how it begins, however it is cut; the content type counts only where that says nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Wire } from "effect-redial/testing"
import { type Beginning, type Framing, jsonLines, serverSentEvents } from "../../src/protocol/Framing.js"
import { Opening } from "../../src/protocol/internal/opening.js"
import { bytes, cut, decoderOf, run, runChunks } from "../support/protocol/decode.js"
import { samples } from "../support/protocol/samples.js"

type ContentType = string | null | undefined

const open = (chunks: ReadonlyArray<Uint8Array>, contentType: ContentType, framing: Framing = serverSentEvents) => {
  const opening = new Opening(framing, contentType)
  const read = [...chunks.map((chunk) => opening.push(chunk)), opening.end()]
  return { beginning: opening.beginning, read: Buffer.concat(read).toString("latin1") }
}

const beginningOf = (text: string, contentType: ContentType, framing?: Framing): Beginning | undefined =>
  open([bytes(text)], contentType, framing).beginning

const types: ReadonlyArray<ContentType> = [undefined, null, "text/event-stream", "application/json", "text/html"]

describe("a body is", () => {
  for (const text of ["{", '{"error":{}}', "[{", '"no"', "<html>", " \r\n\t{}", "\uFEFF{}", "\n\n<"]) {
    it(`a document, whatever its type says: ${JSON.stringify(text)}`, () => {
      for (const type of types) assert.strictEqual(beginningOf(text, type), "document")
    })
  }

  for (const text of [
    "data: 1\n\n",
    "data:",
    "data\n",
    "event: x\n",
    "id:1\r",
    "retry: 5",
    ": alive\n\n",
    "\n\ndata: 1",
    "\uFEFFdata: 1"
  ]) {
    it(`a stream, whatever its type says: ${JSON.stringify(text)}`, () => {
      for (const type of types) assert.strictEqual(beginningOf(text, type), "stream")
    })
  }

  for (const text of [
    "",
    "\n",
    "dat",
    "Data: 1\n",
    "upstream error",
    "null",
    "ok: 1\n",
    "\uFEFF",
    "\n".repeat(5_000)
  ]) {
    it(`what its type says: ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.deepStrictEqual(
        types.map((type) => beginningOf(text, type)),
        ["stream", "stream", "stream", "document", "document"]
      )
      assert.strictEqual(beginningOf(text, "text/plain"), "document")
      assert.strictEqual(beginningOf(text, "Text/Event-Stream; charset=utf-8"), "stream")
    })
  }
})

describe("a body of lines is", () => {
  const first = JSON.stringify({ model: "m", message: { content: "ü" } })
  for (const text of [
    "",
    "\n\r\n ",
    "{}\n",
    `${first}\n${first}\n`,
    `\r\n ${first}\r\n`,
    `\uFEFF${first}\n`,
    `{"error":"no such model"}\n`,
    first,
    first.slice(0, 9),
    `{"text":"${"x".repeat(2_000)}"}\n`
  ]) {
    it(`a stream, whatever its type says: ${JSON.stringify(text.slice(0, 40))}`, () => {
      for (const type of types) assert.strictEqual(beginningOf(text, type, jsonLines), "stream")
    })
  }

  for (const text of [
    `{\n  "error": { "message": "no" }\n}`,
    "{\n}",
    "{not JSON}\n{}\n",
    `[${first}]\n`,
    '"no"\n',
    "null\n",
    "<html>",
    "upstream error",
    "data: {}\n\n",
    " 404"
  ]) {
    it(`a document, whatever its type says: ${JSON.stringify(text)}`, () => {
      for (const type of types) assert.strictEqual(beginningOf(text, type, jsonLines), "document")
    })
  }

  it("decided as soon as its first line is there, and by its first 1024 bytes at the latest", () => {
    const opening = new Opening(jsonLines, undefined)
    assert.strictEqual(opening.push(bytes(first)).length, 0)
    assert.strictEqual(opening.push(bytes("\n")).length, bytes(first).length + 1)
    const long = new Opening(jsonLines, undefined)
    assert.strictEqual(long.push(bytes(`{"a":"${"x".repeat(1_000)}`)).length, 0)
    assert.isAbove(long.push(bytes("x".repeat(30))).length, 1_024)
  })

  it("a stream where a framing of one's own never decides, so that nothing is held for ever", () => {
    const undecided: Framing = { ...jsonLines, begins: () => undefined }
    const opening = new Opening(undecided, undefined)
    assert.strictEqual(opening.push(bytes("x".repeat(1_024))).length, 1_024)
    assert.strictEqual(beginningOf("x", undefined, undecided), "stream")
  })
})

describe("an opening", () => {
  const piece = FastCheck.oneof(
    FastCheck.constantFrom(
      "d",
      "data",
      "da",
      ":",
      "\n",
      "\r",
      " ",
      "\uFEFF",
      "event",
      "{",
      "{}",
      "}",
      "<",
      "x",
      "é",
      '"'
    ),
    FastCheck.string({ maxLength: 3 })
  )
  const text = FastCheck.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""))
  const lengths = FastCheck.array(FastCheck.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })

  it("decides the same however the bytes are cut, and loses none", () => {
    FastCheck.assert(
      FastCheck.property(text, lengths, FastCheck.constantFrom(...types), (text, lengths, type) => {
        const body = bytes(text)
        for (const framing of [serverSentEvents, jsonLines]) {
          const expected = open([body], type, framing)
          assert.strictEqual(expected.read, Buffer.from(body).toString("latin1"))
          assert.deepStrictEqual(open(cut(body, lengths), type, framing), expected)
        }
      }),
      { numRuns: 5_000 }
    )
  })

  it("holds little back, however long nothing comes", () => {
    const opening = new Opening(serverSentEvents, "text/event-stream")
    let held = 0
    for (let i = 0; i < 10_000; i++) held = Math.max(held, i + 1 - opening.push(bytes("\n")).length)
    assert.strictEqual(opening.beginning, "stream")
    const reading = new Opening(serverSentEvents, undefined)
    assert.strictEqual(reading.push(bytes("d")).length, 0)
    assert.strictEqual(Buffer.from(reading.push(bytes("ata: 1"))).toString(), "data: 1")
    assert.strictEqual(Buffer.from(reading.push(bytes("2"))).toString(), "2")
  })
})

describe("a decoder", () => {
  for (const protocol of ["anthropic-messages", "chat-completions", "responses"] as const) {
    it(`reads an error that is no event over ${protocol} as what it is, however it is cut`, () => {
      const overloaded = JSON.stringify(
        Wire.errorBody(protocol, { type: "overloaded_error", code: "overloaded_error" })
      )
      for (const lengths of [[1], [7], [1_000]]) {
        const { events, fault } = runChunks(protocol, cut(bytes(`\n${overloaded}\n`), lengths))
        assert.deepStrictEqual(events, [])
        assert(fault?._tag === "Overloaded")
        assert.strictEqual(fault.requestId, "req_1")
      }
      assert.strictEqual(
        run(protocol, JSON.stringify([{ error: { message: "x", code: 429 } }])).fault?._tag,
        "RateLimited"
      )
    })

    it(`says what came in place of a stream over ${protocol}`, () => {
      const { fault } = run(protocol, "<html><title>Sign in</title></html>")
      assert(fault?._tag === "MalformedStream")
      assert.include(fault.description, '"Sign in"')
      assert.strictEqual(run(protocol, '{"error":{"message":').fault?._tag, "MalformedStream")
    })

    it(`reads a part only of a long document over ${protocol}`, () => {
      const decoder = decoderOf(protocol)
      let read = 0
      while (decoder.verdict === "Open" && read < 10_000_000) {
        decoder.push(bytes(`{"a":"${"x".repeat(1_000)}"}`))
        read += 1_000
      }
      assert.strictEqual(decoder.fault?._tag, "MalformedStream")
      assert.isBelow(read, 100_000)
    })
  }

  it("takes an event as the last one without its blank line, wherever its lines end", () => {
    for (const { after, before, proof, protocol } of samples) {
      const text = before + proof + after
      const expected = run(protocol, text)
      for (const newline of ["\n", "\r", "\r\n"]) {
        const other = text.replaceAll("\n", newline)
        for (const end of [text.trimEnd().length, text.length - 1]) {
          const cutEnd = other.slice(0, newline.length === 1 ? end : other.length - (text.length - end) * 2)
          assert.deepStrictEqual(run(protocol, cutEnd).events, expected.events)
        }
      }
    }
  })
})
