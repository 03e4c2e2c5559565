/**
 * Two hundred streams over real sockets, two providers and many tenants, while keys expire, are revoked and run into
 * limits under way.
 */
import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, Chunk, Clock, Deferred, Effect, Either, Exit, Fiber, Redacted, Schedule, Stream } from "effect"
import { AnthropicClient, Credentials, ModelEvent, OpenAiClient, Provider } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { keyOf } from "../support/provider/own.js"

const text = "The sky is blue because air scatters short waves of light more than long ones."
const STREAMS = 200
const TEAM_LIFE = 500

const denied = (code: string) => Reply.status(401, { body: { error: { code, message: "no" } } })

/** The tokens of `a`, and one of the fixed keys of `b`. */
const mortal = /^a-\d+$|^b-1$/

/**
 * A token endpoint that checks that it is never asked twice at once, nor without a reason: that the provider has revoked
 * its last token, or that half of its life is over.
 */
const makeEndpoint = (prefix: string, life: number, revoked: ReadonlySet<string>) => {
  const issued: Array<{ readonly token: string; readonly at: number }> = []
  const wrong: Array<string> = []
  let running = 0
  const fetch = Effect.gen(function* () {
    if (++running > 1) wrong.push("asked twice at once")
    const at = yield* Clock.currentTimeMillis
    const last = issued.at(-1)
    if (last !== undefined && !revoked.has(last.token) && at < last.at + life / 2) {
      wrong.push(`asked for another than ${last.token}, which is good for ${last.at + life - at} ms`)
    }
    yield* Effect.sleep("5 millis")
    const token = `${prefix}-${issued.length + 1}`
    issued.push({ token, at })
    running--
    return { key: Redacted.make(token), expiresIn: life }
  })
  return { fetch, issued, wrong }
}

const world = Effect.gen(function* () {
  const revoked = new Set<string>()
  const login = makeEndpoint("a", Infinity, revoked)
  const team = makeEndpoint("a-team", TEAM_LIFE, revoked)
  const bad: Array<string> = []
  const limited = { times: 0 }
  const replies = {
    a: Reply.stream(Wire.answer("anthropic-messages", { text }), { every: "2 millis" }),
    b: Reply.stream(Wire.answer("chat-completions", { text }), { every: "2 millis" })
  }
  const answer = (side: "a" | "b") => {
    const served = new Map<string, number>()
    return (request: FaultServer.ReceivedRequest): Reply.Reply => {
      const key = keyOf(request)
      const [kind, tenant] = (request.model ?? "").split("/")
      if (kind === "tenant") {
        if (key !== `${side}-tenant-${tenant}`) bad.push(`tenant ${tenant} at ${side} came with ${key}`)
        return Number(tenant) % 3 === 0 ? denied("invalid_api_key") : replies[side]
      }
      if (kind === "team") {
        if (!key.startsWith("a-team-") || side !== "a") bad.push(`the team at ${side} came with ${key}`)
        return replies[side]
      }
      if (!key.startsWith(`${side}-`) || /tenant|team/.test(key)) bad.push(`${key} came to ${side}`)
      if (revoked.has(key)) return denied("token_revoked")
      if (key === "b-2" && ++limited.times < 20) return Reply.status(429, { headers: { "retry-after-ms": "30" } })
      // This one is served yet, and its key is good for nothing from now on.
      const times = (served.get(key) ?? 0) + 1
      served.set(key, times)
      if (times === 5 && mortal.test(key)) revoked.add(key)
      return replies[side]
    }
  }
  const a = yield* FaultServer.make(answer("a"))
  const b = yield* FaultServer.make(answer("b"))
  const keys = {
    a: yield* Credentials.make(
      [
        Credentials.fromEffect(login.fetch, { name: "login" }),
        Credentials.fromKey(Redacted.make("a-spare"), { name: "spare" })
      ],
      { coolDown: { refused: "50 millis" } }
    ),
    team: yield* Credentials.make([Credentials.fromEffect(team.fetch)]),
    b: yield* Credentials.make(
      Arr.map(["b-1", "b-2", "b-3"] as const, (each) => Credentials.fromKey(Redacted.make(each))),
      { strategy: "round-robin" }
    )
  }
  const clients = {
    a: yield* AnthropicClient.make({ apiKey: keys.a, baseUrl: a.url }),
    b: yield* OpenAiClient.make({ apiKey: keys.b, baseUrl: `${b.url}/v1` })
  }
  const retry = Schedule.recurs(4)
  const providers = {
    a: yield* Provider.makeFromClient(clients.a, { retry }),
    b: yield* Provider.makeFromClient(clients.b, { retry })
  }
  return { revoked, login, team, bad, servers: { a, b }, keys, clients, providers }
})

const whole = (events: Chunk.Chunk<ModelEvent.ModelEvent>): boolean => {
  const last = Chunk.unsafeLast(events)
  return last._tag === "Finish" && last.response.text === text && ModelEvent.fold(events).text === text
}

