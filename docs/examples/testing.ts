import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Provider } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const program = Provider.generate({ model: "any", prompt: "Why is the sky blue?" })

const dropsOnce = ScriptedProvider.layer([
  ScriptedProvider.drop({ text: "Because of Rayleigh scattering." }, { afterEvents: 4 }),
  ScriptedProvider.answer({ text: "Because of Rayleigh scattering." })
])

it.effect("gets the whole answer, although the stream drops once", () =>
  Effect.gen(function* () {
    const { attempts, text } = yield* program
    assert.strictEqual(text, "Because of Rayleigh scattering.")
    assert.strictEqual(attempts.length, 2)
  }).pipe(Effect.provide(dropsOnce))
)
