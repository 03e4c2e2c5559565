/**
 * What stands above a fallback: a tool loop and a model of @effect/ai, whose conversation moves from one vendor to another.
 */
import { Chat } from "@effect/ai"
import { assert, describe } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Fallback, Provider, Tool, Toolkit, ToolLoop } from "effect-redial"
import * as Redial from "effect-redial/ai"
import { Reply, Wire } from "effect-redial/testing"
import { call, collect, counted, provide, textOf, weather } from "../../support/ai.js"
import { cut, down, pairs, quietly, request, served } from "../../support/provider/fallback.js"

const asks: Wire.Answer = { text: "Let me look. ", toolCalls: [call("c1", "Oslo")] }
const done: Wire.Answer = { text: "It is sunny in Oslo." }

describe.each(pairs)("from %s to %s", (from, to) => {
  /** The first vendor calls the tool and is down then; the second one has seen nothing before. */
  const moved = Effect.gen(function* () {
    const first = yield* served([Reply.stream(Wire.answer(from, asks)), down(from)], from)
    const second = yield* served([Reply.stream(Wire.answer(to, done))], to)
    const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
    return { first, second, service }
  })

  quietly("a tool loop runs its handler once, and goes on with the result at the next vendor", () =>
    Effect.gen(function* () {
      const { first, second, service } = yield* moved
      const ran: Array<string> = []
      const tools = ToolLoop.make(Toolkit.make(Tool.make("weather", { parameters: { city: Schema.String } })), {
        weather: ({ city }) => Effect.sync(() => `${ran.push(city)}: sunny`)
      })
      const { text } = yield* ToolLoop.generate(tools, request).pipe(Effect.provideService(Provider.Provider, service))
      assert.strictEqual(text, done.text)
      assert.deepStrictEqual(ran, ["Oslo"])
      assert.strictEqual((yield* first.server.requests).length, 2)
      const [asked] = yield* second.server.requests
      assert.include(asked?.body, "1: sunny")
    })
  )

  quietly("a call that broke is made again at the next vendor, and run once", () =>
    Effect.gen(function* () {
      const events = Wire.answer(from, asks).length
      for (let after = 0; after < events; after++) {
        const first = yield* served([cut(from, asks, after), down(from)], from)
        // Where the first answer was proven before the cut, its result is what the second vendor is asked to go on with.
        const second = yield* served(
          ({ body }) => Reply.stream(Wire.answer(to, body.includes("1: sunny") ? done : asks)),
          to
        )
        const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
        const ran: Array<string> = []
        const tools = ToolLoop.make(Toolkit.make(Tool.make("weather", { parameters: { city: Schema.String } })), {
          weather: ({ city }) => Effect.sync(() => `${ran.push(city)}: sunny`)
        })
        const { text } = yield* ToolLoop.generate(tools, request).pipe(
          Effect.provideService(Provider.Provider, service)
        )
        assert.deepStrictEqual([text, ran], [done.text, ["Oslo"]], `after ${after} events`)
      }
    })
  )

  quietly("a chat of @effect/ai goes on at the next vendor", () =>
    Effect.gen(function* () {
      const { second, service } = yield* moved
      const { cities, handlers } = counted()
      const model = yield* Redial.make(service, { model: "m" })
      const chat = yield* Chat.empty
      yield* collect(chat.streamText({ prompt: "How is it in Oslo?", toolkit: weather })).pipe(
        provide(model),
        Effect.provide(handlers)
      )
      const parts = yield* collect(chat.streamText({ prompt: [], toolkit: weather })).pipe(
        provide(model),
        Effect.provide(handlers)
      )
      assert.strictEqual(textOf(parts), done.text)
      assert.deepStrictEqual(cities, ["Oslo"])
      const [asked] = yield* second.server.requests
      assert.include(asked?.body, "sunny in Oslo")
    })
  )
})
