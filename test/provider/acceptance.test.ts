/**
 * The cases this library exists for, on real sockets: a stream drops, and the client of the protocol that failed, and
 * only that one, is rebuilt with the same credentials, base URL and timeout.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Chunk, Deferred, Effect, Exit, Fiber, Redacted, Schedule, Stream } from "effect"
import { AnthropicClient, ModelEvent, OpenAiClient, Provider, Router, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { apiKey, request } from "../support/request.js"

const text = "The sky is blue because air scatters short waves of light more than long ones."
const toolCalls = [{ id: "call_1", name: "weather", arguments: { city: "Oslo", days: [1, 2, 3] } }]
const answer = { text, toolCalls }
const anthropicEvents = Wire.answer("anthropic-messages", answer)
const chatEvents = Wire.answer("chat-completions", answer)
const now = Schedule.recurs(3)

const collect = (provider: Provider.Service, options?: Provider.StreamOptions) =>
  Effect.map(Stream.runCollect(provider.stream(request, options)), Chunk.toReadonlyArray)

const finishOf = (events: ReadonlyArray<ModelEvent.ModelEvent>) => {
  const last = events.at(-1)
  assert(last?._tag === "Finish", `the stream ends with ${last?._tag}`)
  return last.response
}

/** What the server meant came out, and a consumer who folds the events has the same. */
const assertWhole = (events: ReadonlyArray<ModelEvent.ModelEvent>) => {
  const response = finishOf(events)
  assert.strictEqual(response.text, text)
  assert.deepStrictEqual(
    response.toolCalls.map(({ arguments: args, id, name }) => ({ id, name, arguments: args })),
    toolCalls
  )
  const folded = ModelEvent.fold(events)
  assert.strictEqual(folded.text, text)
  assert.strictEqual(folded.blocks.filter(({ type }) => type === "tool-call").length, 1)
}

const minimax = (baseUrl: string, retry = now) => Provider.make(Vendors.minimax, { apiKey, baseUrl, retry })

