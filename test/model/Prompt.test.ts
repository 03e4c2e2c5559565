import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { ModelResponse, Prompt, Provider } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import * as ModelRequest from "../../src/model/ModelRequest.js"
import { calls } from "../support/model/response.js"

const question = Prompt.text("Why is the sky blue?")
const text = (text: string) => ({ type: "text" as const, text })

describe("Prompt.append", () => {
  it("adds the whole content as a message of the assistant, in order, with signatures and unknown blocks", () => {
    const content = [
      { type: "reasoning" as const, text: "Hm.", signature: "sig" },
      text("I look it up."),
      { type: "provider" as const, name: "server_tool_use", value: { type: "server_tool_use", id: "s" } },
      { type: "tool-call" as const, id: "1", name: "look", arguments: { up: true } }
    ]
    assert.deepStrictEqual(Prompt.append(question, ModelResponse.make({ content })), [
      ...question,
      { role: "assistant", content }
    ])
    assert.deepStrictEqual(question.length, 1, "the prompt itself is left alone")
  })

  it("adds nothing for a response without content, which vendors would refuse", () => {
    const empty = Prompt.append(question, ModelResponse.make({}))
    assert.deepStrictEqual(empty, question)
    assert(Either.isRight(ModelRequest.make({ model: "m", prompt: empty })))
  })

  it("works as the end of a pipe", () => {
    assert.deepStrictEqual(Prompt.append(ModelResponse.make({ content: [text("a")] }))(question), [
      ...question,
      { role: "assistant", content: [text("a")] }
    ])
  })

  it("joins what a paused turn said first and what it said then into one message", () => {
    const paused = ModelResponse.make({
      content: [text("Let me see. ")],
      finishReason: { reason: "pause", raw: "pause_turn" }
    })
    const again = Prompt.append(question, paused)
    assert.deepStrictEqual(Prompt.append(again, ModelResponse.make({ content: [text("Scattering.")] })), [
      ...question,
      { role: "assistant", content: [text("Let me see. "), text("Scattering.")] }
    ])
  })

  it("joins an answer to the beginning that the caller wrote for it", () => {
    const begun: Prompt.Prompt = [...question, { role: "assistant", content: "Because" }]
    assert.deepStrictEqual(Prompt.append(begun, ModelResponse.make({ content: [text(" of air.")] })), [
      ...question,
      { role: "assistant", content: [text("Because"), text(" of air.")] }
    ])
  })

  it.scoped("leaves out a tool call that the output limit cut, when its response goes back", () =>
    Effect.gen(function* () {
      const { provider } = yield* ScriptedProvider.make([
        ScriptedProvider.answer({
          text: "Both.",
          toolCalls: [
            { id: "1", name: "whole", arguments: { a: 1 } },
            { id: "2", name: "cut", pieces: [`{"a":`] }
          ],
          finish: "length"
        })
      ])
      const cut = yield* provider.generate({ model: "m", prompt: question })
      assert.strictEqual(cut.incompleteToolCalls.length, 1)
      assert.deepStrictEqual(Prompt.append(question, cut).at(-1)?.content, [
        text("Both."),
        { type: "tool-call", id: "1", name: "whole", arguments: { a: 1 } }
      ])
    })
  )
})

describe("Prompt.toolResults", () => {
  const asked = Prompt.append(question, calls(["1", "look", {}], ["2", "hear", {}]))
  const results = [
    Prompt.toolResult({ id: "1" }, "blue"),
    Prompt.toolResult({ id: "2" }, [text("silence")], { isError: true })
  ]

  it("adds one message with the results, in order", () => {
    assert.deepStrictEqual(Prompt.toolResults(asked, results).at(-1), {
      role: "tool",
      content: [
        { type: "tool-result", id: "1", content: "blue" },
        { type: "tool-result", id: "2", content: [text("silence")], isError: true }
      ]
    })
    assert.deepStrictEqual(Prompt.toolResults(results)(asked), Prompt.toolResults(asked, results))
  })

  it("adds nothing where there are none", () => {
    assert.deepStrictEqual(Prompt.toolResults(asked, []), asked)
  })

  it.effect("makes a conversation that goes on", () =>
    Effect.gen(function* () {
      const answer = yield* Provider.generate({ model: "m", prompt: Prompt.toolResults(asked, results) })
      assert.strictEqual(answer.text, "It is blue.")
    }).pipe(Effect.provide(ScriptedProvider.layer([ScriptedProvider.answer({ text: "It is blue." })])))
  )
})
