/**
 * The edges of when there is another attempt: delays that are no number or have no end, limits that bound nothing, what a
 * provider asks for beyond all measure, and that the schedule hears of every error.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Clock,
  Duration,
  Effect,
  Either,
  Fiber,
  Redacted,
  Schedule,
  ScheduleDecision,
  ScheduleInterval,
  Schema,
  Stream,
  TestClock
} from "effect"
import { Credentials, type Provider, ProviderError } from "effect-redial"
import { ScriptedProvider, Wire } from "effect-redial/testing"
import { request } from "../support/request.js"
import * as Memory from "../support/retry/memory.js"

const whole = { text: "Because of Rayleigh scattering." }
const answer = ScriptedProvider.answer(whole)
const dropped = ScriptedProvider.drop(whole, { afterEvents: 5 })

type Turns = Parameters<typeof ScriptedProvider.make>[0]
type Policy = Schedule.Schedule<unknown, ProviderError.ProviderError>

/** Plays a script to its end while nobody moves the clock, unless `adjust` does; and says when that end came. */
const play = (
  script: Turns,
  { adjust, ...options }: ScriptedProvider.Options & { readonly adjust?: Duration.DurationInput }
) =>
  Effect.gen(function* () {
    const { provider, requests } = yield* ScriptedProvider.make(script, options)
    const fiber = yield* Effect.fork(
      Effect.all([Effect.either(Stream.runDrain(provider.stream(request))), Clock.currentTimeMillis])
    )
    if (adjust !== undefined) yield* TestClock.adjust(adjust)
    const [result, endedAt] = yield* Fiber.join(fiber)
    return { result, endedAt, asked: (yield* requests).length, provider }
  })

const failure = <A>(result: Either.Either<A, ProviderError.ProviderError>): ProviderError.ProviderError => {
  assert(Either.isLeft(result), "the request was to fail")
  return result.left
}

/** A schedule that starts the next attempt at this time, whatever the time is. */
const startingAt = (time: number): Policy =>
  Schedule.makeWithState(0, (_, __, state) =>
    Effect.succeed([state + 1, state, ScheduleDecision.continueWith(ScheduleInterval.after(time))])
  )

const delayedBy = (delay: Duration.DurationInput): Policy => Schedule.delayed(Schedule.forever, () => delay)

const unbounded = { maxElapsed: Duration.infinity } as const

describe("the delay of a schedule", () => {
  it.scoped("that is no number is none", () =>
    Effect.gen(function* () {
      const { asked, endedAt, result } = yield* play([dropped, dropped, answer], { retry: startingAt(Number.NaN) })
      assert.isTrue(Either.isRight(result))
      assert.deepStrictEqual([asked, endedAt], [3, 0])
    })
  )

  it.scoped("that is no number leaves the provider its wish", () =>
    Effect.gen(function* () {
      const limited = ScriptedProvider.status(429, { retryAfterSeconds: 30 })
      const { endedAt } = yield* play([limited, answer], { retry: startingAt(Number.NaN), adjust: "30 seconds" })
      assert.strictEqual(endedAt, 30_000)
    })
  )

  it.scoped("that is over already is none", () =>
    Effect.gen(function* () {
      const { asked, endedAt } = yield* play([dropped, answer], { retry: startingAt(Number.NEGATIVE_INFINITY) })
      assert.deepStrictEqual([asked, endedAt], [2, 0])
    })
  )

  for (const [name, retry] of [
    ["has no end", delayedBy(Duration.infinity)],
    ["begins when time has ended", startingAt(Number.POSITIVE_INFINITY)],
    ["is a millisecond more than a timer can wait", delayedBy(2 ** 31)]
  ] as const) {
    it.scoped(`that ${name} is no further attempt, and the request fails at once`, () =>
      Effect.gen(function* () {
        const { asked, endedAt, result } = yield* play([dropped, answer], { retry, limits: unbounded })
        const error = failure(result)
        assert.strictEqual(error._tag, "StreamDropped")
        assert.deepStrictEqual([asked, error.attempts.length, endedAt], [1, 1, 0])
      })
    )
  }

  it.scoped("that a timer can just wait for is waited for", () =>
    Effect.gen(function* () {
      const most = 2 ** 31 - 1
      const { endedAt, result } = yield* play([dropped, answer], {
        retry: delayedBy(most),
        limits: unbounded,
        adjust: most
      })
      assert.isTrue(Either.isRight(result))
      assert.strictEqual(endedAt, most)
    })
  )
})

