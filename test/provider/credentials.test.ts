/**
 * What becomes of a request whose keys are refused, limited or gone: the attempts it makes, with which keys, how long it
 * waits, and what its error says. Under the test clock and without a socket.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Either, Fiber, Redacted, Ref, Schedule, Schema, Stream, TestClock } from "effect"
import { Credentials, Provider, ProviderError, Router, Vendors } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { request } from "../support/request.js"

const whole = { text: "Because of Rayleigh scattering." }
const answer = ScriptedProvider.answer(whole)
const refused = ScriptedProvider.status(401)
const never = Schedule.stop
const key = Redacted.make

const keysOf = (names: ReadonlyArray<string>, options?: Credentials.Options) => {
  const [first = "a", ...rest] = names
  const source = (name: string) => Credentials.fromKey(key(`key-of-${name}`), { name })
  return Credentials.make([source(first), ...rest.map(source)], options)
}

type Turns = Parameters<typeof ScriptedProvider.make>[0]

/** Runs one request, and says when it ended, in test milliseconds. */
const play = (
  script: Turns,
  { call, ...options }: ScriptedProvider.Options & { readonly call?: Provider.StreamOptions }
) =>
  Effect.gen(function* () {
    const { keys, provider } = yield* ScriptedProvider.make(script, options)
    const endedAt = yield* Ref.make(-1)
    const fiber = yield* provider
      .stream(request, call)
      .pipe(
        Stream.runLast,
        Effect.either,
        Effect.zipLeft(Effect.flatMap(Clock.currentTimeMillis, (now) => Ref.set(endedAt, now))),
        Effect.fork
      )
    const sent = Effect.map(keys, (all) => all.map((one) => Redacted.value(one).replace("key-of-", "")))
    return { fiber, sent, endedAt: Ref.get(endedAt), provider }
  })

const failureOf = <A>(result: Either.Either<A, ProviderError.ProviderError>) => {
  assert(Either.isLeft(result), "the request was to fail")
  return result.left
}

describe("a refused key", () => {
  it.scoped("is replaced by its source, and the request goes on at once without a step of the schedule", () =>
    Effect.gen(function* () {
      let n = 0
      const apiKey = yield* Credentials.make([Credentials.fromEffect(Effect.sync(() => key(`token-${++n}`)))])
      const run = yield* play([refused, answer], { apiKey, retry: never })
      const result = yield* Fiber.join(run.fiber)
      assert.deepStrictEqual(yield* run.sent, ["token-1", "token-2"])
      assert.strictEqual(yield* run.endedAt, 0)
      assert(Either.isRight(result) && result.right._tag === "Some" && result.right.value._tag === "Finish")
      assert.deepStrictEqual(
        result.right.value.response.attempts.map(({ credential, error }) => [error?.tag, credential]),
        [
          ["AuthenticationFailed", { name: "key-1", version: 1 }],
          [undefined, { name: "key-1", version: 2 }]
        ]
      )
    })
  )

  it.scoped("makes way for the next, until there is none; the error is the last one's own", () =>
    Effect.gen(function* () {
      const run = yield* play([refused], { apiKey: yield* keysOf(["a", "b", "c"]), retry: Schedule.forever })
      const error = failureOf(yield* Fiber.join(run.fiber))
      assert.deepStrictEqual(yield* run.sent, ["a", "b", "c"])
      assert.strictEqual(error._tag, "AuthenticationFailed")
      assert.deepStrictEqual(error.credential, { name: "c", version: 1 })
      // All are benched now, and that is when the first comes back.
      assert.strictEqual(error.retryAfterMillis, 300_000)
      assert.include(error.message, "key c version 1")
      assert.notInclude(inspect(error, { depth: 20 }), "key-of-")
      const encoded = yield* Schema.encode(ProviderError.ProviderError)(error)
      assert.deepStrictEqual((yield* Schema.decode(ProviderError.ProviderError)(encoded)).credential, error.credential)
    })
  )

  it.scoped("counts as an attempt, and the bound on attempts holds", () =>
    Effect.gen(function* () {
      const apiKey = yield* keysOf(["a", "b", "c", "d"])
      const run = yield* play([refused], { apiKey, limits: { maxAttempts: 2 } })
      assert.strictEqual(failureOf(yield* Fiber.join(run.fiber)).attempts.length, 2)
      assert.deepStrictEqual(yield* run.sent, ["a", "b"])
    })
  )

  it.scoped("with a source that cannot help is reported with what the source said", () =>
    Effect.gen(function* () {
      let n = 0
      const source = Effect.suspend(() => (++n === 1 ? Effect.succeed(key("old")) : Effect.fail(new Error("sealed"))))
      const run = yield* play([refused], { apiKey: yield* Credentials.make([Credentials.fromEffect(source)]) })
      const error = failureOf(yield* Fiber.join(run.fiber))
      assert.strictEqual(error._tag, "AuthenticationFailed")
      assert.strictEqual(error.status, 401)
      assert.match(error.description, /did not accept the key.*fetching a key failed: sealed/)
      assert.deepStrictEqual(yield* run.sent, ["old"])
    })
  )

  it.scoped("that was accepted before, and is refused at the redial of a dropped stream, is refreshed", () =>
    Effect.gen(function* () {
      let n = 0
      const apiKey = yield* Credentials.make([Credentials.fromEffect(Effect.sync(() => key(`token-${++n}`)))])
      const run = yield* play([ScriptedProvider.drop(whole, { afterEvents: 5 }), refused, answer], {
        apiKey,
        retry: Schedule.recurs(1)
      })
      assert(Either.isRight(yield* Fiber.join(run.fiber)))
      assert.deepStrictEqual(yield* run.sent, ["token-1", "token-1", "token-2"])
    })
  )

  it.scoped("given as a plain key is what it always was: an error, each time", () =>
    Effect.gen(function* () {
      const { keys, provider } = yield* ScriptedProvider.make([refused, refused, answer], { apiKey: key("plain") })
      for (let i = 0; i < 2; i++) {
        const error = yield* Effect.flip(provider.generate(request))
        assert.strictEqual(error._tag, "AuthenticationFailed")
        assert.isUndefined(error.credential)
      }
      assert.strictEqual((yield* provider.generate(request)).text, whole.text)
      assert.strictEqual((yield* keys).length, 3)
    })
  )
})

