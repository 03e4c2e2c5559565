/**
 * What a hostile server may write into an answer: too much of anything, and names that JavaScript gives a meaning.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { ProviderError } from "effect-redial"
import { Wire } from "effect-redial/testing"
import { fromFault } from "../../src/model/internal/fromFault.js"
import * as AnthropicMessages from "../../src/protocol/AnthropicMessages.js"
import * as ChatCompletions from "../../src/protocol/ChatCompletions.js"
import { classify } from "../../src/protocol/internal/classify.js"
import * as Decoder from "../../src/protocol/internal/decoder.js"
import type { Limits } from "../../src/protocol/internal/limits.js"
import type { ProtocolId } from "../../src/protocol/Protocol.js"
import * as Responses from "../../src/protocol/Responses.js"
import { bytes, stamp } from "../support/protocol/decode.js"
import { samples } from "../support/protocol/samples.js"

const protocols: Readonly<Record<ProtocolId, (limits: Limits) => Decoder.Decoder>> = {
  "anthropic-messages": (limits) => Decoder.make(AnthropicMessages.protocol, stamp, { limits }),
  "chat-completions": (limits) => Decoder.make(ChatCompletions.protocol, stamp, { limits }),
  responses: (limits) => Decoder.make(Responses.protocol, stamp, { limits })
}

const answer = (protocol: ProtocolId) =>
  Wire.answer(protocol, {
    reasoning: ["Let me ", "think."],
    text: Array.from({ length: 20 }, (_, i) => `piece ${i} `),
    toolCalls: Array.from({ length: 5 }, (_, i) => ({ id: `call_${i}`, name: "f", arguments: { x: "y".repeat(200) } }))
  })

/** One limit that the answer is beyond, and one that it is within. */
const cases: ReadonlyArray<readonly [what: string, beyond: Limits, within: Limits, says: RegExp]> = [
  ["whole", { maxAnswerLength: 2_000 }, { maxAnswerLength: 40_000 }, /^the answer is longer than 2000 characters$/],
  ["tool calls", { maxArgumentsLength: 207 }, { maxArgumentsLength: 208 }, /arguments of more than 207 characters/],
  ["blocks", { maxBlocks: 6 }, { maxBlocks: 8 }, /more than 6 blocks/],
  ["events", { maxEventLength: 100 }, { maxEventLength: 20_000 }, /an event of more than 100 characters/]
]

for (const [protocol, make] of Object.entries(protocols)) {
  // The keys are the protocols.
  const events = answer(protocol as ProtocolId)
  const body = bytes(events.join(""))
  describe(`over ${protocol}, an answer too large in its`, () => {
    for (const [what, beyond, within, says] of cases) {
      it(`${what} is malformed, however it is cut, and one within the limit is whole`, () => {
        for (const size of [1, 100, body.length]) {
          const decoder = make(beyond)
          for (let from = 0; from < body.length; from += size) decoder.push(body.subarray(from, from + size))
          assert.strictEqual(decoder.fault?._tag, "MalformedStream")
          assert.match(decoder.fault?.description ?? "", says)
          assert.deepStrictEqual(decoder.end(), [])
        }
        const whole = make(within)
        whole.push(body)
        whole.end()
        assert.strictEqual(whole.verdict, "Finished", whole.fault?.description)
      })
    }
  })
}

const nasty = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "polluted"] as const

/** Writes nasty names into every object of a JSON value. */
const poison = (value: unknown, name: string, payload: string): string => {
  if (Array.isArray(value)) return `[${value.map((item) => poison(item, name, payload)).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${poison(item, name, payload)}`)
  return `{${[...entries, `${JSON.stringify(name)}:${payload}`].join(",")}}`
}

const payload = FastCheck.constantFrom(
  '{"polluted":true}',
  '{"prototype":{"polluted":true}}',
  '{"__proto__":{"polluted":true}}',
  '"polluted"',
  "null",
  "7"
)

