/**
 * Limits of a request that say that there is no limit.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Schedule, TestClock } from "effect"
import { ScriptedProvider } from "effect-redial/testing"
import { request } from "../support/request.js"

const whole = { text: "hello there" }
const answer = ScriptedProvider.answer(whole)

describe("Duration.infinity", () => {
  it.scoped("as maxElapsed is no bound, and no maxElapsed is one of an hour", () =>
    Effect.gen(function* () {
      const dropped = ScriptedProvider.drop(whole, { afterEvents: 3 })
      for (const [maxElapsed, requests] of [
        [Duration.infinity, 9],
        [undefined, 2]
      ] as const) {
        const drops = Array.from({ length: 7 }, () => dropped)
        const script = yield* ScriptedProvider.make([dropped, ...drops, answer], {
          retry: Schedule.spaced("50 minutes"),
          limits: { maxElapsed, maxAttempts: 100 },
          deadlines: { total: Duration.infinity }
        })
        const fiber = yield* Effect.fork(Effect.either(script.provider.generate(request)))
        yield* TestClock.adjust("1 day")
        const result = yield* Fiber.join(fiber)
        assert.strictEqual(result._tag, maxElapsed === undefined ? "Left" : "Right")
        assert.strictEqual((yield* script.requests).length, requests)
      }
    })
  )

  it.scoped("as maxRetryAfter waits for as long as a provider says", () =>
    Effect.gen(function* () {
      const limited = ScriptedProvider.status(429, { retryAfterSeconds: 36_000 })
      const script = yield* ScriptedProvider.make([limited, answer], {
        limits: { maxRetryAfter: Duration.infinity, maxElapsed: Duration.infinity }
      })
      const fiber = yield* Effect.fork(script.provider.generate(request))
      yield* TestClock.adjust("9 hours")
      assert.strictEqual((yield* script.requests).length, 1)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Fiber.join(fiber)).text, whole.text)
    })
  )
})