describe("a limited key", () => {
  const limited = (retryAfterSeconds?: number) => ScriptedProvider.status(429, { retryAfterSeconds })

  it.scoped("is tried again when the provider says, and then makes way at once", () =>
    Effect.gen(function* () {
      const run = yield* play([limited(20), limited(20), answer], {
        apiKey: yield* keysOf(["a", "b"]),
        retry: Schedule.recurs(1)
      })
      yield* TestClock.adjust("19 seconds")
      assert.deepStrictEqual(yield* run.sent, ["a"])
      yield* TestClock.adjust("1 second")
      assert(Either.isRight(yield* Fiber.join(run.fiber)))
      assert.deepStrictEqual(yield* run.sent, ["a", "a", "b"])
      assert.strictEqual(yield* run.endedAt, 20_000)
    })
  )

  it.scoped("is not tried a third time at once, however short a wait the provider wants", () =>
    Effect.gen(function* () {
      const run = yield* play([limited(0.006), limited(0.006), limited(0.006), limited(0.006), answer], {
        apiKey: yield* keysOf(["a", "b"]),
        retry: Schedule.recurs(3)
      })
      yield* TestClock.adjust("6 millis")
      assert.deepStrictEqual(yield* run.sent, ["a", "a", "b"])
      yield* TestClock.adjust("6 millis")
      assert.deepStrictEqual(yield* run.sent, ["a", "a", "b", "b"])
      // Both are left alone now, and the first comes back a second after it made way.
      yield* TestClock.adjust("993 millis")
      assert.strictEqual((yield* run.sent).length, 4)
      yield* TestClock.adjust("1 millis")
      assert(Either.isRight(yield* Fiber.join(run.fiber)))
      assert.deepStrictEqual(yield* run.sent, ["a", "a", "b", "b", "a"])
    })
  )

  it.scoped("is not waited for longer than the request may wait", () =>
    Effect.gen(function* () {
      const run = yield* play([limited(3_600), answer], { apiKey: yield* keysOf(["a", "b"]), retry: never })
      assert(Either.isRight(yield* Fiber.join(run.fiber)))
      assert.deepStrictEqual(yield* run.sent, ["a", "b"])
    })
  )

  it.scoped("without money makes way at once, also where the status is 429", () =>
    Effect.gen(function* () {
      const broke = { ...ScriptedProvider.status(429), body: { error: { code: "insufficient_quota" } } }
      for (const turn of [broke, ScriptedProvider.status(402)]) {
        const apiKey = yield* keysOf(["a", "b"])
        const run = yield* play([turn, answer], { apiKey, retry: never })
        assert(Either.isRight(yield* Fiber.join(run.fiber)))
        assert.deepStrictEqual(yield* run.sent, ["a", "b"])
        const [a] = yield* apiKey.state
        const now = yield* Clock.currentTimeMillis
        assert.deepStrictEqual(
          [a?.status, a?.benchedFor, (a?.benchedUntil ?? 0) - now],
          ["benched", "quota", 3_600_000]
        )
      }
    })
  )

  it.scoped("is left alone until the provider's time, by other requests too, and is the first again after that", () =>
    Effect.gen(function* () {
      const apiKey = yield* keysOf(["a", "b"])
      const { keys, provider } = yield* ScriptedProvider.make([limited(400), answer], { apiKey })
      const ask = provider.generate(request)
      yield* ask
      yield* ask
      yield* TestClock.adjust("400 seconds")
      yield* ask
      assert.deepStrictEqual(
        (yield* keys).map(Redacted.value).map((each) => each.slice(-1)),
        ["a", "b", "b", "a"]
      )
    })
  )

  it.scoped("is waited for by a request that finds every key benched, if that is soon", () =>
    Effect.gen(function* () {
      const apiKey = yield* keysOf(["a", "b"])
      const { keys, provider } = yield* ScriptedProvider.make([limited(60), limited(60), answer], {
        apiKey,
        limits: { maxRetryAfter: "30 seconds" }
      })
      const error = yield* Effect.flip(provider.generate(request))
      assert.deepStrictEqual([error._tag, error.retryAfterMillis, error.status], ["RateLimited", 60_000, 429])
      // A new request sends nothing at all, and says when a key comes back.
      yield* TestClock.adjust("20 seconds")
      const early = yield* Effect.flip(provider.generate(request))
      assert.deepStrictEqual([early._tag, early.retryAfterMillis, early.status], ["RateLimited", 40_000, undefined])
      assert.include(early.description, "the first, a, comes back in 40s")
      assert.strictEqual((yield* keys).length, 2)
      // Within the limit it waits, and is then sent.
      yield* TestClock.adjust("15 seconds")
      const fiber = yield* Effect.fork(provider.generate(request))
      yield* TestClock.adjust("24 seconds")
      assert.strictEqual((yield* keys).length, 2)
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).text, whole.text)
    })
  )

  it.scoped("stays the key of a provider that has only this one", () =>
    Effect.gen(function* () {
      const run = yield* play([limited(), limited(), limited(), answer], {
        apiKey: yield* keysOf(["a"]),
        retry: Schedule.spaced("1 second")
      })
      yield* TestClock.adjust("3 seconds")
      assert(Either.isRight(yield* Fiber.join(run.fiber)))
      assert.strictEqual(yield* run.endedAt, 3_000)
    })
  )
})

