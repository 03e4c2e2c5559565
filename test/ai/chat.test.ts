/**
 * Conversations of `Chat`, whose history drops metadata: what was answered goes back whole all the same.
 */
import { Chat, Prompt } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Stream } from "effect"
import type { ModelRequest, Prompt as OwnPrompt } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { Memory, maxAnswers } from "../../src/ai/internal/memory.js"
import { call, counted, finishOf, provide, scripted, weather } from "../support/ai.js"

const { answer, drop } = ScriptedProvider

const signed = (text: string, signature: string) => ({ type: "reasoning", text, signature }) as const
const asks = { blocks: [signed("I need it.", "sig-1"), { type: "tool-call", ...call("toolu_1", "Oslo") }] } as const
const says = { blocks: [signed("It is sunny.", "sig-2"), { type: "text", text: "Sunny." }] } as const

const roles = (request: ModelRequest.ModelRequest | undefined) => request?.prompt.map(({ role }) => role)
const assistants = (request: ModelRequest.ModelRequest | undefined): unknown =>
  request?.prompt.flatMap((message) => (message.role === "assistant" ? [message.content] : []))

const protocol = "anthropic-messages"
const expected: ReadonlyArray<ReadonlyArray<OwnPrompt.AssistantPart>> = [
  [
    { type: "reasoning", text: "I need it.", signature: "sig-1", protocol },
    { type: "tool-call", id: "toolu_1", name: "weather", arguments: { city: "Oslo" } }
  ],
  [
    { type: "reasoning", text: "It is sunny.", signature: "sig-2", protocol },
    { type: "text", text: "Sunny." }
  ]
]

describe("a chat", () => {
  for (const way of ["streamed", "generated"] as const) {
    it.scoped(`${way}, sends its thinking back with the signatures, after drops too`, () =>
      Effect.gen(function* () {
        const { cities, handlers } = counted()
        const { model, requests } = yield* scripted([
          drop(asks, { afterEvents: 6 }),
          answer(asks),
          drop(says, { afterEvents: 3 }),
          answer(says),
          answer({ text: "Bye." })
        ])
        const chat = yield* Chat.empty
        const turn = (prompt: Prompt.RawInput) => {
          const options = { prompt, toolkit: weather }
          return way === "generated" ? chat.generateText(options) : Stream.runDrain(chat.streamText(options))
        }
        yield* Effect.gen(function* () {
          yield* turn("How is Oslo?")
          yield* turn([])
          yield* turn("Thanks.")
        }).pipe(Effect.provide(handlers), provide(model))
        const sent = yield* requests
        assert.strictEqual(sent.length, 5)
        assert.deepStrictEqual(roles(sent[4]), ["user", "assistant", "tool", "assistant", "user"])
        assert.deepStrictEqual(assistants(sent[2]), expected.slice(0, 1))
        assert.deepStrictEqual(assistants(sent[4]), expected)
        assert.deepStrictEqual(cities, ["Oslo"])
        const history = yield* Ref.get(chat.history)
        assert.deepStrictEqual(
          history.content.map(({ role }) => role),
          ["user", "assistant", "tool", "assistant", "user", "assistant"]
        )
      })
    )
  }

  it.scoped("keeps nothing of what a drop made void", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([
        drop({ reasoning: "A first thought.", text: "Yes." }, { afterEvents: 7 }),
        answer({ reasoning: "A second thought.", text: "No." })
      ])
      const chat = yield* Chat.empty
      yield* provide(model)(Stream.runDrain(chat.streamText({ prompt: "Is it?" })))
      const json = yield* chat.exportJson
      assert.notInclude(json, "first thought")
      assert.include(json, "second thought")
    })
  )

  it.scoped("is continued in another process with the content of its finish part", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([answer(says)])
      const parts = yield* provide(model)(
        Effect.map(Stream.runCollect((yield* Chat.empty).streamText({ prompt: "How?" })), (chunk) => [...chunk])
      )
      const { content } = finishOf(parts).metadata.effectRedial ?? {}
      const stored = JSON.stringify(
        Prompt.fromMessages([
          Prompt.makeMessage("user", { content: [Prompt.makePart("text", { text: "How?" })] }),
          Prompt.makeMessage("assistant", {
            content: [Prompt.makePart("text", { text: "Sunny." })],
            options: { effectRedial: { content } }
          })
        ])
      )
      const elsewhere = yield* scripted([answer({ text: "Yes." })])
      const chat = yield* Chat.fromJson(stored).pipe(provide(elsewhere.model))
      yield* provide(elsewhere.model)(chat.generateText({ prompt: "Sure?" }))
      assert.deepStrictEqual(assistants((yield* elsewhere.requests)[0]), expected.slice(1))
    })
  )

  it.scoped("takes an edited message as it is", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scripted([answer(says), answer({ text: "Yes." })])
      const chat = yield* Chat.empty
      yield* provide(model)(chat.generateText({ prompt: "How?" }))
      yield* Ref.set(
        chat.history,
        Prompt.make([
          { role: "user", content: "How?" },
          { role: "assistant", content: "Rainy." }
        ])
      )
      yield* provide(model)(chat.generateText({ prompt: "Sure?" }))
      assert.deepStrictEqual(assistants((yield* requests)[1]), [[{ type: "text", text: "Rainy." }]])
    })
  )
})

describe("the memory of a provider", () => {
  const message = (text: string) => Prompt.makeMessage("assistant", { content: [Prompt.makePart("text", { text })] })
  const content = (text: string) =>
    [
      { type: "text", text },
      { type: "provider", name: "x", value: {} }
    ] as const

  it("forgets what was used longest ago", () => {
    const memory = new Memory()
    for (let n = 0; n < maxAnswers; n++) memory.remember(content(`${n}`))
    assert.isDefined(memory.recall(message("0")))
    memory.remember(content("one more"))
    assert.isDefined(memory.recall(message("0")))
    assert.isUndefined(memory.recall(message("1")))
    assert.isDefined(memory.recall(message("2")))
  })

  it("keeps no more text than it may", () => {
    const memory = new Memory()
    const megabyte = "x".repeat(1024 * 1024)
    for (let n = 0; n < 9; n++) memory.remember(content(`${n}${megabyte}`))
    assert.isUndefined(memory.recall(message(`0${megabyte}`)))
    assert.isDefined(memory.recall(message(`8${megabyte}`)))
  })
})
