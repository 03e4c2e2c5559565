/**
 * The end of a pool, and the options that say how long its connections live.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { AnthropicClient, ConnectionPool, Provider } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import { Agent } from "undici"
import {
  answered,
  answerOf,
  apiKey,
  bodyOf,
  eventsOf,
  flowing,
  post,
  providerOf,
  request
} from "../support/client/world.js"

const answer = answerOf("anthropic-messages")
const bytes = eventsOf("anthropic-messages").join("")
const stalled = Reply.cut(answer, { afterEvents: 6 }, "stall")

const withScope = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const pool = yield* Scope.extend(ConnectionPool.make(), scope)
  return { pool, close: Scope.close(scope, Exit.void) }
})

const abortable = () => {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

/** What was handed to the network has been read by the client when two turns of the event loop have passed. */
const turns = Effect.promise(() => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))))

describe("closing the scope of a pool", () => {
  it.scopedLive("closes every connection, whether it is idle, streaming, waiting for headers or stalled", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ path }) =>
        path === "/idle" ? answer : path === "/head" ? Reply.stallBeforeHead : stalled
      )
      const { close, pool } = yield* withScope
      yield* pool.finished(pool.source(yield* post(pool, `${server.url}/idle`)))
      const reading = yield* Effect.fork(Effect.flatMap(post(pool, `${server.url}/read`), (r) => bodyOf(pool, r)))
      yield* post(pool, `${server.url}/unread`)
      const waiting = yield* Effect.fork(post(pool, `${server.url}/head`))
      yield* server.awaitStats(({ requests }) => requests === 4)

      yield* close
      assert.strictEqual((yield* pool.stats).open, 0)
      const stats = yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      assert.strictEqual(stats.closedByClient, stats.connectionsOpened)
      assert(Exit.isFailure(yield* Fiber.await(reading)))
      assert(Exit.isFailure(yield* Fiber.await(waiting)))
    })
  )

  it.scopedLive("closes them after the pool was retired, too", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([stalled])
      const { close, pool } = yield* withScope
      yield* post(pool, server.url)
      yield* pool.retire
      yield* post(pool, server.url)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 2)
      yield* close
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  it.scopedLive("refuses requests from then on, without dialling", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      for (const dispatcher of [undefined, new Agent()]) {
        const scope = yield* Scope.make()
        const pool = yield* Scope.extend(ConnectionPool.make({ dispatcher }), scope)
        yield* Scope.close(scope, Exit.void)
        const failure = yield* Effect.flip(post(pool, server.url))
        assert.match(inspect(failure), /the connection pool was closed/)
        yield* Effect.promise(async () => dispatcher?.destroy())
      }
      assert.strictEqual((yield* server.stats).connectionsOpened, 0)
    })
  )

  it.scopedLive("ends the streams of a provider with an error and frees their connections", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([stalled])
      const scope = yield* Scope.make()
      const provider = yield* Scope.extend(providerOf("anthropic-messages", server.url), scope)
      const fibers = yield* Effect.replicateEffect(flowing(provider), 3)
      yield* Scope.close(scope, Exit.void)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      for (const exit of yield* Effect.forEach(fibers, Fiber.await)) {
        assert(Exit.isFailure(exit) && String(exit.cause).includes("the connection was closed"), String(exit))
      }
      const after = yield* Effect.flip(answered(provider))
      assert(after._tag === "ConnectionFailed" && after.reason === "closed")
    })
  )

  it.scopedLive("lets an answer that had arrived whole be read to its end", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make([Reply.hold(answer, { afterEvents: Infinity }, gate)])
      const scope = yield* Scope.make()
      const provider = yield* Scope.extend(providerOf("anthropic-messages", server.url), scope)
      const [held, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const fiber = yield* provider.stream(request).pipe(
        Stream.tap(() => Effect.zipRight(Deferred.succeed(held, undefined), Deferred.await(go))),
        Stream.runLast,
        Effect.fork
      )
      yield* Deferred.await(held)
      yield* gate.reached
      yield* turns
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.succeed(go, undefined)
      const last = yield* Fiber.join(fiber)
      assert(last._tag === "Some" && last.value._tag === "Finish")
    })
  )
})

describe("retiring a pool", () => {
  it.scopedLive("closes what is idle at once and lets live answers come to their end, byte for byte", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make(({ path }) =>
        path === "/idle" ? answer : Reply.hold(answer, { afterEvents: 6 }, gate)
      )
      const { close, pool } = yield* withScope
      const live = yield* post(pool, `${server.url}/live`)
      const idle = yield* post(pool, `${server.url}/idle`)
      assert.strictEqual(yield* bodyOf(pool, idle), bytes)
      yield* pool.settled

      yield* pool.retire
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 1)
      yield* gate.open
      assert.strictEqual(yield* bodyOf(pool, live), bytes)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      yield* close
    })
  )

  it.scopedLive("lets a request that waits for its headers have its answer", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make([Reply.make(Reply.wait(gate), ...answer.steps)])
      const { close, pool } = yield* withScope
      const fiber = yield* Effect.fork(Effect.flatMap(post(pool, server.url), (r) => bodyOf(pool, r)))
      yield* gate.reached
      yield* pool.retire
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(fiber), bytes)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      yield* close
    })
  )

  it.scopedLive("lets a request that comes later succeed, and keeps no connection for another one", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const { close, pool } = yield* withScope
      yield* pool.retire
      for (let i = 1; i <= 2; i++) {
        assert.strictEqual(yield* Effect.flatMap(post(pool, server.url), (r) => bodyOf(pool, r)), bytes)
        yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      }
      yield* close
    })
  )

  it.scopedLive("does so for a client that was leased before and sends after its renewal", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const client = yield* AnthropicClient.make({ apiKey, baseUrl: server.url })
      const lease = yield* client.connections.lease
      const renewal = yield* client.connections.renew(lease.generation)
      assert.strictEqual(renewal._tag, "Renewed")
      const { pool } = lease.value
      assert.strictEqual(yield* Effect.flatMap(post(pool, server.url), (r) => bodyOf(pool, r)), bytes)
    })
  )
})