const assertUnpolluted = (what: string): void => {
  const seen: Array<string> = []
  for (const bare of [{}, [], () => {}, "", 1, new Error(), new Map()]) {
    for (const key in Object(bare)) seen.push(key)
    if (Object(bare).polluted !== undefined) seen.push("polluted")
  }
  assert.deepStrictEqual(seen, [], `${what} changed a prototype`)
}

describe("names that mean something to JavaScript", () => {
  it("in events change no prototype and break nothing", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.constantFrom(...samples),
        FastCheck.constantFrom(...nasty),
        payload,
        ({ after, before, proof, protocol }, name, value) => {
          const text = (before + proof + after).replaceAll(/^data: (\{.*\})$/gm, (line, json: string) => {
            try {
              return `data: ${poison(JSON.parse(json), name, value)}`
            } catch {
              return line
            }
          })
          const decoder = protocols[protocol]({})
          const events = [...decoder.push(bytes(text)), ...decoder.end()]
          // What is shown and what goes on from there.
          JSON.stringify(events)
          JSON.stringify(decoder.fold.partial())
          assertUnpolluted("an event")
        }
      ),
      { numRuns: 1_000 }
    )
  })

  it("as kinds, types and reasons are only names", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.constantFrom(...samples),
        FastCheck.constantFrom(...nasty),
        FastCheck.nat(),
        ({ after, before, proof, protocol }, name, which) => {
          const text = before + proof + after
          const strings = [...text.matchAll(/:"([^"\\]*)"/g)]
          const { 0: found, index } = strings[which % Math.max(1, strings.length)] ?? { 0: "", index: 0 }
          const changed = `${text.slice(0, index)}${found === "" ? "" : `:"${name}"`}${text.slice(index + found.length)}`
          const decoder = protocols[protocol]({})
          const events = [...decoder.push(bytes(changed)), ...decoder.end()]
          const last = events.at(-1)
          if (last?._tag === "Finish") assert.isString(last.response.finishReason.reason)
          else assert.isString(decoder.fault?.description)
          assertUnpolluted("a name")
        }
      ),
      { numRuns: 1_000 }
    )
  })

  it("in tool arguments stay the arguments' own", () => {
    const events = Wire.answer("chat-completions", {
      toolCalls: [{ id: "c", name: "__proto__", arguments: JSON.parse('{"__proto__":{"polluted":true}}') }]
    })
    const decoder = protocols["chat-completions"]({})
    const last = [...decoder.push(bytes(events.join(""))), ...decoder.end()].at(-1)
    assert(last?._tag === "Finish")
    const args = last.response.toolCalls[0]?.arguments
    assert.strictEqual(JSON.stringify(args), '{"__proto__":{"polluted":true}}')
    assert.strictEqual(Object.getPrototypeOf(args), Object.prototype)
    assertUnpolluted("a tool call")
  })

  it("in the bodies of errors are classified like any other", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.constantFrom(...nasty),
        payload,
        FastCheck.constantFrom<number | undefined>(undefined, 200, 400, 401, 403, 429, 500, 529),
        (name, value, status) => {
          for (const body of [
            poison({ error: { message: "m", type: name, code: name, param: name } }, name, value),
            poison({ type: "error", error: { message: name } }, name, value),
            poison([{ error: { status: name } }], name, value),
            poison({ base_resp: { status_code: 1 } }, name, value),
            value
          ]) {
            const fault = classify({ status, body })
            const error = fromFault(fault, {
              provider: "p",
              protocol: "responses",
              model: "m",
              attempt: 1,
              generation: undefined,
              delivered: "nothing",
              attempts: [],
              partial: undefined
            })
            assert.isTrue(ProviderError.isProviderError(error))
            assert.isString(error.message)
            JSON.stringify(error)
          }
          assertUnpolluted("an error")
        }
      )
    )
  })
})
