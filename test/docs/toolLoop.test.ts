/**
 * The published examples on tools and objects, run as a reader would run them, over a server that drops in mid-call.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { run } from "../support/docs.js"
import { weather } from "../support/provider/calls.js"

const protocol = "anthropic-messages"
const env = (server: FaultServer.Service) => ({ ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
const reply = (answer: Wire.Answer) => Reply.stream(Wire.answer(protocol, answer))

const asked = Wire.answer(protocol, {
  reasoning: "Two cities, then a sum.",
  toolCalls: [weather("toolu_1", "Oslo"), { id: "toolu_2", name: "weather", arguments: { town: "Bergen" } }]
})
const inMidCall = asked.findLastIndex((event) => event.includes("input_json_delta"))

/** The messages that the n-th request sent. */
const messages = (requests: ReadonlyArray<FaultServer.ReceivedRequest>, n: number): unknown => {
  const body = requests[n]?.json
  assert(typeof body === "object" && body !== null && "messages" in body, `request ${n} has messages`)
  return body.messages
}

describe("the tool loop of docs/tools.md", () => {
  it.scopedLive("survives a drop in mid-call, answers a call that does not fit, goes on after a pause, and ends", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(asked), { afterEvents: inMidCall }, "rst"),
        Reply.stream(asked),
        reply({
          toolCalls: [weather("toolu_3", "Bergen"), { id: "toolu_4", name: "add", arguments: { a: 18, b: 18 } }]
        }),
        reply({ text: "Let me think. ", finish: "pause_turn" }),
        reply({ text: "36 degrees together." })
      ])
      const { code, err, out } = yield* run("tool-loop", env(server))
      assert.deepStrictEqual([code, out, err], [0, "Let me think. 36 degrees together.\n", ""])

      const requests = yield* server.requests
      assert.strictEqual(requests.length, 5)
      assert.strictEqual(requests[1]?.body, requests[0]?.body, "the drop asks the same again")
      const question = { role: "user", content: "How warm are Oslo and Bergen together?" }
      assert.deepStrictEqual(messages(requests, 1), [question])

      const first = messages(requests, 2)
      assert(Array.isArray(first))
      assert.deepStrictEqual(first.slice(0, 2), [
        question,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Two cities, then a sum.", signature: "RWZmZWN0UmVkaWFsU2lnbmF0dXJl" },
            { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } },
            { type: "tool_use", id: "toolu_2", name: "weather", input: { town: "Bergen" } }
          ]
        }
      ])
      const [fitting, wrong] = first[2].content
      assert.strictEqual(first[2].role, "user")
      assert.deepStrictEqual(fitting, {
        type: "tool_result",
        tool_use_id: "toolu_1",
        content: "It is 18 degrees in Oslo."
      })
      assert.strictEqual(wrong.tool_use_id, "toolu_2")
      assert.strictEqual(wrong.is_error, true)
      assert.include(wrong.content, `["city"]`)

      const second = messages(requests, 3)
      assert(Array.isArray(second))
      assert.deepStrictEqual(
        second.at(-1).content.map((result: { readonly content: string }) => result.content),
        ["It is 18 degrees in Bergen.", "36"]
      )
      assert.deepStrictEqual(messages(requests, 4), [
        ...second,
        { role: "assistant", content: [{ type: "text", text: "Let me think. " }] }
      ])
    })
  )

  it.scopedLive("does not go on for ever", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([reply({ toolCalls: [weather("toolu_1", "Oslo")] })])
      const { code, err } = yield* run("tool-loop", env(server))
      assert.strictEqual(code, 1)
      assert.include(err, "StepsExhausted")
      assert.strictEqual((yield* server.requests).length, 10)
    })
  )
})

describe("the object of docs/tools.md", () => {
  const soup = { title: "Soup", minutes: 20, ingredients: ["water", "leek"] }

  it.scopedLive("comes out whole, although its stream dropped in the middle", () =>
    Effect.gen(function* () {
      const whole = reply({ text: JSON.stringify(soup) })
      const server = yield* FaultServer.make([Reply.cut(whole, { afterEvents: 5 }, "rst"), whole])
      const { code, err, out } = yield* run("object", env(server))
      assert.deepStrictEqual([code, out, err], [0, "Soup: 2 things, 20 min\n", ""])
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )

  it.scopedLive("is reported where it does not fit, with what came", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([reply({ text: `{"title": "Soup"}` })])
      const { code, err, out } = yield* run("object", env(server))
      assert.deepStrictEqual([code, out], [0, ""])
      assert.include(err, "does not fit the schema")
      assert.include(err, `["minutes"]`)
      assert.include(err, `It wrote: {"title": "Soup"}`)
    })
  )
})

describe("the streamed object of docs/tools.md", () => {
  const soup = { title: "Soup", minutes: 20, ingredients: ["water", "leek"] }

  it.scopedLive("says that it begins again after a drop, and comes out whole", () =>
    Effect.gen(function* () {
      const whole = reply({ text: JSON.stringify(soup) })
      const server = yield* FaultServer.make([Reply.cut(whole, { afterEvents: 6 }, "rst"), whole])
      const { code, err, out } = yield* run("stream-object", env(server))
      assert.deepStrictEqual([code, out], [0, "Soup: 2 things, 20 min\n"])
      assert.include(err, "so far: Soup, 2 things\n")
      assert.strictEqual(err.match(/again, after a drop/g)?.length, 1)
    })
  )

  it.scopedLive("is corrected once where it does not fit", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        reply({ text: `{"title": "Soup"}` }),
        reply({ text: JSON.stringify(soup) })
      ])
      const { code, err, out } = yield* run("stream-object", env(server))
      assert.deepStrictEqual([code, out], [0, "Soup: 2 things, 20 min\n"])
      assert.include(err, "again, after a repair")
    })
  )
})

describe("the list of docs/tools.md", () => {
  it.scopedLive("gives each element once, although its stream dropped in the middle", () =>
    Effect.gen(function* () {
      const value = [
        { name: "Reykjavík", latitude: 64.1 },
        { name: "Helsinki", latitude: 60.2 }
      ]
      const whole = reply({ text: JSON.stringify({ value }).match(/.{1,9}/g) ?? [] })
      const server = yield* FaultServer.make([Reply.cut(whole, { afterEvents: 10 }, "rst"), whole])
      const { code, out } = yield* run("elements", env(server))
      assert.deepStrictEqual([code, out], [0, "Reykjavík, 64.1° north\nHelsinki, 60.2° north\n"])
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )
})
