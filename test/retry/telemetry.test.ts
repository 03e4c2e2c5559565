/**
 * What is seen from outside: a span per request with one per attempt below it, and a log line per redial.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, Stream } from "effect"
import { ScriptedProvider } from "effect-redial/testing"
import { observing } from "../observing.js"

const whole = { text: "Because of Rayleigh scattering." }

describe("telemetry", () => {
  it.scoped("a request is one span, and each attempt one below it, with what became of it", () =>
    Effect.gen(function* () {
      const { lines, run, spans } = observing()
      const { provider } = yield* ScriptedProvider.make(
        [ScriptedProvider.drop(whole, { afterEvents: 5 }), ScriptedProvider.answer(whole)],
        { retry: Schedule.recurs(1) }
      )
      yield* run(Stream.runDrain(provider.stream({ model: "m", prompt: "hi" })))
      const attempts = spans.filter(({ name }) => name.startsWith("attempt"))
      assert.deepStrictEqual(
        attempts.map(({ attributes, exit, name, parent }) => [
          name,
          parent,
          exit?._tag,
          attributes.get("effect_redial.delivered"),
          attributes.get("error.type")
        ]),
        [
          ["attempt 1", "chat m", "Failure", "text", "StreamDropped"],
          ["attempt 2", "chat m", "Success", "text", undefined]
        ]
      )
      assert.strictEqual(spans.find(({ name }) => name === "chat m")?.exit?._tag, "Success")

      const redials = lines.filter(({ message }) => message.startsWith("redialling"))
      assert.strictEqual(redials.length, 1)
      assert.strictEqual(redials[0]?.annotations["error.type"], "StreamDropped")
      assert.include(redials[0]?.message, "in the middle of the answer")
      assert.match(String(redials[0]?.annotations["effect_redial.generation"]), /^scripted#\d+\.1$/)
    })
  )
})