describe("what is no key's fault", () => {
  it.scoped("rotates nothing, however often", () =>
    Effect.gen(function* () {
      const drop = ScriptedProvider.drop(whole, { afterEvents: 5 })
      const run = yield* play([ScriptedProvider.status(529), ScriptedProvider.status(500), drop, drop, answer], {
        apiKey: yield* keysOf(["a", "b"], { strategy: "round-robin" }),
        retry: Schedule.recurs(4)
      })
      assert(Either.isRight(yield* Fiber.join(run.fiber)))
      assert.deepStrictEqual(yield* run.sent, ["a", "a", "a", "a", "a"])
    })
  )

  it.scoped("and requests take turns round robin", () =>
    Effect.gen(function* () {
      const apiKey = yield* keysOf(["a", "b", "c"], { strategy: "round-robin" })
      const { keys, provider } = yield* ScriptedProvider.make([answer], { apiKey })
      for (let i = 0; i < 4; i++) yield* provider.generate(request)
      assert.deepStrictEqual(
        (yield* keys).map(Redacted.value).map((each) => each.slice(-1)),
        ["a", "b", "c", "a"]
      )
    })
  )
})

describe("a key of one call", () => {
  it.scoped("is sent in place of the provider's, with that call alone", () =>
    Effect.gen(function* () {
      const tenant = yield* keysOf(["t1", "t2"])
      const { keys, provider } = yield* ScriptedProvider.make([answer, refused, answer], { apiKey: key("own") })
      yield* provider.generate(request, { credential: key("redacted") })
      yield* provider.generate(request, { credential: tenant })
      yield* Stream.runDrain(provider.streamText(request))
      assert.deepStrictEqual((yield* keys).map(Redacted.value), ["redacted", "key-of-t1", "key-of-t2", "own"])
      assert.deepStrictEqual(
        (yield* tenant.state).map(({ status }) => status),
        ["benched", "ready"]
      )
    })
  )

  it.scoped("that cannot be one fails the call before anything is sent", () =>
    Effect.gen(function* () {
      const { keys, provider } = yield* ScriptedProvider.make([answer])
      const elsewhere = yield* keysOf(["a"], { hosts: ["api.example.com"] })
      for (const [credential, says] of [
        [key(""), "`credential` of the call is empty"],
        [key("secret\r\nx-evil: 1"), "line breaks"],
        [elsewhere, "may go to api.example.com only"]
      ] as const) {
        const error = yield* Effect.flip(provider.generate(request, { credential }))
        assert(error._tag === "InvalidRequest")
        assert.strictEqual(error.field, "credential")
        assert.include(error.description, says)
        assert.notInclude(inspect(error), "secret")
      }
      assert.strictEqual((yield* keys).length, 0)
    })
  )

  it.scoped("does not pass a router, which cannot know whose it is, unless it says so itself", () =>
    Effect.gen(function* () {
      const { keys, provider } = yield* ScriptedProvider.make([answer])
      const routed = Router.make({ only: provider }, () => "only")
      for (const credential of [key("k"), yield* keysOf(["a"])]) {
        for (const call of [
          routed.generate(request, { credential }),
          routed.generateObject(request, { schema: Schema.String }, { credential }),
          Stream.runDrain(routed.stream(request, { credential })),
          Stream.runDrain(routed.streamText(request, { credential }))
        ]) {
          const error = yield* Effect.flip(call)
          assert(error._tag === "InvalidRequest")
          assert.strictEqual(error.field, "credential")
        }
      }
      assert.strictEqual((yield* keys).length, 0)
      yield* routed.generate(request, { credential: yield* keysOf(["b"], { hosts: ["scripted"] }) })
      assert.strictEqual((yield* keys).length, 1)
    })
  )
})

