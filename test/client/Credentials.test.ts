/**
 * Where keys come from: how long they are kept, who asks for new ones and how often, and what is known from outside.
 * Under the test clock; what becomes of whole requests is in `test/provider/credentials.test.ts`.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import {
  Chunk,
  Config,
  ConfigProvider,
  Context,
  Deferred,
  Effect,
  Either,
  Exit,
  FastCheck,
  Fiber,
  Redacted,
  Scope,
  Stream,
  TestClock,
  TestContext
} from "effect"
import { Credentials } from "effect-redial"
import { keyringOf } from "../../src/client/credentials/credentials.js"
import * as Keys from "../../src/client/credentials/keys.js"
import type { Fault } from "../../src/model/internal/fault.js"

const key = Redacted.make
const requestOf = (credentials: Credentials.Credentials): Keys.Keys =>
  Either.getOrThrow(Keys.from(credentials, "api.example.com"))()

/** What the next attempt of a new request would be sent with. */
const next = (credentials: Credentials.Credentials) =>
  Effect.map(
    Effect.suspend(() => requestOf(credentials).next),
    said
  )
const said = (chosen: Keys.Chosen): string =>
  `${Redacted.value(chosen.key)} (${chosen.credential?.name}@${chosen.credential?.version})`

const unauthorized: Fault = { _tag: "AuthenticationFailed", description: "no" }
const failure = { delivered: false, maxWait: 300_000 }

/** A token endpoint that counts, and gives `token-1`, `token-2`, ... as its plan says. */
const endpoint = (
  plan: (n: number) => Effect.Effect<Partial<Credentials.Fetched>, unknown> = () => Effect.succeed({})
) => {
  const asked = { times: 0 }
  const fetch = Effect.suspend(() => {
    const n = ++asked.times
    return Effect.map(plan(n), (more): Credentials.Fetched => ({ key: key(`token-${n}`), ...more }))
  })
  return { asked, fetch }
}

const hour = { expiresIn: "1 hour" } as const

