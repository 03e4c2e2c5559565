/**
 * A connection that ends while its reader is far behind: what came is delivered, and nothing else happens to the process.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber, Stream } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { protocols, providerOf, request } from "../support/client/world.js"

const closing = { connection: "close" }

const ways = {
  "a chunked body": (events: ReadonlyArray<string>) => Reply.stream(events, { headers: closing, eventsPerChunk: 50 }),
  "a body with a length": (events: ReadonlyArray<string>) =>
    Reply.status(200, { headers: { ...closing, "content-type": "text/event-stream" }, body: events.join("") }),
  "a body without a length": (events: ReadonlyArray<string>) =>
    Reply.stream(events, { framing: "close", eventsPerChunk: 50 })
} as const

/** Reads the first event and no other until the server has closed the connection, or cannot get rid of more. */
const behind = (protocol: (typeof protocols)[number], reply: Reply.Reply) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([reply])
    const provider = yield* providerOf(protocol, server.url)
    const go = yield* Deferred.make<void>()
    const held = yield* Deferred.make<void>()
    const fiber = yield* provider.stream(request).pipe(
      Stream.tap(() => Effect.zipRight(Deferred.succeed(held, undefined), Deferred.await(go))),
      Stream.runLast,
      Effect.either,
      Effect.fork
    )
    yield* Deferred.await(held)
    yield* Effect.timeoutOption(
      server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0),
      "50 millis"
    )
    yield* Deferred.succeed(go, undefined)
    return yield* Fiber.join(fiber)
  })

describe("a connection that closes while its reader is far behind", () => {
  for (const protocol of protocols) {
    for (const [what, reply] of Object.entries(ways)) {
      it.scopedLive(`delivers ${what} whole, over ${protocol}`, () =>
        Effect.gen(function* () {
          for (const kilobytes of [60, 70, 100, 130, 200, 300, 700]) {
            const text = Array.from({ length: kilobytes }, () => "x".repeat(1024))
            const result = yield* behind(protocol, reply(Wire.answer(protocol, { text })))
            assert(Either.isRight(result), `${kilobytes}: ${result}`)
            assert(result.right._tag === "Some" && result.right.value._tag === "Finish")
            assert.strictEqual(result.right.value.response.text.length, kilobytes * 1024)
          }
        })
      )
    }

    it.scopedLive(`tells of a drop, over ${protocol}`, () =>
      Effect.gen(function* () {
        for (const how of ["fin", "rst"] as const) {
          for (const kilobytes of [70, 130, 200, 300]) {
            const text = Array.from({ length: kilobytes }, () => "x".repeat(1024))
            for (const reply of Object.values(ways)) {
              const cut = Reply.cut(
                reply(Wire.answer(protocol, { text })),
                { afterBytes: kilobytes * 1000, wait: 20 },
                how
              )
              const result = yield* behind(protocol, cut)
              assert(Either.isLeft(result), `${kilobytes} ${how}`)
              assert.include(["StreamDropped", "StreamTruncated"], result.left._tag)
            }
          }
        }
      })
    )
  }
})