describe("a dropped stream is rebuilt on the protocol that failed", () => {
  it.scopedLive("with the same credentials and base URL, over a new pool, and the old pool is closed", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "rst"),
        Reply.stream(anthropicEvents)
      ])
      const client = yield* AnthropicClient.make({
        apiKey,
        baseUrl: `${server.url}/prefix`,
        auth: "bearer",
        headers: { "x-tenant": "a" }
      })
      const provider = yield* Provider.makeFromClient(client, { retry: now })
      assertWhole(yield* collect(provider))

      const [first, second] = yield* server.requests
      assert(first !== undefined && second !== undefined)
      assert.strictEqual(first.headers.authorization, "Bearer test-key")
      assert.strictEqual(first.path, "/prefix/v1/messages")
      // Everything that was sent is the same: path, body, and every header with the credentials and timeouts in it.
      assert.strictEqual(second.path, first.path)
      assert.deepStrictEqual({ ...second.headers }, { ...first.headers })
      assert.strictEqual(second.body, first.body)
      assert.notStrictEqual(second.connection, first.connection)

      const stats = yield* client.connections.stats
      assert.strictEqual(stats.acquired, 2)
      assert.strictEqual(stats.released, 1)
      assert.strictEqual(stats.draining, 0)
    })
  )

  it.scopedLive("and a rebuild that fails keeps the old client, with which the retry goes on", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "rst"),
        Reply.stream(anthropicEvents)
      ])
      let builds = 0
      const { ConnectionPool, InvalidOptions } = yield* Effect.promise(() => import("effect-redial"))
      const { Layer } = yield* Effect.promise(() => import("effect"))
      const pool = Layer.scoped(
        ConnectionPool.ConnectionPool,
        Effect.suspend(() =>
          ++builds === 1
            ? ConnectionPool.make()
            : new InvalidOptions.InvalidOptions({ module: "test", option: "pool", problem: "cannot be built" })
        )
      )
      const client = yield* AnthropicClient.make({ apiKey, baseUrl: server.url, pool })
      const provider = yield* Provider.makeFromClient(client, { retry: now })
      assertWhole(yield* collect(provider))
      const stats = yield* client.connections.stats
      assert.deepStrictEqual([builds, stats.acquired, stats.failedBuilds, stats.released], [2, 1, 1, 0])
      // The connection that broke was not used again, although its pool was.
      assert.strictEqual((yield* server.stats).connectionsOpened, 2)
    })
  )

  const places = [
    ["before anything is delivered", 1],
    ["in mid-text", 6],
    ["in mid-tool-call", anthropicEvents.findIndex((event) => event.includes("input_json_delta")) + 1]
  ] as const
  for (const [place, afterEvents] of places) {
    for (const how of ["rst", "fin", "clean"] as const) {
      it.scopedLive(`a MiniMax stream that breaks (${how}) ${place} redials, and no OpenAI client is built`, () =>
        Effect.gen(function* () {
          const server = yield* FaultServer.make([
            Reply.cut(Reply.stream(anthropicEvents), { afterEvents }, how),
            Reply.stream(anthropicEvents)
          ])
          const openai = yield* OpenAiClient.make({ apiKey, baseUrl: `${server.url}/v1` })
          const provider = yield* minimax(server.url)
          const events = yield* collect(provider)
          assertWhole(events)
          assert.strictEqual(events.filter(({ _tag }) => _tag === "Superseded").length, 1)
          assert.strictEqual(finishOf(events).attempts.length, 2)

          const requests = yield* server.requests
          assert.deepStrictEqual(
            requests.map(({ headers, protocol }) => [protocol, headers.authorization, headers["x-api-key"]]),
            [
              ["anthropic-messages", "Bearer test-key", undefined],
              ["anthropic-messages", "Bearer test-key", undefined]
            ]
          )
          assert.notStrictEqual(requests[0]?.connection, requests[1]?.connection)
          assert.deepStrictEqual((yield* openai.connections.stats).acquired, 0)
        })
      )
    }
  }

  it.scopedLive("and is no renewal for an error that came with a status code", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.status(529, { body: Wire.errorBody("anthropic-messages", { type: "overloaded_error" }) }),
        Reply.status(500, { body: "oops" }),
        Reply.status(429, { headers: { "retry-after-ms": "5" }, body: {} }),
        Reply.stream(anthropicEvents)
      ])
      const client = yield* AnthropicClient.make({ apiKey, baseUrl: server.url })
      const provider = yield* Provider.makeFromClient(client, { retry: now })
      const events = yield* collect(provider)
      assertWhole(events)
      assert.deepStrictEqual(
        finishOf(events).attempts.map(({ error }) => error?.tag),
        ["Overloaded", "ServerError", "RateLimited", undefined]
      )
      assert.strictEqual((yield* client.connections.stats).acquired, 1)
    })
  )

  it.scopedLive("and the last failure renews too, so that the next caller gets fresh connections", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "rst"),
        Reply.stream(anthropicEvents)
      ])
      const client = yield* AnthropicClient.make({ apiKey, baseUrl: server.url })
      const provider = yield* Provider.makeFromClient(client, { retry: Schedule.stop })
      const failure = yield* Effect.flip(collect(provider))
      assert.strictEqual(failure._tag, "StreamDropped")
      assert.strictEqual((yield* client.connections.stats).acquired, 2)
      assertWhole(yield* collect(provider))
      assert.strictEqual((yield* client.connections.stats).acquired, 2)
    })
  )
})