describe("a source", () => {
  it.scoped("is asked when a key is first needed, and not before", () =>
    Effect.gen(function* () {
      const { asked, fetch } = endpoint(() => Effect.succeed(hour))
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      assert.strictEqual((yield* credentials.state)[0]?.status, "unread")
      assert.strictEqual(asked.times, 0)
      assert.strictEqual(yield* next(credentials), "token-1 (key-1@1)")
      assert.deepStrictEqual(yield* credentials.state, [
        {
          name: "key-1",
          version: 1,
          status: "ready",
          benchedUntil: undefined,
          benchedFor: undefined,
          expiresAt: 3_600_000
        }
      ])
    })
  )

  it.scoped("is asked ahead of the end of a key, which goes on serving meanwhile", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { asked, fetch } = endpoint((n) => Effect.as(n === 1 ? Effect.void : Deferred.await(gate), hour))
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      yield* next(credentials)
      yield* TestClock.adjust("54 minutes")
      yield* next(credentials)
      assert.strictEqual(asked.times, 1)
      yield* TestClock.adjust("1 minute")
      // The refresh hangs, and nobody waits for it.
      assert.deepStrictEqual(yield* Effect.all([next(credentials), next(credentials)]), [
        "token-1 (key-1@1)",
        "token-1 (key-1@1)"
      ])
      yield* TestClock.adjust(0)
      assert.strictEqual(asked.times, 2)
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* next(credentials), "token-2 (key-1@2)")
      assert.strictEqual(asked.times, 2)
    })
  )

  it.scoped("is asked ahead by a fifth of a short life, and not all the time", () =>
    Effect.gen(function* () {
      const { asked, fetch } = endpoint(() => Effect.succeed({ expiresIn: "10 seconds" } as const))
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      yield* next(credentials)
      yield* TestClock.adjust("7999 millis")
      yield* next(credentials)
      yield* TestClock.adjust(0)
      assert.strictEqual(asked.times, 1)
      yield* TestClock.adjust("1 millis")
      yield* next(credentials)
      yield* TestClock.adjust(0)
      assert.strictEqual(asked.times, 2)
    })
  )

  it.scoped("is waited for where the key has expired", () =>
    Effect.gen(function* () {
      const { fetch } = endpoint((n) => Effect.as(Effect.sleep(n === 1 ? 0 : "3 seconds"), hour))
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      const first = yield* Effect.fork(next(credentials))
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(first)
      assert.strictEqual((yield* credentials.state)[0]?.status, "expired")
      const fiber = yield* Effect.fork(next(credentials))
      yield* TestClock.adjust("2 seconds")
      assert.isNull(fiber.unsafePoll())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "token-2 (key-1@2)")
    })
  )

  it.scoped("that fails leaves a valid key in use, is not asked again for 5 seconds, and is reported at the end", () =>
    Effect.gen(function* () {
      const { asked, fetch } = endpoint((n) =>
        n === 1 ? Effect.succeed({ expiresAt: 100_000 }) : Effect.fail(new Error("the vault is sealed"))
      )
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch, { refreshAhead: "1 minute" })])
      yield* next(credentials)
      yield* TestClock.adjust("80 seconds")
      for (const [millis, times] of [
        [0, 2],
        [4_999, 2],
        [1, 3]
      ] as const) {
        yield* TestClock.adjust(millis)
        assert.strictEqual(yield* next(credentials), "token-1 (key-1@1)")
        yield* TestClock.adjust(0)
        assert.strictEqual(asked.times, times)
      }
      yield* TestClock.adjust("20 seconds")
      const fault = yield* Effect.flip(next(credentials))
      assert.strictEqual(fault._tag, "AuthenticationFailed")
      assert.include(fault.description, "fetching a key failed: the vault is sealed")
      assert.instanceOf(fault.cause, Error)
    })
  )

  const plans: Record<string, Effect.Effect<Partial<Credentials.Fetched>, unknown>> = {
    "dies: boom": Effect.die(new Error("boom")),
    "fails: Sealed": Effect.fail({ _tag: "Sealed" }),
    "fails: plain words": Effect.fail("plain words"),
    "gives a key with a line break": Effect.succeed({ key: key("token\n") }),
    "gives no key: is empty": Effect.succeed({ key: key("") }),
    // As a program without types would give it.
    "gives no time: Invalid": Effect.succeed({ expiresIn: "undefined seconds" as never }),
    "gives no Redacted: redacted value": Effect.succeed({ key: "plain" as never }),
    "gives one of the past: has expired already": Effect.succeed({ expiresAt: 0 })
  }
  for (const [what, plan] of Object.entries(plans)) {
    it.scoped(`that ${what} fails the request with a sentence`, () =>
      Effect.gen(function* () {
        const credentials = yield* Credentials.make([Credentials.fromEffect(endpoint(() => plan).fetch)])
        const fault = yield* Effect.flip(next(credentials))
        assert.strictEqual(fault._tag, "AuthenticationFailed")
        assert.include(fault.description, what.split(": ")[1] ?? "line breaks")
        assert.notInclude(fault.description, "token")
      })
    )
  }

  it.scoped("that repeats a key in its error does not get it into ours", () =>
    Effect.gen(function* () {
      const { fetch } = endpoint((n) =>
        n === 1
          ? Effect.succeed({ key: key("plain-old-secret"), expiresIn: "1 second" } as const)
          : Effect.fail(new Error("plain-old-secret is over, and sk-ant-0123456789 too", { cause: "plain-old-secret" }))
      )
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      const changes = yield* Effect.fork(Stream.runHead(Stream.drop(credentials.changes, 1)))
      yield* Effect.yieldNow()
      yield* next(credentials)
      yield* TestClock.adjust("1 second")
      const fault = yield* Effect.flip(next(credentials))
      const all = inspect([fault, yield* Fiber.join(changes), yield* credentials.state, credentials], { depth: 20 })
      assert.include(all, "is over, and")
      assert.notMatch(all, /plain-old-secret|0123456789/)
    })
  )

  for (const stubborn of [false, true]) {
    it.scoped(`that hangs${stubborn ? " and cannot be interrupted" : ""} is given up at its deadline`, () =>
      Effect.gen(function* () {
        const hangs = stubborn
          ? Effect.uninterruptible(Effect.promise(() => new Promise<never>(() => {})))
          : Effect.never
        const credentials = yield* Credentials.make([Credentials.fromEffect(hangs, { timeout: "20 seconds" })])
        const fiber = yield* Effect.fork(Effect.flip(next(credentials)))
        yield* TestClock.adjust("19 seconds")
        assert.isNull(fiber.unsafePoll())
        yield* TestClock.adjust("1 second")
        assert.include((yield* Fiber.join(fiber)).description, "it took longer than 20s")
      })
    )
  }

  it.scoped("has the services of whoever made the credentials, not of whoever happens to ask", () =>
    Effect.gen(function* () {
      class Vault extends Context.Tag("Vault")<Vault, string>() {}
      const credentials = yield* Effect.provideService(
        Credentials.make([Credentials.fromEffect(Effect.map(Vault, key))]),
        Vault,
        "of-the-maker"
      )
      assert.strictEqual(
        yield* Effect.provideService(next(credentials), Vault, "of-the-caller"),
        "of-the-maker (key-1@1)"
      )
    })
  )

  it.effect("is interrupted with its scope, and nobody goes on waiting for it", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      let interrupted = false
      const hangs = Effect.onInterrupt(Effect.never, () => Effect.sync(() => (interrupted = true)))
      const credentials = yield* Scope.extend(Credentials.make([Credentials.fromEffect(hangs)]), scope)
      const fiber = yield* Effect.fork(Effect.flip(next(credentials)))
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      assert.include((yield* Fiber.join(fiber)).description, "interrupted")
      assert.isTrue(interrupted)
      // Nor does anybody who asks after the end.
      assert.strictEqual((yield* Effect.flip(next(credentials)))._tag, "AuthenticationFailed")
    })
  )
})

