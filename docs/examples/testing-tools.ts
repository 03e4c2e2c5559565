import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Tool, Toolkit, ToolLoop } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const weather = Tool.make("weather", { parameters: { city: Schema.String } })

const call = { toolCalls: [{ id: "call_1", name: "weather", arguments: { city: "Oslo" } }] }

it.effect("runs each tool once, although the call drops on its way", () =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    const tools = ToolLoop.make(Toolkit.make(weather), {
      weather: ({ city }) =>
        Effect.sync(() => {
          asked.push(city)
          return `18 degrees in ${city}`
        })
    })

    const { text } = yield* ToolLoop.generate(tools, { model: "any", prompt: "How warm is it in Oslo?" })

    assert.strictEqual(text, "It is warm.")
    assert.deepStrictEqual(asked, ["Oslo"])
    // What the model was told: the last message of the last request.
    const { requests } = yield* ScriptedProvider.ScriptedProvider
    assert.include(JSON.stringify((yield* requests).at(-1)?.prompt.at(-1)), "18 degrees in Oslo")
  }).pipe(
    Effect.provide(
      ScriptedProvider.layer([
        ScriptedProvider.drop(call, { afterEvents: 3 }),
        ScriptedProvider.answer(call),
        ScriptedProvider.answer({ text: "It is warm." })
      ])
    )
  )
)
