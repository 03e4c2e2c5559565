/**
 * Answers that are not what a vendor should send: encoded, redirecting, of odd statuses, endless.
 */
import * as zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Fiber, Option, Queue, Stream } from "effect"
import { ConnectionPool, type ProviderError } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import { answered, answerOf, eventsOf, post, protocols, providerOf, request, text } from "../support/client/world.js"

const protocol = "anthropic-messages"
const answer = answerOf(protocol)
const events = eventsOf(protocol)

const failure = (reply: Reply.Reply, options?: Parameters<typeof providerOf>[2]) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([reply])
    const provider = yield* providerOf(protocol, server.url, options)
    const error: ProviderError.ProviderError = yield* Effect.flip(answered(provider))
    return { error, server }
  })

const encoders = {
  gzip: () => zlib.createGzip(),
  "x-gzip": () => zlib.createGzip(),
  deflate: () => zlib.createDeflate(),
  br: () => zlib.createBrotliCompress()
}

/** Encodes pieces so that each can be decoded before the next one is there, as a server that flushes does. */
const encoded = (encoding: keyof typeof encoders, pieces: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const encoder = encoders[encoding]()
    const out: Array<Uint8Array> = []
    let flushed: Array<Uint8Array> = []
    encoder.on("data", (chunk: Uint8Array) => flushed.push(chunk))
    const collect = (): void => {
      out.push(Buffer.concat(flushed))
      flushed = []
    }
    for (const piece of pieces) {
      encoder.write(piece)
      await new Promise<void>((resolve) => encoder.flush(resolve))
      collect()
    }
    await new Promise<void>((resolve) => encoder.end(() => resolve()))
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    return out
  })

