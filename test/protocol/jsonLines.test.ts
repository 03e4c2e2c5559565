/**
 * Lines of JSON: which lines come, however the bytes are cut, and that nothing is kept without a bound.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { jsonLines } from "../../src/protocol/Framing.js"
import { bytes, cut } from "../support/protocol/decode.js"

const readChunks = (chunks: ReadonlyArray<Uint8Array>, max = 1_000_000) => {
  const reader = jsonLines.reader(max)
  const frames = [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()]
  assert.deepStrictEqual([...reader.end(), ...reader.push(bytes("{}\n"))], [])
  return { lines: frames.map(({ data }) => data), fault: reader.fault }
}

const linesOf = (text: string) => readChunks([bytes(text)]).lines

/** The text in all ways of cutting its bytes into two, and byte by byte. */
const cuts = (body: Uint8Array): ReadonlyArray<ReadonlyArray<Uint8Array>> => [
  cut(body, [1]),
  ...Array.from({ length: body.length + 1 }, (_, at) => [body.subarray(0, at), body.subarray(at)])
]

describe("jsonLines", () => {
  for (const [name, newline] of Object.entries({ LF: "\n", CRLF: "\r\n" })) {
    it(`reads lines that end with ${name}, and skips blank ones, wherever they are cut`, () => {
      const body = bytes(['\uFEFF{"a":"ü€🌍"}', "", " \t", '{"b":1}', "not JSON", ""].join(newline))
      for (const chunks of cuts(body)) {
        assert.deepStrictEqual(readChunks(chunks), {
          lines: ['{"a":"ü€🌍"}', '{"b":1}', "not JSON"],
          fault: undefined
        })
      }
    })
  }

  it("leaves a CR that ends no line where it is", () => {
    assert.deepStrictEqual(linesOf("a\rb\nc\r\r\n"), ["a\rb", "c\r"])
  })

  it("takes a last line without its end only where it is an object, and complete", () => {
    assert.deepStrictEqual(linesOf('{"a":1}\n{"b":2}'), ['{"a":1}', '{"b":2}'])
    assert.deepStrictEqual(linesOf('{"a":1}\n{"b":2}\r'), ['{"a":1}', '{"b":2}'])
    assert.deepStrictEqual(linesOf('{"a":1}\n{"b":2} '), ['{"a":1}', '{"b":2} '])
    for (const part of ["1", "12", '"a"', "null", "[1]", '{"a":1', "{}x", "{", ""]) {
      assert.deepStrictEqual(linesOf(`{"a":1}\n${part}`), ['{"a":1}'])
    }
    // Half a character at the end.
    assert.deepStrictEqual(readChunks([bytes("{}"), Uint8Array.of(0xe2, 0x82)]).lines, [])
  })

  it("never takes a beginning of a line for the whole of it", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), FastCheck.nat(), (value, at) => {
        const text = JSON.stringify({ value })
        assert.deepStrictEqual(linesOf(text), [text])
        assert.deepStrictEqual(linesOf(text.slice(0, at % text.length)), [])
      }),
      { numRuns: 1_000 }
    )
  })

  it("stops with a fault at a line that is too long, with or without an end, wherever it is cut", () => {
    const long = "x".repeat(50)
    for (const text of [`{}\n${long}\n{}\n`, `{}\n${long}`, `{}\n${" ".repeat(50)}\n{}`, `{}\n${"é".repeat(41)}\r\n`]) {
      for (const chunks of cuts(bytes(text))) {
        const { fault, lines } = readChunks(chunks, 40)
        assert.deepStrictEqual(lines, ["{}"])
        assert(fault?._tag === "MalformedStream")
        assert.include(fault.description, "more than 40 characters")
      }
    }
  })

  it("takes a line of just the length that is allowed, wherever it is cut", () => {
    for (const newline of ["\n", "\r\n"]) {
      for (const chunks of cuts(bytes(`${"x".repeat(40)}${newline}{}${newline}`))) {
        assert.deepStrictEqual(readChunks(chunks, 40), { lines: ["x".repeat(40), "{}"], fault: undefined })
      }
    }
  })

  it("gives the same however the bytes are cut, whatever they are", () => {
    const piece = FastCheck.oneof(
      FastCheck.constantFrom("{", "}", '{"a":1}', "\n", "\r", "\r\n", "ü🌍", " ", "\uFEFF", '"').map(bytes),
      FastCheck.uint8Array({ maxLength: 3 })
    )
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(piece, { maxLength: 30 }),
        FastCheck.array(FastCheck.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        FastCheck.integer({ min: 1, max: 30 }),
        (pieces, lengths, max) => {
          const body = Buffer.concat(pieces)
          assert.deepStrictEqual(readChunks(cut(body, lengths), max), readChunks([body], max))
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it("costs linear time for a line in many pieces", () => {
    const reader = jsonLines.reader(16 * 1024 * 1024)
    const piece = bytes("x".repeat(64))
    const began = performance.now()
    for (let i = 0; i < 100_000; i++) reader.push(piece)
    const [line] = reader.push(bytes("\n"))
    assert.strictEqual(line?.data.length, 6_400_000)
    assert.isBelow(performance.now() - began, 5_000)
  })
})
