import { assert, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Provider } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const request = { model: "any", prompt: "Why is the sky blue?" }

/** The code under test: shows an answer while it is written, and takes back what is void. */
const shown = Provider.stream(request).pipe(
  Stream.runFold([] as ReadonlyArray<string>, (lines, event) => {
    if (event._tag === "TextDelta") return [...lines, event.text]
    return event._tag === "Superseded" ? [...lines, `(void: ${event.error.tag})`] : lines
  })
)

const whole = { text: ["Because of ", "Rayleigh ", "scattering."] }

for (const [how, tag] of [
  ["reset", "StreamDropped"],
  ["end", "StreamTruncated"]
] as const) {
  it.effect(`a drop by ${how} is told, and then the answer comes again`, () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* shown, ["Because of ", `(void: ${tag})`, "Because of ", "Rayleigh ", "scattering."])
    }).pipe(
      Effect.provide(
        ScriptedProvider.layer([ScriptedProvider.drop(whole, { afterEvents: 4, how }), ScriptedProvider.answer(whole)])
      )
    )
  )
}

it.effect("text that is never taken back goes on where it stopped", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* Stream.mkString(Provider.streamText(request)), "Because of Rayleigh scattering.")
    const scripted = yield* ScriptedProvider.ScriptedProvider
    assert.strictEqual((yield* scripted.requests).length, 2)
  }).pipe(
    Effect.provide(
      ScriptedProvider.layer([
        ScriptedProvider.drop(whole, { afterEvents: 4 }),
        // A model that does what it is asked: it repeats its last words, and goes on with these.
        ScriptedProvider.resumed(" Rayleigh scattering.")
      ])
    )
  )
)

it.effect("an answer that never comes whole fails with what was delivered", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Provider.generate(request))
    assert.strictEqual(error._tag, "StreamDropped")
    assert.strictEqual(error.partial?.text, "Because of ")
    assert.strictEqual(error.attempts.length, 3)
  }).pipe(Effect.provide(ScriptedProvider.layer([ScriptedProvider.drop(whole, { afterEvents: 4 })])))
)