describe("content-encoding", () => {
  for (const encoding of ["gzip", "x-gzip", "deflate", "br"] as const) {
    it.scopedLive(`${encoding} is undone as it comes: events are delivered before the body ends`, () =>
      Effect.gen(function* () {
        const gate = yield* FaultServer.gate()
        const pieces = yield* encoded(encoding, [events.slice(0, 6).join(""), events.slice(6).join("")])
        const whole = Reply.stream(pieces, { headers: { "content-encoding": encoding } })
        const server = yield* FaultServer.make([Reply.hold(whole, { afterEvents: 1 }, gate)])
        const provider = yield* providerOf(protocol, server.url)
        const deltas = yield* Queue.unbounded<string>()
        const fiber = yield* provider.stream(request).pipe(
          Stream.runForEach((event) => (event._tag === "TextDelta" ? deltas.offer(event.text) : Effect.void)),
          Effect.fork
        )
        let seen = yield* deltas.take
        assert.isNull(fiber.unsafePoll())
        yield* gate.open
        yield* Fiber.join(fiber)
        seen += Chunk.join(yield* deltas.takeAll, "")
        assert.strictEqual(seen, text)
      })
    )

    it.scopedLive(`${encoding} that breaks off is a dropped stream, and its connection is closed`, () =>
      Effect.gen(function* () {
        const pieces = yield* encoded(encoding, [events.slice(0, 6).join("")])
        const whole = Reply.stream(pieces.slice(0, 1), { headers: { "content-encoding": encoding } })
        const { error, server } = yield* failure(Reply.cut(whole, { afterEvents: 1, wait: "5 millis" }, "rst"))
        assert.strictEqual(error._tag, "StreamDropped")
        yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      })
    )
  }

  it.scopedLive("that is not what it says is an error, and its connection is closed", () =>
    Effect.gen(function* () {
      const { error, server } = yield* failure(Reply.stream(events, { headers: { "content-encoding": "gzip" } }))
      assert.strictEqual(error._tag, "MalformedStream")
      assert.match(error.message, /Z_DATA_ERROR/)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  for (const encoding of ["none", "utf-8", "identity", "Identity, none", "snappy", "", ",", " , utf-8 ,"]) {
    it.scopedLive(`that names no coding, "${encoding}", leaves the bytes as they are`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.stream(events, { headers: { "content-encoding": encoding } })])
        const provider = yield* providerOf(protocol, server.url)
        assert.strictEqual((yield* provider.generate(request)).text, text)
      })
    )
  }

  for (const encoding of ["gzip, identity", "identity,GZIP", "none, x-gzip", "gzip, br"]) {
    it.scopedLive(`that is a list, "${encoding}", is undone from its end`, () =>
      Effect.gen(function* () {
        const zipped = zlib.gzipSync(events.join(""))
        const body = encoding === "gzip, br" ? zlib.brotliCompressSync(zipped) : zipped
        const headers = { "content-type": "text/event-stream", "content-encoding": encoding }
        const server = yield* FaultServer.make([Reply.status(200, { body, headers })])
        const provider = yield* providerOf(protocol, server.url)
        assert.strictEqual((yield* provider.generate(request)).text, text)
      })
    )
  }

  it.scopedLive("that is a long list is an error: each coding costs memory", () =>
    Effect.gen(function* () {
      const headers = { "content-encoding": new Array(6).fill("gzip").join(", ") }
      const { error } = yield* failure(Reply.stream(events, { headers }))
      assert.strictEqual(error._tag, "MalformedStream")
      assert.match(error.message, /unknown content-encoding, "gzip, gzip/)
    })
  )

  it.scopedLive("that cannot be undone is an error that names it, and its connection is closed", () =>
    Effect.gen(function* () {
      const reply = Reply.stream(events, { headers: { "content-encoding": "zstd" } })
      const { error } = yield* failure(reply)
      assert.strictEqual(error._tag, "MalformedStream")
      assert.match(error.message, /unknown content-encoding, "zstd"/)

      // Without a provider there is no renewal, which would close it in any case.
      const server = yield* FaultServer.make([Reply.cut(reply, { afterEvents: 3 }, "stall")])
      const pool = yield* ConnectionPool.make()
      yield* Effect.flip(post(pool, server.url))
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  it.scopedLive("is undone in the body of an error too", () =>
    Effect.gen(function* () {
      const body = zlib.gzipSync(JSON.stringify({ error: { type: "overloaded_error", message: "Too busy" } }))
      const { error } = yield* failure(Reply.status(500, { body, headers: { "content-encoding": "gzip" } }))
      assert.match(error.message, /Too busy/)
    })
  )
})

describe("a redirect", () => {
  for (const status of [301, 302, 307, 308]) {
    for (const where of ["the same origin", "another origin"] as const) {
      it.scopedLive(`(${status}) to ${where} is not followed, and the error names it`, () =>
        Effect.gen(function* () {
          const other = yield* FaultServer.make([answer])
          const server: FaultServer.Service = yield* FaultServer.make(({ path }) =>
            path.startsWith("/elsewhere")
              ? answer
              : Reply.status(status, {
                  headers: { location: `${where === "another origin" ? other.url : ""}/elsewhere?token=canary` }
                })
          )
          for (const protocol of protocols) {
            const error = yield* Effect.flip(answered(yield* providerOf(protocol, server.url)))
            assert.strictEqual(error._tag, "MalformedStream")
            const place = where === "another origin" ? `${other.url}/elsewhere` : "/elsewhere"
            assert.include(error.message, `a redirect to ${place}, which is not followed (`)
            assert.include(error.message, `status ${status}`)
            assert.notInclude(String(error), "canary")
          }
          assert.strictEqual((yield* server.stats).requests, 2)
          assert.strictEqual((yield* other.stats).connectionsOpened, 0)
        })
      )
    }
  }

  for (const status of [300, 304]) {
    it.scopedLive(`(${status}) that leads nowhere is an error too`, () =>
      Effect.gen(function* () {
        const { error } = yield* failure(Reply.status(status))
        assert.strictEqual(error._tag, "MalformedStream")
        assert.include(error.message, "a redirect, which is not followed")
      })
    )
  }
})

describe("an odd status", () => {
  const odd = [
    [204, "StreamTruncated"],
    [205, "StreamTruncated"],
    [299, "answer"],
    [418, "InvalidRequest"],
    [599, "ServerError"],
    [600, "ServerError"],
    [999, "ServerError"]
  ] as const
  for (const [status, expected] of odd) {
    it.scopedLive(`(${status}) is ${expected}, never a defect`, () =>
      Effect.gen(function* () {
        const reply = expected === "answer" ? Reply.stream(events, { status }) : Reply.status(status)
        const server = yield* FaultServer.make([reply])
        for (const protocol of ["anthropic-messages"] as const) {
          const result = yield* Effect.either(answered(yield* providerOf(protocol, server.url)))
          assert.strictEqual(result._tag === "Left" ? result.left._tag : "answer", expected)
        }
      })
    )
  }

  const broken = {
    "status 099": Reply.make(Reply.raw("HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n"), { _tag: "Stall" }),
    "status 100 without a request for it": Reply.make(Reply.raw("HTTP/1.1 100 Continue\r\n\r\n"), { _tag: "Stall" }),
    "a switch of protocols": Reply.make(
      Reply.raw("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
      { _tag: "Stall" }
    ),
    "no HTTP at all": Reply.make(Reply.raw("220 smtp.example.com ESMTP\r\n"), { _tag: "Stall" }),
    "a header without a name": Reply.make(Reply.raw("HTTP/1.1 200 OK\r\n: x\r\n\r\n"), { _tag: "Stall" }),
    "100 KiB of headers": Reply.make(
      Reply.head(200, Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, "y".repeat(1024)]))),
      { _tag: "Stall" }
    ),
    "one header of 100 KiB": Reply.make(Reply.head(200, { "x-long": "y".repeat(100 * 1024) }), { _tag: "Stall" })
  }
  for (const [what, reply] of Object.entries(broken)) {
    it.scopedLive(`${what} is a failed connection that is closed`, () =>
      Effect.gen(function* () {
        const { error, server } = yield* failure(reply)
        assert.strictEqual(error._tag, "ConnectionFailed")
        const stats = yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
        assert.strictEqual(stats.connectionsOpened, 1)
      })
    )
  }

  it.scopedLive("an early hint is passed over", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.make(Reply.raw("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"), ...answer.steps)
      ])
      yield* answered(yield* providerOf(protocol, server.url))
    })
  )
})

