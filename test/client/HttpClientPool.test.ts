/**
 * Pools over an `HttpClient` of `@effect/platform`.
 */
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Exit, Fiber, Layer, Schedule, Scope, Stream } from "effect"
import { ConnectionPool, ModelEvent } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import {
  answered,
  answerOf,
  eventsOf,
  failureOf,
  flowing,
  post,
  protocols,
  providerOf,
  request,
  text
} from "../support/client/world.js"

const answer = answerOf("anthropic-messages")
const stalled = Reply.cut(answer, { afterEvents: 6 }, "stall")
const overFetch = ConnectionPool.layerHttpClient.pipe(Layer.provide(FetchHttpClient.layer))

const over = (client: HttpClient.HttpClient) =>
  ConnectionPool.layerHttpClient.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))

describe("over fetch", () => {
  for (const protocol of protocols) {
    it.scopedLive(`a whole ${protocol} answer comes through, with the same headers as ever`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answerOf(protocol)])
        yield* answered(yield* providerOf(protocol, server.url, { pool: overFetch }))
        yield* answered(yield* providerOf(protocol, server.url))
        const [fetched, pooled] = yield* server.requests
        assert.strictEqual(fetched?.body, pooled?.body)
        for (const name of ["x-api-key", "authorization", "content-type", "accept", "anthropic-version"]) {
          assert.strictEqual(fetched?.headers[name], pooled?.headers[name], name)
        }
      })
    )

    it.scopedLive(`a stream of ${protocol} that drops in mid-text is superseded, and comes whole`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([
          Reply.cut(answerOf(protocol), { afterEvents: 6, wait: 0 }, "rst"),
          answerOf(protocol)
        ])
        const provider = yield* providerOf(protocol, server.url, { pool: overFetch, retry: Schedule.recurs(1) })
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(provider.stream(request)))
        assert.strictEqual(events.filter(({ _tag }) => _tag === "Superseded").length, 1)
        assert.strictEqual(ModelEvent.fold(events).text, text)
        assert.strictEqual(events.at(-1)?._tag, "Finish")
      })
    )
  }

  for (const [place, reply] of [
    ["before the headers", Reply.stallBeforeHead],
    ["in mid-stream", stalled],
    [
      "in the body of an error",
      Reply.make(Reply.head(500, { "content-length": "9" }), Reply.body("x"), { _tag: "Stall" })
    ]
  ] as const) {
    it.scopedLive(`interrupting a request stalled ${place} frees its socket`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([reply])
        const provider = yield* providerOf("anthropic-messages", server.url, { pool: overFetch })
        const fiber = yield* Effect.fork(Stream.runDrain(provider.stream(request)))
        yield* server.awaitStats(({ requests }) => requests === 1)
        yield* Fiber.interrupt(fiber)
        // Node's own fetch may dial a spare one then, which is not ours to prevent.
        yield* server.awaitStats(({ closedByClient }) => closedByClient === 1)
      })
    )
  }

  it.scopedLive("closing the layer's scope ends everything that runs, and nothing runs from then on", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ path }) => (path === "/head" ? Reply.stallBeforeHead : stalled))
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(overFetch, scope)
      const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, context)
      const response = yield* post(pool, server.url)
      const waiting = yield* Effect.fork(post(pool, `${server.url}/head`))
      yield* server.awaitStats(({ requests }) => requests === 2)
      assert.deepStrictEqual(yield* pool.stats, { dialled: 2, open: 2 })

      yield* Scope.close(scope, Exit.void)
      yield* server.awaitStats(({ closedByClient }) => closedByClient === 2)
      assert(Exit.isFailure(yield* Fiber.await(waiting)))
      const read = Effect.repeat(pool.source(response).read, { until: ({ length }) => length === 0 })
      assert(Exit.isFailure(yield* Effect.exit(read)))
      assert.strictEqual((yield* pool.stats).open, 0)

      yield* Effect.flip(post(pool, server.url))
      assert.strictEqual((yield* server.stats).requests, 2)
    })
  )

  it.scopedLive("aborting the signal of an answer that nobody reads frees its socket", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([stalled])
      const context = yield* Layer.build(overFetch)
      const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, context)
      const controller = new AbortController()
      yield* post(pool, server.url, { signal: controller.signal })
      controller.abort()
      yield* server.awaitStats(({ closedByClient }) => closedByClient === 1)
      assert.strictEqual((yield* pool.stats).open, 0)
    })
  )

  it.scopedLive("the requests of finished answers are over", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        answer,
        Reply.status(500, { body: "x".repeat(200_000) }),
        Reply.status(204),
        Reply.status(418, { body: "short" })
      ])
      const context = yield* Layer.build(overFetch)
      const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, context)
      yield* pool.finished(pool.source(yield* post(pool, server.url)))
      yield* pool.settled
      const large = yield* post(pool, server.url)
      assert.strictEqual((yield* Effect.promise(() => large.text())).length, 64 * 1024)
      assert.strictEqual((yield* post(pool, server.url)).status, 204)
      assert.strictEqual((yield* post(pool, server.url)).status, 418)
      assert.deepStrictEqual(yield* pool.stats, { dialled: 4, open: 0 })
    })
  )

  it.scopedLive("an answer whose body does not end after its marker is cut", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.cut(answer, { afterEvents: Infinity }, "stall")])
      yield* answered(yield* providerOf("anthropic-messages", server.url, { pool: overFetch }))
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  it.scopedLive("a redirect is named, where fetch is told not to follow it", () =>
    Effect.gen(function* () {
      const other = yield* FaultServer.make([answer])
      const server = yield* FaultServer.make([Reply.status(307, { headers: { location: `${other.url}/v1/messages` } })])
      const pool = overFetch.pipe(Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })))
      const error = yield* Effect.flip(answered(yield* providerOf("anthropic-messages", server.url, { pool })))
      assert.strictEqual(error._tag, "MalformedStream")
      assert.include(error.message, `a redirect to ${other.url}/v1/messages`)
      assert.strictEqual((yield* other.stats).connectionsOpened, 0)
    })
  )

  it.scopedLive("a refused connection says so", () =>
    Effect.gen(function* () {
      const { url } = yield* Effect.scoped(FaultServer.make([answer]))
      const exit = yield* Effect.exit(answered(yield* providerOf("anthropic-messages", url, { pool: overFetch })))
      const error = failureOf(exit)
      assert(error._tag === "ConnectionFailed" && error.reason === "refused", String(error))
    })
  )
})