describe("a refused key", () => {
  it.scoped("is refreshed once for all who were refused with it", () =>
    Effect.gen(function* () {
      const { asked, fetch } = endpoint((n) => Effect.as(Effect.sleep(n === 1 ? 0 : "1 second"), {}))
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      const requests = Array.from({ length: 50 }, () => requestOf(credentials))
      const warm = yield* Effect.fork(Effect.forEach(requests, (request) => request.next))
      yield* TestClock.adjust(0)
      yield* Fiber.join(warm)
      const fiber = yield* Effect.fork(
        Effect.forEach(requests, (request) => request.failed(unauthorized, failure), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      for (const { another } of yield* Fiber.join(fiber)) assert.isTrue(another)
      assert.strictEqual(asked.times, 2)
      for (const request of requests) assert.strictEqual(said(yield* request.next), "token-2 (key-1@2)")
    })
  )

  it.scoped("that is refused late, when there is a new one, refreshes nothing", () =>
    Effect.gen(function* () {
      const { asked, fetch } = endpoint()
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      const early = requestOf(credentials)
      const late = requestOf(credentials)
      yield* early.next
      yield* late.next
      assert.isTrue((yield* early.failed(unauthorized, failure)).another)
      assert.strictEqual(asked.times, 2)
      assert.isTrue((yield* late.failed(unauthorized, failure)).another)
      assert.strictEqual(said(yield* late.next), "token-2 (key-1@2)")
      assert.strictEqual(asked.times, 2)
    })
  )

  it.scoped("is refreshed once per request, and then there is another key or none", () =>
    Effect.gen(function* () {
      for (const spare of [false, true]) {
        const { asked, fetch } = endpoint()
        const credentials = yield* Credentials.make([
          Credentials.fromEffect(fetch),
          ...(spare ? [Credentials.fromKey(key("spare"))] : [])
        ])
        const request = requestOf(credentials)
        yield* request.next
        assert.isTrue((yield* request.failed(unauthorized, failure)).another)
        yield* request.next
        assert.strictEqual((yield* request.failed(unauthorized, failure)).another, spare)
        assert.strictEqual(asked.times, 2)
        if (spare) assert.strictEqual(said(yield* request.next), "spare (key-2@1)")
      }
    })
  )

  it.scoped("is not refreshed once output was delivered", () =>
    Effect.gen(function* () {
      const { asked, fetch } = endpoint()
      const request = requestOf(yield* Credentials.make([Credentials.fromEffect(fetch)]))
      yield* request.next
      assert.isFalse((yield* request.failed(unauthorized, { ...failure, delivered: true })).another)
      assert.strictEqual(asked.times, 1)
    })
  )

  const pretences: Record<string, [Partial<Credentials.Fetched>, string]> = {
    "the same key": [{ key: key("old") }, "the new key is the same"],
    "the key of another account": [{ account: "theirs" }, "another account"]
  }
  for (const [what, [pretence, says]] of Object.entries(pretences)) {
    it.scoped(`is not refreshed by ${what}`, () =>
      Effect.gen(function* () {
        const { fetch } = endpoint((n) => Effect.succeed(n === 1 ? { key: key("old"), account: "mine" } : pretence))
        const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
        const request = requestOf(credentials)
        yield* request.next
        const { another, fault } = yield* request.failed(unauthorized, failure)
        assert.isFalse(another)
        assert.include(fault.description, says)
        assert.strictEqual((yield* credentials.state)[0]?.version, 1)
      })
    )
  }

  it.scoped("that the provider calls invalid is never sent again, and a new one of its source is", () =>
    Effect.gen(function* () {
      const { fetch } = endpoint((n) => Effect.succeed({ key: key(n < 4 ? "old" : "new") }))
      const credentials = yield* Credentials.make([
        Credentials.fromKey(key("fixed")),
        Credentials.fromEffect(fetch, { name: "vault" })
      ])
      const invalid: Fault = { ...unauthorized, code: "invalid_api_key" }
      const request = requestOf(credentials)
      assert.strictEqual(said(yield* request.next), "fixed (key-1@1)")
      yield* request.failed(invalid, failure)
      assert.strictEqual(said(yield* request.next), "old (vault@1)")
      assert.isFalse((yield* request.failed(invalid, failure)).another)
      assert.deepStrictEqual(
        (yield* credentials.state).map(({ status }) => status),
        ["revoked", "revoked"]
      )
      yield* TestClock.adjust("10 days")
      assert.include(
        (yield* Effect.flip(next(credentials))).description,
        "the provider already called the new key invalid"
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* next(credentials), "new (vault@2)")
    })
  )

  it.scoped("that the provider calls invalid is not sent while another is asked for, nor when it comes again", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const given = ["old", "new", "old", "newest"]
      const { fetch } = endpoint((n) =>
        Effect.as(n === 2 ? Deferred.await(gate) : Effect.void, { key: key(given[n - 1] ?? "none") })
      )
      const credentials = yield* Credentials.make([
        Credentials.fromEffect(fetch),
        Credentials.fromEffect(Effect.succeed(key("old")), { name: "copy" })
      ])
      const invalid: Fault = { ...unauthorized, code: "invalid_api_key" }
      const request = requestOf(credentials)
      assert.strictEqual(said(yield* request.next), "old (key-1@1)")
      const refused = yield* Effect.fork(request.failed(invalid, failure))
      const other = yield* Effect.fork(next(credentials))
      yield* Effect.yieldNow()
      assert.strictEqual((yield* Fiber.poll(other))._tag, "None")
      yield* Deferred.succeed(gate, undefined)
      assert.isTrue((yield* Fiber.join(refused)).another)
      assert.strictEqual(yield* Fiber.join(other), "new (key-1@2)")
      // A lagging copy of the vault gives the old one, and so does the other source.
      const second = requestOf(credentials)
      yield* second.next
      const { another, fault } = yield* second.failed(invalid, failure)
      assert.isTrue(another)
      assert.include(fault.description, "the provider already called the new key invalid")
      assert.include((yield* Effect.flip(second.next)).description, "the provider already called the new key invalid")
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* next(credentials), "newest (key-1@3)")
    })
  )

  it.scoped("of which the only one is revoked, says so without sending it", () =>
    Effect.gen(function* () {
      const credentials = yield* Credentials.make([Credentials.fromKey(key("k"))])
      const request = requestOf(credentials)
      yield* request.next
      yield* request.failed({ ...unauthorized, description: "the API key was revoked" }, failure)
      const fault = yield* Effect.flip(next(credentials))
      assert.strictEqual(fault._tag, "AuthenticationFailed")
      assert.include(fault.description, "give a new one")
    })
  )
})