describe("the body of an error", () => {
  it.scopedLive("that stalls is bounded by the first deadline, and its connection is closed", () =>
    Effect.gen(function* () {
      const reply = Reply.make(Reply.head(503, { "content-length": "1000" }), Reply.body("over"), { _tag: "Stall" })
      const { error, server } = yield* failure(reply, { deadlines: { firstEvent: "100 millis" } })
      assert(error._tag === "StreamStalled" && error.deadline === "firstEvent", String(error))
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  it.scopedLive("that breaks off still gives its status", () =>
    Effect.gen(function* () {
      const reply = Reply.make(Reply.head(503, { "content-length": "1000" }), Reply.body("over"), { _tag: "Rst" })
      const { error } = yield* failure(reply)
      assert.strictEqual(error._tag, "Overloaded")
      assert.strictEqual(error.status, 503)
    })
  )

  it.scopedLive("that never ends is cut at 64 KiB, and its connection is closed", () =>
    Effect.gen(function* () {
      const pieces = Array.from({ length: 100 }, () => Reply.body("x".repeat(1024)))
      const reply = Reply.make(Reply.head(500, { "transfer-encoding": "chunked" }), ...pieces, { _tag: "Stall" })
      const { error, server } = yield* failure(reply)
      assert.strictEqual(error._tag, "ServerError")
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  it.scopedLive("is not read beyond what is kept, however much the server has", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const piece = Reply.body(new Uint8Array(1024 * 1024).fill(120))
      const more = Array.from({ length: 32 }, () => piece)
      const reply = Reply.make(Reply.head(500, { "transfer-encoding": "chunked" }), ...more, Reply.wait(gate))
      const { server } = yield* failure(reply)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      // The server was stopped long before it had sent all that.
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(gate.reached, 0)))
    })
  )
})
