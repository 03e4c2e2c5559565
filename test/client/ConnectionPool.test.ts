/**
 * When connections are dialled, used again and given up, on real sockets. The server counts.
 */
import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { ConnectionPool } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import {
  answered,
  answerOf,
  eventsOf,
  flowing,
  milliseconds,
  post,
  protocols,
  providerOf,
  request
} from "../support/client/world.js"

const answer = answerOf("anthropic-messages")
const whole = Reply.body(eventsOf("anthropic-messages").join(""))
const stalled = Reply.cut(answer, { afterEvents: 6 }, "stall")
const head = Reply.head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" })

/** Takes connections and says nothing, as a middlebox does that has lost its other side. */
const silentServer = Effect.gen(function* () {
  const sockets: Array<Net.Socket> = []
  const opened = yield* Deferred.make<void>()
  const closed = yield* Deferred.make<void>()
  const server = Net.createServer((socket) => {
    sockets.push(socket)
    socket.on("error", () => {})
    socket.resume()
    socket.once("data", () => Deferred.unsafeDone(opened, Exit.void))
    socket.once("close", () => Deferred.unsafeDone(closed, Exit.void))
  })
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.sync(() => {
        server.close()
        for (const socket of sockets) socket.destroy()
      })
  )
  const { port } = server.address() as Net.AddressInfo
  return { port, opened: Deferred.await(opened), closed: Deferred.await(closed), count: () => sockets.length }
})

describe("a connection is used again", () => {
  for (const protocol of protocols) {
    it.scopedLive(`by each of 200 ${protocol} requests in sequence, where the end comes with the marker`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answerOf(protocol)])
        const provider = yield* providerOf(protocol, server.url)
        yield* Effect.repeatN(answered(provider), 199)
        assert.deepStrictEqual((yield* server.stats).requestsPerConnection, [200])
      })
    )

    it.scopedLive(`by most of 100 ${protocol} requests in sequence, where the end comes 3 ms after the marker`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([
          Reply.make(head, Reply.body(eventsOf(protocol).join("")), Reply.wait("3 millis"), { _tag: "End" })
        ])
        const provider = yield* providerOf(protocol, server.url)
        yield* Effect.repeatN(answered(provider), 99)
        const { connectionsOpened } = yield* server.stats
        // One on an idle machine. A busy one takes longer than anybody waits, now and then.
        assert(connectionsOpened <= 10, `${connectionsOpened} connections`)
      })
    )
  }

  it.scopedLive("after an answer with an error status", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.status(500, { body: "oops" })])
      const provider = yield* providerOf("anthropic-messages", server.url)
      yield* Effect.repeatN(Effect.flip(answered(provider)), 9)
      assert((yield* server.stats).connectionsOpened <= 2)
    })
  )

  it.scopedLive("by no more requests than there are answers about to end: the others dial at once", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make([Reply.hold(answer, { afterEvents: Infinity }, gate)])
      const pool = yield* ConnectionPool.make()
      yield* pool.finished(pool.source(yield* post(pool, server.url)))
      const first = yield* Effect.fork(pool.settled)
      yield* gate.reached
      assert.isNull(first.unsafePoll())
      assert(Exit.isSuccess(Effect.runSyncExit(pool.settled)), "the second waits, though the first has the connection")
      yield* gate.open
      yield* Fiber.join(first)
    })
  )

  it.scopedLive("without waiting for one that is about to be free, where another one is free", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make(({ index }) =>
        index === 1 ? answer : Reply.hold(answer, { afterEvents: Infinity }, gate)
      )
      const pool = yield* ConnectionPool.make()
      const [quick, slow] = yield* Effect.all([post(pool, server.url), post(pool, server.url)], { concurrency: 2 })
      const held = (yield* server.requests)[0]?.connection === 1 ? slow : quick
      yield* pool.finished(pool.source(held === slow ? quick : slow))
      yield* pool.settled
      yield* pool.finished(pool.source(held))
      yield* gate.reached
      assert(Exit.isSuccess(Effect.runSyncExit(pool.settled)))
      yield* gate.open
    })
  )
})

describe("an answer whose body does not end with its marker", () => {
  it.scopedLive("is proven at once, and its connection is cut soon after", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.make(head, whole, { _tag: "Stall" })])
      const provider = yield* providerOf("anthropic-messages", server.url)
      yield* answered(provider)
      const { closedByClient } = yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      assert.strictEqual(closedByClient, 1)
    })
  )

  it.scopedLive("is cut where it goes on and on", () =>
    Effect.gen(function* () {
      const more = Array.from({ length: 200 }, () => Reply.body(`${": ".padEnd(1024, "x")}\n`))
      const server = yield* FaultServer.make([Reply.make(head, whole, ...more, { _tag: "Stall" })])
      const provider = yield* providerOf("anthropic-messages", server.url)
      yield* answered(provider)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  it.scopedLive("keeps nobody waiting when the pool is closed", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.make(head, whole, { _tag: "Stall" })])
      const scope = yield* Scope.make()
      const provider = yield* Scope.extend(providerOf("anthropic-messages", server.url), scope)
      yield* answered(provider)
      yield* Scope.close(scope, Exit.void)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )
})

