import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { type Frame, serverSentEvents } from "../../src/protocol/Framing.js"
import { bytes, cut } from "../support/protocol/decode.js"

const readChunks = (chunks: ReadonlyArray<Uint8Array>, max = 1_000_000) => {
  const events: Array<Frame> = []
  const sse = serverSentEvents.reader(max)
  // What else the parser knows of an event is nobody's concern.
  const push = (chunk: Uint8Array) => {
    for (const { data, event } of sse.push(chunk)) events.push({ event, data })
  }
  for (const chunk of chunks) push(chunk)
  for (const { data, event } of sse.end()) events.push({ event, data })
  assert.deepStrictEqual(sse.end(), [])
  push(bytes("data: after the end\n\n"))
  return { events, fault: sse.fault }
}

const read = (text: string, max = 1_000_000) => readChunks([bytes(text)], max)

const readBytewise = (text: string, max = 1_000_000) => readChunks(cut(bytes(text), [1]), max)

const data = (text: string) => read(text).events.map((event) => event.data)

describe("serverSentEvents", () => {
  const plain = "event: a\ndata: 1\n\ndata: 2\ndata: 3\n\n"
  const expected = [
    { event: "a", data: "1" },
    { event: undefined, data: "2\n3" }
  ]

  for (const [name, newline] of Object.entries({ LF: "\n", CR: "\r", CRLF: "\r\n" })) {
    it(`reads lines that end with ${name}, whole and byte by byte`, () => {
      const text = plain.replaceAll("\n", newline)
      assert.deepStrictEqual(read(text).events, expected)
      assert.deepStrictEqual(readBytewise(text).events, expected)
    })
  }

  it("drops a byte order mark", () => {
    assert.deepStrictEqual(readBytewise(`\uFEFF${plain}`).events, expected)
  })

  it("puts characters together that chunks cut apart", () => {
    assert.deepStrictEqual(readBytewise("data: ü€🌍\n\n").events, [{ event: undefined, data: "ü€🌍" }])
  })

  it("ignores comments, retry, id and unknown fields", () => {
    assert.deepStrictEqual(data(": hello\nretry: 10\nretry: soon\nid: 7\nwhatever\nother: 1\ndata:x\n\n:\n\n"), ["x"])
  })

  it("drops an event that the end of the body cuts", () => {
    for (const end of ["data: 2", "data: 2\n", "data: 2\r", "data: 2\r\n", "event: x\n"]) {
      assert.deepStrictEqual(data(`data: 1\n\n${end}`), ["1"])
      assert.strictEqual(readBytewise(`data: 1\n\n${end}`).events.length, 1)
    }
  })

  it("takes an event that the end of the body cuts no more than its blank line of, where that is certain", () => {
    for (const whole of ['{"a":1}', '{"a":[1]} ', "[1]", " {}", "[DONE]"]) {
      for (const end of ["", "\n", "\r", "\r\n", "\nid: 1", "\n: x"]) {
        assert.deepStrictEqual(data(`data: 1\n\ndata:${whole}${end}`), ["1", whole.replace(/^ /, "")])
        const { events } = readBytewise(`event: x\ndata: ${whole}${end}`)
        assert.deepStrictEqual(events, [{ event: "x", data: whole }])
      }
    }
  })

  it("drops one that could have been longer", () => {
    for (const part of [
      "1",
      "12",
      '"a"',
      "null",
      '{"a":1',
      "{}x",
      "{}\ndata: x",
      "[DON",
      "DONE]",
      "",
      "[]\ndata: []"
    ]) {
      assert.deepStrictEqual(data(`data: 1\n\ndata: ${part}`), ["1"])
    }
    // Half a character at the end.
    assert.deepStrictEqual(readChunks([bytes("data: {}"), Uint8Array.of(0xe2, 0x82)]).events, [])
  })

  it("never takes a beginning of an event for the whole of it", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), FastCheck.nat(), (value, at) => {
        const text = JSON.stringify([value])
        assert.deepStrictEqual(data(`data: ${text}`), [text])
        assert.deepStrictEqual(data(`data: ${text.slice(0, at % text.length)}`), [])
      }),
      { numRuns: 1000 }
    )
  })

  it("takes a lone CR at the end of the body as the end of its line", () => {
    assert.deepStrictEqual(data("data: 1\r\r"), ["1"])
    assert.deepStrictEqual(data("data: 1\r\n\r"), ["1"])
    assert.strictEqual(readBytewise("data: 1\r\r").events.length, 1)
  })

  it("gives an event at its blank line, also when that is a CR whose LF may follow", () => {
    const sse = serverSentEvents.reader(1_000)
    assert.strictEqual(sse.push(bytes("data: 1\r\n\r")).length, 1)
    assert.strictEqual(sse.push(bytes("\ndata: 2")).length, 0)
    assert.strictEqual(sse.push(bytes("\r\r")).length, 1)
  })

  it("never throws on bytes that are not UTF-8", () => {
    const { events } = readChunks([Uint8Array.of(0xff, 0xfe, 0x0a), bytes("data: 1\n\ndata: "), Uint8Array.of(0xe2)])
    assert.deepStrictEqual(events, [{ event: undefined, data: "1" }])
  })

  describe("stops with a fault", () => {
    const long = "x".repeat(50)
    const cases = {
      "at a long event": `data: 1\n\ndata: ${long}\n\ndata: 2\n\n`,
      "at a long event of many lines": `data: 1\n\n${"data: xxxx\n".repeat(11)}\ndata: 2\n\n`,
      "at a long comment": `data: 1\n\n: ${long}\n\ndata: 2\n\n`,
      "at a long field of no meaning": `data: 1\n\nother: ${long}\n\ndata: 2\n\n`,
      "at a line without an end": `data: 1\n\ndata: ${long}${long}`
    }
    for (const [name, text] of Object.entries(cases)) {
      it(name, () => {
        for (const { events, fault } of [read(text, 40), readBytewise(text, 40)]) {
          assert.deepStrictEqual(events, [{ event: undefined, data: "1" }])
          assert.strictEqual(fault?._tag, "MalformedStream")
        }
      })
    }
  })

  it("takes an event of just the length that is allowed, however it is cut", () => {
    const text = `data: ${"x".repeat(40)}\r\n\r\ndata: 2\n\n`
    assert.strictEqual(read(text, 40).events.length, 2)
    assert.strictEqual(readBytewise(text, 40).events.length, 2)
    assert.strictEqual(read(text, 39).events.length, 0)
    assert.strictEqual(readBytewise(text, 39).events.length, 0)
  })

  it("gives the same however the bytes are cut", () => {
    const piece = FastCheck.constantFrom(
      "data: ",
      "event: a",
      "\n",
      "\r",
      "\r\n",
      "\n\n",
      ":",
      "ü🌍",
      "x",
      "\uFEFF",
      "id: 1"
    )
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(piece, { maxLength: 40 }),
        FastCheck.array(FastCheck.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        (pieces, lengths) => {
          const body = bytes(pieces.join(""))
          assert.deepStrictEqual(readChunks(cut(body, lengths)), readChunks([body]))
        }
      ),
      { numRuns: 1000 }
    )
  })
})