describe("a refresh", () => {
  it.scoped("goes on for the others when the one who began it is interrupted", () =>
    Effect.gen(function* () {
      const { asked, fetch } = endpoint(() => Effect.as(Effect.sleep("1 second"), {}))
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      const first = yield* Effect.fork(next(credentials))
      yield* TestClock.adjust("500 millis")
      const second = yield* Effect.fork(next(credentials))
      yield* TestClock.adjust("1 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("499 millis")
      assert.strictEqual(yield* Fiber.join(second), "token-1 (key-1@1)")
      assert.strictEqual(asked.times, 1)
    })
  )

  it.scoped("has no way to its keys for whoever prints, copies or walks over it", () =>
    Effect.gen(function* () {
      const secret = "sk-canary-0123456789"
      const credentials = yield* Credentials.make([
        Credentials.fromKey(Redacted.make(secret)),
        Credentials.fromEffect(Effect.succeed(Redacted.make("sk-canary-other")))
      ])
      const shown = [
        inspect(credentials, { depth: 20, showHidden: true }),
        JSON.stringify(credentials),
        String(credentials),
        inspect({ ...credentials }, { depth: 20, showHidden: true })
      ]
      for (const text of shown) assert.notInclude(text, "sk-canary")
      assert.deepStrictEqual(JSON.parse(JSON.stringify(credentials)), { _id: "effect-redial/Credentials" })
      const seen = new Set<object>()
      const walk = (value: unknown): void => {
        if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return
        seen.add(value)
        assert.notStrictEqual(value, keyringOf(credentials))
        for (const key of Reflect.ownKeys(value)) walk(Object.getOwnPropertyDescriptor(value, key)?.value)
        walk(Object.getPrototypeOf(value))
      }
      walk(credentials)
      // A copy is none of them, and is refused with a sentence; so are those of another copy of the package.
      const copy = Keys.from({ ...credentials }, "example.com")
      assert(Either.isLeft(copy))
      assert.include(copy.left, "is not redacted")
      const foreign: Credentials.Credentials = { ...credentials, [Credentials.TypeId]: Credentials.TypeId }
      const other = Keys.from(foreign, "example.com")
      assert(Either.isLeft(other))
      assert.include(other.left, "another copy of effect-redial")
    })
  )

  it.scoped("of a version that is gone by now asks nobody", () =>
    Effect.gen(function* () {
      const { asked, fetch } = endpoint()
      const credentials = yield* Credentials.make([Credentials.fromEffect(fetch)])
      const keyring = keyringOf(credentials)
      assert(keyring !== undefined)
      for (const [version, times] of [
        [0, 1],
        [0, 1],
        [1, 2],
        [1, 2]
      ] as const) {
        assert.deepStrictEqual(yield* keyring.refresh(0, version), { _tag: "Changed" })
        assert.strictEqual(asked.times, times)
      }
    })
  )

  interface Step {
    readonly ask: number
    /** How many of those who asked leave, before time goes on. */
    readonly leave: number
    /** Whether those who have a key are refused with it. */
    readonly refuse: boolean
    readonly wait: number
  }
  const steps: FastCheck.Arbitrary<ReadonlyArray<Step>> = FastCheck.array(
    FastCheck.record({
      ask: FastCheck.nat(5),
      leave: FastCheck.nat(5),
      refuse: FastCheck.boolean(),
      wait: FastCheck.constantFrom(0, 1, 499, 500, 1_000, 2_500)
    }),
    { minLength: 1, maxLength: 12 }
  )

  const live = (program: ReadonlyArray<Step>) =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const { asked, fetch } = endpoint(() => Effect.as(Effect.sleep("1 second"), {}))
      const counted = Effect.ensuring(
        Effect.zipRight(
          Effect.sync(() => (most = Math.max(most, ++running))),
          fetch
        ),
        Effect.sync(() => running--)
      )
      const credentials = yield* Credentials.make([Credentials.fromEffect(counted)])
      const refused = new Set<number>()
      let users: Array<{ readonly keys: Keys.Keys; readonly has: number; readonly fiber: Fiber.RuntimeFiber<number> }> =
        []
      const begin = (keys: Keys.Keys, work: Effect.Effect<unknown, Fault>, has: number) =>
        Effect.map(
          Effect.fork(
            Effect.orDie(
              Effect.zipRight(
                work,
                Effect.map(keys.next, (to) => to.credential?.version ?? 0)
              )
            )
          ),
          (fiber) => ({ keys, has, fiber })
        )
      for (const { ask, leave, refuse, wait } of program) {
        for (let i = 0; i < ask; i++) users.push(yield* begin(requestOf(credentials), Effect.void, 0))
        yield* TestClock.adjust(0)
        for (const { fiber } of users.splice(0, leave)) yield* Fiber.interrupt(fiber)
        if (refuse) {
          users = yield* Effect.forEach(users, (user) => {
            const exit = user.fiber.unsafePoll()
            // A request has a key refreshed once; the second time it would have to take another one.
            if (exit === null || user.has > 0) return Effect.succeed(user)
            assert(Exit.isSuccess(exit), "nobody who waits for a good source fails")
            assert(exit.value > user.has, "who is refused gets a newer key")
            refused.add(exit.value)
            return begin(user.keys, user.keys.failed(unauthorized, failure), exit.value)
          })
        }
        yield* TestClock.adjust(wait)
      }
      yield* TestClock.adjust("10 seconds")
      for (const { fiber, has } of users) {
        const exit = fiber.unsafePoll()
        assert(exit !== null, "somebody hangs")
        assert(Exit.isSuccess(exit) && exit.value > has)
      }
      assert(most <= 1, `${most} at once`)
      const [state] = yield* credentials.state
      assert.strictEqual(state?.version, asked.times, "every key that was fetched was used")
      assert(asked.times <= 1 + refused.size, `${asked.times} fetched, where ${[...refused]} were refused`)
    })

  it("is one at a time, and one per key, whoever asks, leaves or is refused", { timeout: 120_000 }, async () => {
    await FastCheck.assert(
      FastCheck.asyncProperty(steps, (program) =>
        Effect.runPromise(Effect.provide(Effect.scoped(live(program)), TestContext.TestContext))
      ),
      { numRuns: 50 }
    )
  })
})