describe("keys of one provider", () => {
  it.scoped("are refused for a provider at another host, when that is made", () =>
    Effect.gen(function* () {
      const oauth = yield* keysOf(["a"], { hosts: ["api.anthropic.com"] })
      yield* Provider.make(Vendors.anthropic, { apiKey: oauth })
      for (const made of [
        Provider.make(Vendors.minimax, { apiKey: oauth }),
        Provider.make(Vendors.anthropic, { apiKey: oauth, baseUrl: "https://api.anthropic.com.evil.test" }),
        Provider.make(Vendors.anthropic, { apiKey: oauth, baseUrl: "https://evil.test/api.anthropic.com" })
      ]) {
        const error = yield* Effect.flip(made)
        assert.strictEqual(error.option, "apiKey")
        assert.include(error.message, "may go to api.anthropic.com only")
      }
    })
  )

  it.scoped("are not claimed by a provider that could not be made", () =>
    Effect.gen(function* () {
      const apiKey = yield* keysOf(["a"])
      const baseUrl = "https://typo.example.com"
      const headers = { "x-api-key": "k" }
      const error = yield* Effect.flip(Provider.make(Vendors.anthropic, { apiKey, baseUrl, headers }))
      assert.strictEqual(error.option, "headers")
      yield* Provider.make(Vendors.anthropic, { apiKey })
    })
  )
})