describe("protocols and providers do not touch each other", () => {
  for (const withAnthropic of [false, true]) {
    it.scopedLive(
      `chat completions redial the same way ${withAnthropic ? "beside" : "without"} an Anthropic provider`,
      () =>
        Effect.gen(function* () {
          const server = yield* FaultServer.make((received) =>
            received.protocol === "chat-completions" && received.index < 3
              ? Reply.cut(Reply.stream(chatEvents), { afterEvents: 4 }, "rst")
              : Reply.stream(received.protocol === "chat-completions" ? chatEvents : anthropicEvents)
          )
          const anthropic = yield* AnthropicClient.make({ apiKey, baseUrl: server.url })
          const client = yield* OpenAiClient.make({ apiKey, baseUrl: `${server.url}/v1` })
          const provider = yield* Provider.makeFromClient(client, { retry: now })
          const warm = yield* Provider.makeFromClient(anthropic)
          const events = yield* collect(provider)
          assertWhole(events)
          if (withAnthropic) assertWhole(yield* collect(warm))
          assert.strictEqual(finishOf(events).attempts.length, 3)
          assert.strictEqual((yield* client.connections.stats).acquired, 3)
          assert.strictEqual((yield* anthropic.connections.stats).acquired, withAnthropic ? 1 : 0)
        })
    )
  }

  it.scopedLive("two providers of one protocol in one program do not renew each other", () =>
    Effect.gen(function* () {
      const broken = yield* FaultServer.make([
        Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "rst"),
        Reply.stream(anthropicEvents)
      ])
      const healthy = yield* FaultServer.make([Reply.stream(anthropicEvents)])
      const minimaxClient = yield* AnthropicClient.make({ apiKey, baseUrl: broken.url, provider: "minimax" })
      const nativeClient = yield* AnthropicClient.make({ apiKey, baseUrl: healthy.url })
      const router = Router.make(
        {
          minimax: yield* Provider.makeFromClient(minimaxClient, { retry: now }),
          native: yield* Provider.makeFromClient(nativeClient, { retry: now })
        },
        Router.byModel({ "MiniMax-*": "minimax", "claude-*": "native" })
      )
      const run = (model: string) =>
        Effect.map(Stream.runCollect(router.stream({ ...request, model })), Chunk.toReadonlyArray)
      assertWhole(yield* run("claude-x"))
      assertWhole(yield* run("MiniMax-M3"))
      assertWhole(yield* run("claude-x"))
      assert.strictEqual((yield* minimaxClient.connections.stats).acquired, 2)
      assert.strictEqual((yield* nativeClient.connections.stats).acquired, 1)
      assert.strictEqual((yield* healthy.stats).connectionsOpened, 1)
    })
  )

  it.scopedLive("ten healthy streams on the old pool finish undisturbed while an eleventh redials", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const held = Reply.hold(Reply.stream(anthropicEvents), { afterEvents: 6 }, gate)
      const server = yield* FaultServer.make(({ index }) => {
        if (index <= 10) return held
        return index === 11
          ? Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "rst")
          : Reply.stream(anthropicEvents)
      })
      const client = yield* AnthropicClient.make({ apiKey, baseUrl: server.url })
      const provider = yield* Provider.makeFromClient(client, { retry: now })
      const siblings = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 10 }, () => collect(provider)),
          { concurrency: 10 }
        )
      )
      yield* server.awaitStats(({ requests }) => requests === 10)

      const eleventh = yield* collect(provider)
      assertWhole(eleventh)
      assert.strictEqual(finishOf(eleventh).attempts.length, 2)
      const during = yield* client.connections.stats
      assert.deepStrictEqual([during.acquired, during.draining, during.released], [2, 1, 0])

      yield* gate.open
      for (const events of yield* Fiber.join(siblings)) {
        assertWhole(events)
        assert.strictEqual(
          events.some(({ _tag }) => _tag === "Superseded"),
          false
        )
        assert.strictEqual(finishOf(events).attempts.length, 1)
      }
      const after = yield* client.connections.stats
      assert.deepStrictEqual([after.draining, after.released], [0, 1])
      // Ten old connections are closed with their pool, by us; the dead one was the server's doing.
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 1)
    })
  )
})

describe("the socket of a dead stream", () => {
  it.scopedLive("is closed before the retry is sent, and is never used again", () =>
    Effect.gen(function* () {
      // The server goes silent and leaves its socket open: only the client can close it.
      let openAtRetry: number | undefined
      const server: FaultServer.Service = yield* FaultServer.make(({ index }) => {
        if (index === 2) openAtRetry = Effect.runSync(server.stats).connectionsOpen
        return index === 1
          ? Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "stall")
          : Reply.stream(anthropicEvents)
      })
      const provider = yield* Provider.make(Vendors.anthropic, {
        apiKey,
        baseUrl: server.url,
        // Long enough for the server to see the close before the next request.
        retry: Schedule.spaced("50 millis"),
        deadlines: { idle: "100 millis" }
      })
      const events = yield* collect(provider)
      assertWhole(events)
      assert.strictEqual(finishOf(events).attempts[0]?.error?.tag, "StreamStalled")
      assert.strictEqual(openAtRetry, 1)
      assert.deepStrictEqual((yield* server.stats).requestsPerConnection, [1, 1])
    })
  )
})

describe("what the consumer has already seen", () => {
  it.scopedLive("delivery fail ends with the partial once text was visible, and asks no second time", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "rst")])
      const provider = yield* minimax(server.url)
      const error = yield* Effect.flip(collect(provider, { delivery: "fail" }))
      assert.strictEqual(error._tag, "StreamDropped")
      assert.strictEqual(error.delivered, "text")
      assert(error.partial !== undefined && error.partial.text.length > 0 && text.startsWith(error.partial.text))
      assert.strictEqual(error.attempts.length, 1)
      assert.strictEqual((yield* server.requests).length, 1)
    })
  )

  it.scopedLive("delivery fail still retries while nothing was visible", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.closeBeforeHead("rst"),
        Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 1 }, "fin"),
        Reply.stream(anthropicEvents)
      ])
      const provider = yield* minimax(server.url)
      assertWhole(yield* collect(provider, { delivery: "fail" }))
    })
  )

  it.scopedLive("streamText holds leading white space, which a retry would repeat", () =>
    Effect.gen(function* () {
      const blank = Wire.answer("anthropic-messages", { text: ["\n", "\n", "Hello", " you"] })
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(blank), { afterEvents: 5 }, "rst"),
        Reply.stream(blank)
      ])
      const provider = yield* minimax(server.url)
      const pieces = Chunk.toReadonlyArray(yield* Stream.runCollect(provider.streamText(request)))
      assert.strictEqual(pieces.join(""), "\n\nHello you")
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )

  it.scopedLive("generate gives the proven response", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "clean"),
        Reply.stream(anthropicEvents)
      ])
      const response = yield* Effect.flatMap(minimax(server.url), (provider) => provider.generate(request))
      assert.strictEqual(response.text, text)
      assert.deepStrictEqual(
        response.attempts.map(({ error }) => error?.tag),
        ["StreamTruncated", undefined]
      )
    })
  )
})