describe("keys of one provider", () => {
  it.scoped("belong to the first host that they are used for", () =>
    Effect.gen(function* () {
      const credentials = yield* Credentials.make([Credentials.fromKey(key("k"))])
      assert.isTrue(Either.isRight(Keys.from(credentials, "api.anthropic.com")))
      assert.isTrue(Either.isRight(Keys.from(credentials, "api.anthropic.com")))
      const other = Keys.from(credentials, "api.anthropic.com.evil.test")
      assert(Either.isLeft(other))
      assert.include(other.left, "belongs to api.anthropic.com, and this is api.anthropic.com.evil.test")
    })
  )

  it.scoped("or to the hosts that they were made for", () =>
    Effect.gen(function* () {
      const credentials = yield* Credentials.make([Credentials.fromKey(key("k"))], {
        hosts: ["API.anthropic.com", "127.0.0.1:8080"]
      })
      for (const [host, may] of [
        ["evil.test", false],
        ["api.anthropic.com", true],
        ["127.0.0.1:8080", true],
        ["127.0.0.1:8081", false],
        ["x.api.anthropic.com", false]
      ] as const) {
        assert.strictEqual(Either.isRight(Keys.from(credentials, host)), may, host)
      }
    })
  )
})

describe("credentials that cannot work", () => {
  const a = Credentials.fromKey(key("secret-a"), { name: "a" })
  type Some = readonly [Credentials.Source, ...Array<Credentials.Source>]
  const cases: Record<string, [[Some, Credentials.Options?], RegExp]> = {
    "a deadline that is over at once": [
      [[Credentials.fromEffect(Effect.succeed(key("k")), { timeout: 0 })]],
      /`key-1\.timeout` must be more than zero/
    ],
    "a deadline that is no time": [
      [[Credentials.fromEffect(Effect.succeed(key("k")), { timeout: "soon" as never })]],
      /`key-1\.timeout` is not a duration/
    ],
    "a deadline that is no number": [
      [[Credentials.fromEffect(Effect.succeed(key("k")), { timeout: Number.NaN })]],
      /`key-1\.timeout` is NaN/
    ],
    "a cool-down that is no time": [[[a], { coolDown: { quota: "soon" as never } }], /coolDown\.quota/],
    "an empty key": [[[Credentials.fromKey(key(" "))]], /key-1.*give the key/],
    "a key with a line break": [[[Credentials.fromKey(key("secret\n"))]], /key-1.*line breaks/],
    "the same key twice": [[[a, Credentials.fromKey(key("secret-a"))]], /key-2.*same key as `a`/],
    "one name for two": [[[a, Credentials.fromKey(key("secret-b"), { name: "a" })]], /name of two/],
    "a host with a path": [[[a], { hosts: ["example.com/v1"] }], /example\.com\/v1.*not a host/],
    "a host with a scheme": [[[a], { hosts: ["https://example.com"] }], /not a host/]
  }
  for (const [what, [args, says]] of Object.entries(cases)) {
    it.scoped(`${what} is found at once`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Credentials.make(...args))
        assert.match(error.message, says)
        assert.notInclude(inspect(error), "secret")
      })
    )
  }

  it.scoped("a key that is not configured is found at once, and one that is, is read", () =>
    Effect.gen(function* () {
      const sources = [Credentials.fromConfig(Config.redacted("THE_KEY"))] as const
      const error = yield* Effect.flip(Credentials.make(sources))
      assert.include(String(error), "THE_KEY")
      const credentials = yield* Effect.withConfigProvider(
        Credentials.make(sources),
        ConfigProvider.fromMap(new Map([["THE_KEY", "k"]]))
      )
      assert.strictEqual(yield* next(credentials), "k (key-1@1)")
    })
  )
})