describe("over a fake client", () => {
  const fake = (status: number, body: string, headers: Record<string, string> = {}) =>
    HttpClient.make((request) =>
      Effect.sync(() => {
        // A fake is free to have statuses that a Response is not.
        const response = HttpClientResponse.fromWeb(request, new Response(body, { headers }))
        return Object.defineProperty(Object.create(response), "status", { value: status }) as typeof response
      })
    )

  it.scopedLive("its answer is read", () =>
    Effect.gen(function* () {
      const whole = eventsOf("anthropic-messages").join("")
      const pool = over(fake(200, whole, { "content-type": "text/event-stream", "request-id": "req_1" }))
      const provider = yield* providerOf("anthropic-messages", "http://fake.test", { pool })
      const response = yield* provider.generate(request)
      assert.deepStrictEqual([response.text, response.requestId], [text, "req_1"])
    })
  )

  it.scopedLive("its error is classified like any other", () =>
    Effect.gen(function* () {
      const body = JSON.stringify(Wire.errorBody("anthropic-messages"))
      const pool = over(fake(529, body, { "content-type": "application/json", "retry-after": "3" }))
      const error = yield* Effect.flip(answered(yield* providerOf("anthropic-messages", "http://fake.test", { pool })))
      assert.deepStrictEqual([error._tag, error.retryAfterMillis], ["Overloaded", 3000])
    })
  )

  for (const status of [0, 99, 600, 999]) {
    it.scopedLive(`status ${status} is an error and no defect`, () =>
      Effect.gen(function* () {
        const context = yield* Layer.build(over(fake(status, "x")))
        const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, context)
        const provider = yield* providerOf("anthropic-messages", "http://fake.test", { pool: over(fake(status, "x")) })
        assert.include(["ConnectionFailed", "ServerError"], failureOf(yield* Effect.exit(answered(provider)))._tag)
        yield* Effect.exit(post(pool, "http://fake.test"))
        assert.strictEqual((yield* pool.stats).open, 0)
      })
    )
  }

  it.scopedLive("a body where there may be none is let go", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(over(fake(204, "x")))
      const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, context)
      const response = yield* post(pool, "http://fake.test")
      assert.isNull(response.body)
      assert.strictEqual((yield* pool.stats).open, 0)
    })
  )

  for (const [what, client] of [
    [
      "fails",
      HttpClient.make((request) =>
        Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause: new Error("no luck") }))
      )
    ],
    ["dies", HttpClient.make(() => Effect.dieMessage("no luck"))],
    [
      "throws",
      HttpClient.make(() => {
        throw new Error("no luck")
      })
    ]
  ] as const) {
    it.scopedLive(`that ${what} is a failed connection without the key in it`, () =>
      Effect.gen(function* () {
        const provider = yield* providerOf("anthropic-messages", "http://fake.test", { pool: over(client) })
        const error = failureOf(yield* Effect.exit(answered(provider)))
        assert.strictEqual(error._tag, "ConnectionFailed")
        assert.include(error.message, "no luck")
        assert.notInclude(JSON.stringify(error), "test-key")
      })
    )
  }

  it.scopedLive("that cannot be interrupted keeps nobody waiting", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      const client = HttpClient.make((request) =>
        Deferred.succeed(begun, undefined).pipe(
          Effect.zipRight(Deferred.await(end)),
          Effect.as(HttpClientResponse.fromWeb(request, new Response("late"))),
          Effect.uninterruptible
        )
      )
      const provider = yield* providerOf("anthropic-messages", "http://fake.test", { pool: over(client) })
      const fiber = yield* Effect.fork(answered(provider))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.succeed(end, undefined)
    })
  )

  it.scopedLive("is asked once per attempt, and renewal builds nothing of it", () =>
    Effect.gen(function* () {
      let asked = 0
      const client = HttpClient.make((request) =>
        Effect.sync(() => {
          asked++
          const events = eventsOf("anthropic-messages")
          const body = (asked === 1 ? events.slice(0, 5) : events).join("")
          return HttpClientResponse.fromWeb(
            request,
            new Response(body, { headers: { "content-type": "text/event-stream" } })
          )
        })
      )
      const provider = yield* providerOf("anthropic-messages", "http://fake.test", {
        pool: over(client),
        retry: Schedule.recurs(1)
      })
      yield* answered(provider)
      assert.strictEqual(asked, 2)
    })
  )
})

describe("a fiber that streams over fetch", () => {
  it.scopedLive("sees its first event before the answer ends", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make([Reply.hold(answer, { afterEvents: 4 }, gate)])
      const fiber = yield* flowing(yield* providerOf("anthropic-messages", server.url, { pool: overFetch }))
      assert.isNull(fiber.unsafePoll())
      yield* gate.open
      yield* Fiber.join(fiber)
    })
  )
})