describe("options", () => {
  it.scopedLive("connections limits how many are open at once, and lets the others wait their turn", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make([Reply.hold(answer, { afterEvents: 6 }, gate)])
      const provider = yield* providerOf("anthropic-messages", server.url, { pool: { connections: 2 } })
      const fibers = yield* Effect.fork(Effect.replicateEffect(answered(provider), 6, { concurrency: 6 }))
      yield* server.awaitStats(({ requests }) => requests === 2)
      yield* gate.open
      yield* Fiber.join(fibers)
      assert.strictEqual((yield* server.stats).connectionsOpened, 2)
    })
  )

  for (const connections of [1, 2]) {
    it.scopedLive(`connections: ${connections} passes over requests that were interrupted while they waited`, () =>
      Effect.gen(function* () {
        const gate = yield* FaultServer.gate()
        const server = yield* FaultServer.make(({ path }) =>
          path === "/live" ? Reply.hold(answer, { afterEvents: 6 }, gate) : answer
        )
        const pool = yield* ConnectionPool.make({ connections })
        const asked = (path: string) => Effect.flatMap(post(pool, `${server.url}${path}`), (r) => bodyOf(pool, r))
        const live = yield* Effect.replicateEffect(post(pool, `${server.url}/live`), connections)
        const gone = yield* Effect.replicateEffect(Effect.fork(asked("/gone")), 3)
        const queued = yield* Effect.replicateEffect(Effect.fork(asked("/queued")), 3)
        yield* Effect.yieldNow() // the forks send at once
        yield* Fiber.interruptAll(gone)
        yield* gate.open
        yield* Effect.forEach(live, (response) => bodyOf(pool, response))
        assert.deepStrictEqual(yield* Fiber.join(Fiber.all(queued)), [bytes, bytes, bytes])
        assert.strictEqual((yield* server.stats).requests, connections + 3)
      })
    )

    it.scopedLive(`connections: ${connections} goes on to the next request when a running one is interrupted`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make(({ path }) => (path === "/live" ? stalled : answer))
        const pool = yield* ConnectionPool.make({ connections })
        const asked = (path: string) => Effect.flatMap(post(pool, `${server.url}${path}`), (r) => bodyOf(pool, r))
        const { abort, signal } = abortable()
        yield* Effect.replicateEffect(post(pool, `${server.url}/live`, { signal }), connections)
        const queued = yield* Effect.replicateEffect(Effect.fork(asked("/queued")), 3)
        yield* Effect.yieldNow() // as above
        abort()
        yield* Fiber.joinAll(queued)
      })
    )
  }

  it.scopedLive("keepAlive closes a connection that was idle for so long", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const provider = yield* providerOf("anthropic-messages", server.url, { pool: { keepAlive: "50 millis" } })
      yield* answered(provider)
      const { closedByClient } = yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      assert.strictEqual(closedByClient, 1)
    })
  )

  for (const keepAlive of ["0 millis", "Infinity"] as const) {
    it.scopedLive(`keepAlive may be ${keepAlive}`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answer])
        const duration = keepAlive === "Infinity" ? Infinity : keepAlive
        const provider = yield* providerOf("anthropic-messages", server.url, {
          pool: { keepAlive: duration, connectTimeout: duration === Infinity ? Infinity : "5 seconds" }
        })
        yield* answered(provider)
        if (duration === Infinity) yield* answered(provider)
        else yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
        assert.strictEqual((yield* server.stats).connectionsOpened, 1)
      })
    )
  }

  it.scopedLive("a dispatcher of the user's own is used, and left open", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const dispatcher = new Agent()
      yield* Effect.addFinalizer(() => Effect.promise(() => dispatcher.destroy()))
      const client = yield* Effect.scoped(
        Effect.gen(function* () {
          const client = yield* AnthropicClient.make({ apiKey, baseUrl: server.url, pool: { dispatcher } })
          yield* answered(yield* Provider.makeFromClient(client))
          const { generation } = yield* Effect.scoped(client.connections.lease)
          yield* client.connections.renew(generation)
          yield* answered(yield* Provider.makeFromClient(client))
          return client
        })
      )
      assert.strictEqual((yield* client.connections.stats).released, 2)
      assert.isFalse(dispatcher.closed || dispatcher.destroyed)
      const { connectionsOpen, requests } = yield* server.stats
      assert.deepStrictEqual([connectionsOpen, requests], [1, 2])
    })
  )

  it.scopedLive("a dispatcher of the user's own has its live requests ended all the same", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([stalled])
      const dispatcher = new Agent()
      yield* Effect.addFinalizer(() => Effect.promise(() => dispatcher.destroy()))
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* flowing(yield* providerOf("anthropic-messages", server.url, { pool: { dispatcher } }))
        })
      )
      const { closedByClient } = yield* server.awaitStats(({ closedByClient }) => closedByClient === 1)
      assert.strictEqual(closedByClient, 1)
    })
  )
})
