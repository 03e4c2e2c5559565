import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Schedule, TestClock } from "effect"
import { Provider } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const request = { model: "any", prompt: "Why is the sky blue?" }
const whole = { text: "Because of Rayleigh scattering." }

it.effect("asks again after a minute, and not before", () =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Provider.generate(request))
    yield* TestClock.adjust("59 seconds")
    assert.isNull(fiber.unsafePoll())
    yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* Fiber.join(fiber)).text, whole.text)
  }).pipe(
    Effect.provide(
      ScriptedProvider.layer([ScriptedProvider.status(529), ScriptedProvider.answer(whole)], {
        // The schedule of the program, in place of the one without waits.
        retry: Schedule.spaced("1 minute")
      })
    )
  )
)

it.effect("waits for as long as the provider asks", () =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Provider.generate(request))
    yield* TestClock.adjust("30 seconds")
    assert.strictEqual((yield* Fiber.join(fiber)).text, whole.text)
  }).pipe(
    Effect.provide(
      ScriptedProvider.layer([ScriptedProvider.status(429, { retryAfterSeconds: 30 }), ScriptedProvider.answer(whole)])
    )
  )
)

it.effect("gives a silent stream up after two minutes", () =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Provider.generate(request))
    yield* TestClock.adjust("2 minutes")
    const { attempts } = yield* Fiber.join(fiber)
    assert.strictEqual(attempts[0]?.error?.tag, "StreamStalled")
  }).pipe(
    Effect.provide(
      ScriptedProvider.layer(
        [ScriptedProvider.drop(whole, { afterEvents: 4, how: "stall" }), ScriptedProvider.answer(whole)],
        { deadlines: { idle: "2 minutes" } }
      )
    )
  )
)