describe("what is seen from outside", () => {
  it.scoped("is every change, by name and version", () =>
    Effect.gen(function* () {
      const { fetch } = endpoint((n) => (n < 3 ? Effect.succeed({}) : Effect.fail("closed")))
      const credentials = yield* Credentials.make([
        Credentials.fromEffect(fetch, { name: "vault" }),
        Credentials.fromKey(key("spare"), { name: "spare" })
      ])
      const seen = yield* Effect.fork(Stream.runCollect(Stream.take(credentials.changes, 5)))
      yield* Effect.yieldNow()
      const one = requestOf(credentials)
      yield* one.next
      yield* one.failed(unauthorized, failure)
      const two = requestOf(credentials)
      yield* two.next
      yield* two.failed(unauthorized, failure)
      yield* two.next
      yield* two.failed({ ...unauthorized, code: "key_revoked" }, failure)
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Fiber.join(seen)), [
        { _tag: "Refreshed", name: "vault", version: 1 },
        { _tag: "Refreshed", name: "vault", version: 2 },
        { _tag: "RefreshFailed", name: "vault", version: 2, description: "fetching a key failed: closed" },
        { _tag: "Benched", name: "vault", version: 2, until: 300_000, reason: "refused" },
        { _tag: "Revoked", name: "spare", version: 1 }
      ])
      assert.deepStrictEqual(
        (yield* credentials.state).map(({ benchedFor, benchedUntil, name, status }) => [
          name,
          status,
          benchedUntil,
          benchedFor
        ]),
        [
          ["vault", "benched", 300_000, "refused"],
          ["spare", "revoked", undefined, undefined]
        ]
      )
    })
  )
})
