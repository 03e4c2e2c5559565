/**
 * Responses that are made, against those that a decoder proves.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { ModelResponse } from "effect-redial"
import { ScriptedProvider, type Wire } from "effect-redial/testing"

const answers: ReadonlyArray<readonly [what: string, answer: Wire.Answer]> = [
  ["text", { text: "Because of Rayleigh scattering." }],
  ["white space", { text: " \n" }],
  ["reasoning", { reasoning: "Hm.", text: "" }],
  ["all of it", { reasoning: "Hm.", text: "Look.", toolCalls: [{ id: "1", name: "a", arguments: { x: [1] } }] }],
  ["two calls", { toolCalls: ["1", "2"].map((id) => ({ id, name: "a", arguments: {} })) }]
]

describe("ModelResponse.make", () => {
  for (const [what, answer] of answers) {
    it.scopedLive(`derives what a decoder finds, of ${what}`, () =>
      Effect.gen(function* () {
        const { provider } = yield* ScriptedProvider.make([ScriptedProvider.answer(answer)])
        const { reasoning, text, toolCalls, ...proven } = yield* provider.generate({ model: "m", prompt: "hi" })
        const made = ModelResponse.make(proven)
        assert.deepStrictEqual(made, { ...made, reasoning, text, toolCalls })
        assert.deepStrictEqual(made, { ...made, ...proven })

        const { attempts, content, finishReason, ...facts } = proven
        const short = ModelResponse.make({ ...facts, reasoning, text, toolCalls })
        assert.deepStrictEqual(short.finishReason.reason, finishReason.reason)
        assert.deepStrictEqual(
          short.content.map(({ type }) => type),
          content.map(({ type }) => type)
        )
        assert.deepStrictEqual(
          short.attempts.map(({ attempt, delivered, usage }) => ({ attempt, delivered, usage })),
          attempts.map(({ attempt, delivered, usage }) => ({ attempt, delivered, usage }))
        )
      })
    )
  }

  it("makes an empty answer of nothing", () => {
    assert.deepStrictEqual(
      { ...ModelResponse.make() },
      {
        id: undefined,
        model: undefined,
        requestId: undefined,
        text: "",
        reasoning: "",
        content: [],
        toolCalls: [],
        incompleteToolCalls: [],
        finishReason: { reason: "stop" },
        usage: {},
        attempts: [{ attempt: 1, requestId: undefined, startedAt: 0, endedAt: 0, usage: {}, delivered: "nothing" }],
        seams: []
      }
    )
  })

  it("keeps the order of the content, and what it does not model", () => {
    const content = [
      { type: "text", text: "a" },
      { type: "provider", name: "search", value: 1 },
      { type: "tool-call", id: "1", name: "t", arguments: null },
      { type: "text", text: "b" }
    ] as const
    const { content: kept, text, toolCalls } = ModelResponse.make({ content })
    assert.strictEqual(kept, content)
    assert.deepStrictEqual([text, toolCalls], ["ab", [content[2]]])
  })

  it("says of a call that was cut that the answer was", () => {
    const cut = ModelResponse.make({ text: "a", incompleteToolCalls: [{ id: "1", name: "t", json: "{" }] })
    assert.deepStrictEqual([cut.finishReason.reason, cut.attempts[0]?.delivered], ["length", "tool-call"])
  })

  it("takes a reason alone, or with the vendor's word", () => {
    assert.deepStrictEqual(ModelResponse.make({ finishReason: "refusal" }).finishReason, { reason: "refusal" })
    const finishReason = { reason: "pause", raw: "pause_turn" } as const
    assert.deepStrictEqual(ModelResponse.make({ finishReason }).finishReason, finishReason)
  })

  it("is a response, and what a store gives back of it", () => {
    const made = ModelResponse.make({ text: "a", usage: { outputTokens: 1 }, requestId: "r" })
    assert.isTrue(ModelResponse.isModelResponse(made))
    const { decodeSync, encodeSync } = Schema
    const stored = JSON.stringify(encodeSync(ModelResponse.ModelResponse)(made))
    const read = decodeSync(Schema.parseJson(ModelResponse.ModelResponse))(stored)
    assert.strictEqual(JSON.stringify(read), JSON.stringify(made))
    assert.deepStrictEqual(ModelResponse.totalUsage(made).usage.outputTokens, 1)
  })
})
