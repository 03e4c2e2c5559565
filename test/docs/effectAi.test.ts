/**
 * The program of docs/effect-ai.md, run as a reader would run it, over a drop in each of its requests; and what the native
 * layer makes of the same drops.
 */
import { readFileSync } from "node:fs"
import { Chat, LanguageModel, Tool, Toolkit } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema, Stream } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { asked, obedient } from "../support/asked.js"
import { root, run } from "../support/docs.js"

const protocol = "anthropic-messages"
const reply = (answer: Wire.Answer) => Reply.stream(Wire.answer(protocol, answer))

const call = { id: "toolu_1", name: "weather", arguments: { city: "Oslo" } }
const calls = { reasoning: "I need the weather.", toolCalls: [call] }
const said = "Oslo is clear at 18 degrees, so go there."
const trip = { city: "Oslo", pack: ["a hat", "a map"] }
const wish = "Have a good trip!"

/** Drops each request once, and then answers it; a text that was begun is gone on with. */
const dropsEach = (): FaultServer.Script => {
  const answers: ReadonlyArray<readonly [Wire.Answer, number]> = [
    [calls, 11],
    [{ text: said }, 6],
    [{ text: JSON.stringify(trip) }, 5],
    [{ text: wish }, 4]
  ]
  return ({ index, json }) => {
    const [answer, afterEvents] = answers[(index - 1) >> 1]!
    const ask = asked(json)
    if (ask !== undefined)
      return reply({ text: obedient(ask, said.slice(said.indexOf(ask.anchor) + ask.anchor.length)) })
    return index % 2 === 1 ? Reply.cut(reply(answer), { afterEvents }, "rst") : reply(answer)
  }
}

describe("the program of docs/effect-ai.md", () => {
  it.scopedLive("says, calls and asks for the same, over a drop in each of its requests", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(dropsEach())
      const { code, err, out } = yield* run("effect-ai", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [0, `${said}\nOslo: a hat, a map\n`], err)
      assert.strictEqual(err.match(/looking at Oslo/g)?.length, 1)
      const requests = yield* server.requests
      assert.strictEqual(requests.length, 8)
      // The thinking goes back with its signature, although `Chat` keeps none.
      assert.include(requests[2]?.body, '"signature"')
    })
  )

  it("differs from the one with the native layer in the lines that the page shows", () => {
    const page = readFileSync(new URL("docs/effect-ai.md", root), "utf8")
    const diff = /```diff\n([\s\S]*?)```/.exec(page)?.[1]?.split("\n") ?? []
    const added = diff.filter((line) => line.startsWith("+")).map((line) => line.slice(1))
    const program = readFileSync(new URL("docs/examples/effect-ai.ts", root), "utf8")
    assert.isAtMost(added.length, 5)
    assert.isNotEmpty(added)
    for (const line of added) assert.include(program, line.trim())
  })
})

describe("the program of docs/migrating.md", () => {
  it.scopedLive("says the same over a drop in each of its requests, and answers each call once", () =>
    Effect.gen(function* () {
      const text = "It is 18 degrees in Oslo, a fine day for a walk."
      const server = yield* FaultServer.make(({ index, json }) => {
        const ask = asked(json)
        if (ask !== undefined) {
          return reply({ text: obedient(ask, text.slice(text.indexOf(ask.anchor) + ask.anchor.length)) })
        }
        const answer = index <= 2 ? calls : { text }
        return index % 2 === 1 ? Reply.cut(reply(answer), { afterEvents: 9 }, "rst") : reply(answer)
      })
      const { code, err, out } = yield* run("migrating", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.deepStrictEqual([code, out, err], [0, `${text}\n`, ""])
      const requests = yield* server.requests
      assert.strictEqual(requests.length, 4)
      assert.strictEqual(requests[2]?.body.match(/18 degrees in Oslo/g)?.length, 1)
    })
  )
})

describe("the native layer", () => {
  const Weather = Tool.make("weather", { parameters: { city: Schema.String }, success: Schema.String })
  const toolkit = Toolkit.make(Weather)
  const native = (url: string) =>
    AnthropicLanguageModel.layer({ model: "claude-sonnet-4-5" }).pipe(
      Layer.provide(AnthropicClient.layer({ apiKey: Redacted.make("k"), apiUrl: url })),
      Layer.provide(FetchHttpClient.layer)
    )

  it.scopedLive("runs the handler of an answer that was cut, and ends as a success without a finish", () =>
    Effect.gen(function* () {
      const events = Wire.answer(protocol, calls)
      const server = yield* FaultServer.make([Reply.stream(events.slice(0, -2))])
      let ran = 0
      const handlers = toolkit.toLayer({ weather: () => Effect.sync(() => `sunny ${++ran}`) })
      const types: Array<string> = []
      yield* Effect.gen(function* () {
        const chat = yield* Chat.empty
        yield* chat
          .streamText({ prompt: "Oslo?", toolkit })
          .pipe(Stream.runForEach((part) => Effect.sync(() => void types.push(part.type))))
      }).pipe(Effect.provide([native(server.url), handlers]))
      assert.strictEqual(ran, 1)
      assert.notInclude(types, "finish")
    })
  )

  it.scopedLive("ends a text that was cut as a success", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.stream(Wire.answer(protocol, { text: said }).slice(0, 6))])
      const parts = yield* LanguageModel.streamText({ prompt: "Oslo?" }).pipe(
        Stream.runCollect,
        Effect.provide(native(server.url))
      )
      const text = [...parts].map((part) => (part.type === "text-delta" ? part.delta : "")).join("")
      assert(text.length > 0 && text.length < said.length)
    })
  )
})