describe("no spare connection is dialled", () => {
  it.scopedLive("for 5 requests interrupted in mid-stream: they open 5", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([stalled])
      const provider = yield* providerOf("anthropic-messages", server.url)
      for (let i = 1; i <= 5; i++) {
        yield* Fiber.interrupt(yield* flowing(provider))
        yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      }
      assert.deepStrictEqual((yield* server.stats).requestsPerConnection, [1, 1, 1, 1, 1])
    })
  )

  it.scopedLive("for 5 interrupted requests beside 3 live ones: they open 8, and the 3 finish", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make(({ index }) => {
        if (index > 8) return answer
        return index <= 3 ? Reply.hold(answer, { afterEvents: 6 }, gate) : stalled
      })
      const provider = yield* providerOf("anthropic-messages", server.url)
      const siblings = yield* Effect.replicateEffect(flowing(provider), 3)
      const doomed = yield* Effect.replicateEffect(flowing(provider), 5)
      yield* Fiber.interruptAll(doomed)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 3)
      yield* gate.open
      yield* Fiber.joinAll(siblings)
      // One more request, over one of the three, so that a dial under way would have come to be seen.
      yield* answered(provider)
      const { connectionsOpened, requests } = yield* server.stats
      assert.deepStrictEqual([connectionsOpened, requests], [8, 9])
    })
  )
})

describe("interruption", () => {
  it.scopedLive("of some requests dials nothing for others that wait for their headers", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const late = Reply.make(Reply.wait(gate), ...answer.steps)
      const server = yield* FaultServer.make(({ index }) => (index <= 3 ? stalled : late))
      const provider = yield* providerOf("anthropic-messages", server.url)
      const doomed = yield* Effect.replicateEffect(flowing(provider), 3)
      const waiting = yield* Effect.fork(Effect.replicateEffect(answered(provider), 3, { concurrency: 3 }))
      yield* server.awaitStats(({ requests }) => requests === 6)
      yield* Fiber.interruptAll(doomed)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 3)
      yield* gate.open
      yield* Fiber.join(waiting)
      yield* answered(provider)
      assert.strictEqual((yield* server.stats).connectionsOpened, 6)
    })
  )

  const places = [
    ["before the headers", Reply.stallBeforeHead],
    ["after the headers", Reply.make(head, { _tag: "Stall" })],
    ["in mid-stream", stalled],
    [
      "in the body of an error",
      Reply.make(Reply.head(500, { "content-length": "100" }), Reply.body("so"), { _tag: "Stall" })
    ]
  ] as const
  for (const [place, reply] of places) {
    it.scopedLive(`of a request stalled ${place} frees its connection within 100 ms`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([reply])
        const provider = yield* providerOf("anthropic-messages", server.url)
        const times: Array<number> = []
        for (let i = 1; i <= 3; i++) {
          const fiber = yield* Effect.fork(Stream.runDrain(provider.stream(request)))
          yield* server.awaitStats(({ requests }) => requests === i)
          const freed = server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
          times.push(yield* milliseconds(Effect.zipRight(Fiber.interrupt(fiber), freed)))
        }
        // The best of three, since the machine may have other things to do.
        assert(Math.min(...times) < 100, `it took ${times}`)
        assert.deepStrictEqual((yield* server.stats).requestsPerConnection, [1, 1, 1])
      })
    )
  }

  it.scopedLive("of a request whose TLS handshake never ends stops dialling", () =>
    Effect.gen(function* () {
      const server = yield* silentServer
      const provider = yield* providerOf("anthropic-messages", `https://127.0.0.1:${server.port}`)
      const fiber = yield* Effect.fork(Stream.runDrain(provider.stream(request)))
      yield* server.opened
      const took = yield* milliseconds(Effect.zipRight(Fiber.interrupt(fiber), server.closed))
      assert(took < 1000, `it took ${took} ms`)
      assert.strictEqual(server.count(), 1)
    })
  )
})

describe("one of two requests that are dialling", () => {
  it.scopedLive("is interrupted alone", () =>
    Effect.gen(function* () {
      const first = yield* silentServer
      const second = yield* silentServer
      const pool = yield* ConnectionPool.make()
      const leaving = yield* Effect.fork(post(pool, `https://127.0.0.1:${first.port}`))
      const staying = yield* Effect.fork(post(pool, `https://127.0.0.1:${second.port}`))
      yield* Effect.zipRight(first.opened, second.opened)
      yield* Fiber.interrupt(leaving)
      yield* first.closed
      assert.isNull(staying.unsafePoll())
      assert.deepStrictEqual(yield* pool.stats, { dialled: 2, open: 1 })
    })
  )
})

describe("a connection that does not come about", () => {
  it.scopedLive("fails when connectTimeout has passed, as a timeout", () =>
    Effect.gen(function* () {
      const server = yield* silentServer
      const provider = yield* providerOf("anthropic-messages", `https://127.0.0.1:${server.port}`, {
        pool: { connectTimeout: "100 millis" }
      })
      const error = yield* Effect.flip(answered(provider))
      assert(error._tag === "ConnectionFailed" && error.reason === "timeout", String(error))
      yield* server.closed
    })
  )
})