describe("limits", () => {
  it.scoped("that have no end bound nothing", () =>
    Effect.gen(function* () {
      const { asked, endedAt, result } = yield* play([dropped, dropped, dropped, answer], {
        retry: Schedule.spaced("20 days"),
        limits: unbounded,
        adjust: "60 days"
      })
      assert.isTrue(Either.isRight(result))
      assert.deepStrictEqual([asked, endedAt], [4, Duration.toMillis("60 days")])
    })
  )

  it.scoped("of 60 minutes are there by default", () =>
    Effect.gen(function* () {
      const { asked, endedAt, result } = yield* play([dropped], { retry: delayedBy("25 minutes"), adjust: "1 days" })
      failure(result)
      assert.deepStrictEqual([asked, endedAt], [3, Duration.toMillis("50 minutes")])
    })
  )
})

describe("a provider that asks for a wait beyond all measure", () => {
  const limited = (headers: Readonly<Record<string, string>>): ScriptedProvider.Turn => ({
    ...ScriptedProvider.status(429),
    headers
  })
  const json = Schema.parseJson(ProviderError.ProviderError)

  for (const [header, value] of [
    ["retry-after", "1e308"],
    ["retry-after-ms", "1e308"]
  ] as const) {
    for (const maxRetryAfter of [undefined, Duration.infinity]) {
      it.scoped(`${header}: ${value}, of which ${maxRetryAfter ? "all is" : "little is"} allowed, ends at once`, () =>
        Effect.gen(function* () {
          const { asked, endedAt, result } = yield* play([limited({ [header]: value }), answer], {
            retry: Schedule.forever,
            limits: { maxRetryAfter, ...unbounded }
          })
          const error = failure(result)
          assert.strictEqual(error._tag, "RateLimited")
          assert.deepStrictEqual([asked, endedAt], [1, 0])
          assert.strictEqual(error.retryAfterMillis, Number.MAX_SAFE_INTEGER)
          const back = yield* Effect.flatMap(Schema.encode(json)(error), Schema.decode(json))
          assert.strictEqual(back.retryAfterMillis, Number.MAX_SAFE_INTEGER)
        })
      )
    }
  }
})

/** The generation of the client that the next request of a provider meets, counted from 1. */
const generation = (provider: Provider.Service) =>
  Effect.map(provider.generate(request), ({ attempts }) => Number(attempts.at(-1)?.generation?.split(".").at(-1)))