describe("interruption", () => {
  const stalls = [
    ["before the head", Reply.stallBeforeHead],
    ["in mid-text", Reply.cut(Reply.stream(anthropicEvents), { afterEvents: 6 }, "stall")]
  ] as const
  for (const [place, reply] of stalls) {
    it.scopedLive(`of a stream stalled ${place} returns within 100 ms, frees the socket and dials no other`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([reply])
        const provider = yield* minimax(server.url)
        const took: Array<number> = []
        for (let round = 1; round <= 5; round++) {
          const reached = yield* Deferred.make<void>()
          const fiber = yield* Effect.fork(
            Stream.runForEach(provider.stream(request), () => Deferred.succeed(reached, undefined))
          )
          yield* server.awaitStats(({ requests }) => requests === round)
          if (place === "in mid-text") yield* Deferred.await(reached)
          const before = performance.now()
          const exit = yield* Fiber.interrupt(fiber)
          took.push(performance.now() - before)
          assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
          const after = yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
          assert.deepStrictEqual([after.connectionsOpened, after.closedByClient], [round, round])
        }
        // The machine may be busy in some of the rounds, but not the library.
        assert(Math.min(...took) < 100, `took ${took.map(Math.round)} ms`)
      })
    )
  }

  it.live("a stream run outside its layer's scope fails with an error that says so", () =>
    Effect.gen(function* () {
      const escaped = yield* Effect.scoped(Provider.make(Vendors.anthropic, { apiKey, baseUrl: "http://127.0.0.1:9" }))
      const error = yield* Effect.flip(collect(escaped))
      assert(error._tag === "ConnectionFailed" && error.reason === "closed")
      assert.include(error.message, "inside the scope")
    })
  )
})

describe("bad input", () => {
  it.scopedLive("is a typed error that says what to do", () =>
    Effect.gen(function* () {
      const noKey = yield* Effect.flip(Provider.make(Vendors.anthropic, { apiKey: Redacted.make("") }))
      assert.include(noKey.message, "apiKey")
      const noUrl = yield* Effect.flip(Provider.make(Vendors.anthropic, { apiKey, baseUrl: "not a url" }))
      assert.include(noUrl.message, "baseUrl")
      const noDeadline = yield* Effect.flip(Provider.make(Vendors.anthropic, { apiKey, deadlines: { idle: 0 } }))
      assert.include(noDeadline.message, "deadlines.idle")
      const soon = { idle: "soon" as unknown as "1 second" }
      const noDuration = yield* Effect.flip(Provider.make(Vendors.anthropic, { apiKey, deadlines: soon }))
      assert.include(noDuration.message, "is not a duration")
      const patient = yield* Provider.make(Vendors.anthropic, { apiKey })
      const ofCall = yield* Effect.flip(patient.generate(request, { deadlines: soon }))
      assert.include(ofCall.message, "deadlines.idle")

      const provider = yield* Provider.make(Vendors.anthropic, { apiKey })
      const empty = yield* Effect.flip(provider.generate({ model: "m", prompt: "" }))
      assert(empty._tag === "InvalidRequest" && empty.field === "prompt")
      const refused = yield* Effect.flip(
        Effect.flatMap(
          Provider.make(Vendors.anthropic, { apiKey, baseUrl: "http://127.0.0.1:1", retry: Schedule.stop }),
          (unreachable) => unreachable.generate(request)
        )
      )
      assert(refused._tag === "ConnectionFailed" && refused.reason === "refused")

      const router = Router.make({ a: provider }, Router.byModel({ "claude-*": "a" }))
      const unrouted = yield* Effect.flip(router.generate({ model: "gpt-9", prompt: "hi" }))
      assert(unrouted._tag === "InvalidRequest" && unrouted.field === "model")
    })
  )
})