describe("two hundred streams", () => {
  it.scopedLive(
    "end well or as they should, whatever becomes of the keys under way",
    () =>
      Effect.gen(function* () {
        const { bad, clients, keys, login, providers, revoked, servers, team } = yield* world
        const changes: Array<Credentials.Change> = []
        yield* Stream.runForEach(keys.a.changes, (change) => Effect.sync(() => changes.push(change))).pipe(
          Effect.forkScoped
        )
        // Loads the SDKs, so that the streams do not all begin at the same moment.
        yield* Effect.all([
          providers.a.generate({ model: "own", prompt: "hi" }),
          providers.b.generate({ model: "own", prompt: "hi" })
        ])
        const fates = new Map<string, number>()
        const count = (fate: string) => Effect.sync(() => void fates.set(fate, (fates.get(fate) ?? 0) + 1))

        const one = (i: number): Effect.Effect<void> =>
          Effect.gen(function* () {
            const side = i % 2 === 0 ? "a" : "b"
            const tenant = i % 5 === 0 ? i : undefined
            const inTeam = i % 10 === 6
            const credential =
              tenant !== undefined ? Redacted.make(`${side}-tenant-${tenant}`) : inTeam ? keys.team : undefined
            const model = tenant !== undefined ? `tenant/${tenant}` : inTeam ? "team" : "own"
            const stream = providers[side].stream({ model, prompt: "Why is the sky blue?" }, { credential })
            yield* Effect.sleep(i * 4)
            if (i % 7 === 3) {
              // Some leave: at once, while keys are had, or in the middle of the answer.
              const began = yield* Deferred.make<void>()
              const fiber = yield* Effect.fork(
                Stream.runForEach(stream, () => Deferred.succeed(began, undefined)).pipe(Effect.exit)
              )
              yield* i % 2 === 0 ? Effect.sleep(i % 13) : Effect.raceFirst(Deferred.await(began), Fiber.await(fiber))
              yield* Fiber.interrupt(fiber)
              return yield* count("left")
            }
            const exit = yield* Effect.exit(Stream.runCollect(stream))
            if (tenant !== undefined && tenant % 3 === 0) {
              const error = Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error : undefined
              assert.strictEqual(error?._tag, "AuthenticationFailed", `stream ${i}`)
              assert.strictEqual(error?.attempts.length, 1)
              return yield* count("refused tenant")
            }
            if (inTeam && Exit.isFailure(exit)) {
              // On a slow machine a token can be over before it is there, and this team has no other.
              assert.include(String(exit.cause), "the new key has expired already")
              return yield* count("late token")
            }
            assert(Exit.isSuccess(exit), `stream ${i}: ${exit}`)
            assert(whole(exit.value), `stream ${i} is not whole`)
            const last = Chunk.unsafeLast(exit.value)
            assert(last._tag === "Finish")
            for (const { error } of last.response.attempts) {
              assert.include(["AuthenticationFailed", "RateLimited", undefined], error?.tag)
            }
            yield* count(last.response.attempts.length === 1 ? "whole at once" : "whole after another key")
          })

        yield* Effect.forEach(
          Array.from({ length: STREAMS }, (_, i) => i),
          one,
          {
            concurrency: "unbounded",
            discard: true
          }
        )

        assert.strictEqual(
          [...fates.values()].reduce((sum, n) => sum + n, 0),
          STREAMS
        )
        // How many tokens the crowd took follows from how many came at once. One by one they wear out each that there is.
        yield* Effect.repeat(providers.a.generate({ model: "own", prompt: "hi" }), {
          while: () => login.issued.length < 3,
          schedule: Schedule.intersect(Schedule.recurs(50), Schedule.spaced("10 millis"))
        })
        // However fast it all was: by now the token of the team is over.
        yield* Effect.sleep(TEAM_LIFE)
        const again = yield* Effect.either(
          providers.a.generate({ model: "team", prompt: "hi" }, { credential: keys.team })
        )
        if (Either.isLeft(again)) assert.include(again.left.description, "the new key has expired already")
        assert.isAbove(team.issued.length, fates.has("late token") ? 0 : 1)

        assert.deepStrictEqual(bad, [], "keys that came to somebody else's server")
        assert.deepStrictEqual([...login.wrong, ...team.wrong], [], "refreshes that nobody needed")
        // The world was as bad as it was meant to be.
        assert.isAbove(fates.get("whole after another key") ?? 0, 5)
        assert.isAbove(login.issued.length, 2)
        assert.isTrue(revoked.has("b-1") && [...revoked].some((each) => each.startsWith("a-")))
        // Each token was taken once and in order; the last one may still be on its way.
        const versions = changes.flatMap((change) => (change._tag === "Refreshed" ? [change.version] : []))
        assert.deepStrictEqual(
          versions,
          versions.map((_, i) => i + 1)
        )
        assert.include([0, 1], login.issued.length - versions.length)
        // No rotation has touched a connection.
        for (const side of ["a", "b"] as const) {
          const { acquired, failedBuilds } = yield* clients[side].connections.stats
          assert.deepStrictEqual([acquired, failedBuilds], [1, 0])
        }
        assert.strictEqual((yield* keys.b.state)[0]?.status, "revoked")

        // What is revoked never comes again.
        const before = (yield* servers.b.requests).length
        for (let i = 0; i < 6; i++) yield* providers.b.generate({ model: "own", prompt: "hi" })
        const late = (yield* servers.b.requests).slice(before).map(keyOf)
        assert.isAtLeast(late.length, 6)
        assert.notInclude(late, "b-1")
      }),
    { timeout: 60_000 }
  )
})