describe("the last error of a request", () => {
  const ways: Readonly<Record<string, Provider.Resilience>> = {
    "a schedule that is done": { retry: Schedule.stop },
    "a limit of attempts": { retry: Schedule.forever, limits: { maxAttempts: 1 } },
    "a limit of time": { retry: Schedule.spaced("2 minutes"), limits: { maxElapsed: "1 minute" } },
    "a delay without end": { retry: delayedBy(Duration.infinity), limits: unbounded }
  }

  for (const [name, options] of Object.entries(ways)) {
    it.scoped(`that ended by ${name} renews the client for whoever comes next`, () =>
      Effect.gen(function* () {
        const { asked, provider, result } = yield* play([dropped, answer], options)
        assert.strictEqual(failure(result)._tag, "StreamDropped")
        assert.strictEqual(asked, 1)
        assert.strictEqual(yield* generation(provider), 2)
      })
    )
  }

  it.scoped("renews at each attempt, also at the last allowed one", () =>
    Effect.gen(function* () {
      const { asked, provider, result } = yield* play([dropped, dropped, dropped, answer], {
        retry: Schedule.recurs(2)
      })
      failure(result)
      assert.strictEqual(asked, 3)
      assert.strictEqual(yield* generation(provider), 4)
    })
  )

  it.scoped("renews nothing where the connection works", () =>
    Effect.gen(function* () {
      const { provider } = yield* play([ScriptedProvider.status(500), answer], { retry: Schedule.stop })
      assert.strictEqual(yield* generation(provider), 1)
    })
  )

  it.scoped("renews after a second malformed answer, which is not asked for again", () =>
    Effect.gen(function* () {
      const html = { ...answer, headers: { "content-type": "text/html" }, events: ["<html>proxy error</html>"] }
      const { asked, provider } = yield* play([html, html, answer], { retry: Schedule.forever })
      assert.strictEqual(asked, 2)
      assert.strictEqual(yield* generation(provider), 3)
    })
  )
})

describe("the schedule", () => {
  /** Writes down each error that it is stepped with. */
  const listening = (heard: Array<string>, schedule: Policy = Schedule.forever): Policy =>
    Schedule.tapInput(schedule, (error: ProviderError.ProviderError) => Effect.sync(() => void heard.push(error._tag)))

  const twoKeys = Credentials.make([
    Credentials.fromKey(Redacted.make("first")),
    Credentials.fromKey(Redacted.make("second"))
  ])

  it.scoped("hears of an error that another key follows at once, and of the one that a limit makes the last", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const { asked, provider, result } = yield* play([ScriptedProvider.status(401), dropped, answer], {
        apiKey: yield* twoKeys,
        retry: listening(heard),
        limits: { maxAttempts: 2 }
      })
      assert.strictEqual(failure(result)._tag, "StreamDropped")
      assert.strictEqual(asked, 2)
      assert.deepStrictEqual(heard, ["AuthenticationFailed", "StreamDropped"])
      assert.strictEqual(yield* generation(provider), 2)
    })
  )

  it.scoped("is not moved on by an attempt that another key replaces", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* play([ScriptedProvider.status(401), dropped, answer], {
        apiKey: yield* twoKeys,
        retry: Schedule.recurs(1)
      })
      assert.isTrue(Either.isRight(result))
      assert.strictEqual(asked, 3)
    })
  )

  it.scoped("hears of an error that another route follows at once, and only a broken connection is renewed", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const text = "The sky is blue because short waves are scattered more than long ones."
      const whole = Wire.answer("anthropic-messages", { text })
      const body = Wire.errorBody("anthropic-messages", { type: "invalid_request_error", message: "no prefill" })
      const script: ReadonlyArray<Memory.Reply> = [
        { events: whole.slice(0, 6), ending: "reset" },
        { status: 400, body, events: [] }
      ]
      const { asked, generations, provider } = yield* Memory.make(
        "anthropic-messages",
        ({ json }, nth) => {
          const ask = Wire.asked(json)
          const rest = ask && text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
          const answered = ask && rest !== undefined ? Wire.resumed(ask, rest) : text
          return script[nth - 1] ?? { events: Wire.answer("anthropic-messages", { text: answered }) }
        },
        { prefill: {}, retry: listening(heard, Schedule.recurs(1)) }
      )
      const last = yield* Stream.runLast(provider.stream(request, { delivery: "resume" }))
      assert(last._tag === "Some" && last.value._tag === "Finish")
      const { response } = last.value
      assert.strictEqual(response.text, text)
      assert.deepStrictEqual(
        response.attempts.map(({ route }) => route),
        [undefined, "prefill", "ask"]
      )
      assert.deepStrictEqual(heard, ["StreamDropped", "InvalidRequest"])
      assert.deepStrictEqual([asked.length, generations()], [3, 2])
    })
  )
})
