/**
 * The law of a cassette: whatever comes over the wire, in whatever chunks, comes again when it is replayed.
 */
import { gzipSync } from "node:zlib"
import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Random, Schedule, Stream } from "effect"
import { ConnectionPool, type ModelEvent, type Protocol } from "effect-redial"
import { Cassette, FaultServer, Reply, Wire } from "effect-redial/testing"
import { seeded } from "../../support/random.js"
import {
  answerOf,
  chunksFrom,
  disk,
  eventsFrom,
  eventsOf,
  file,
  nowhere,
  poolOf,
  protocols,
  providerOf,
  recorded,
  replayed,
  request,
  text,
  textOf
} from "../../support/testing/cassette.js"

const RUNS = 40

type Pool = Cassette.Service["pool"]

const hex = (chunks: ReadonlyArray<Uint8Array>) => chunks.map((chunk) => Buffer.from(chunk).toString("hex"))

const cut = (bytes: Uint8Array, random: ReturnType<typeof seeded>, most: number): ReadonlyArray<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  for (let from = 0; from < bytes.length; ) {
    // Now and then an empty one.
    const length = random.chance(0.05) ? 0 : 1 + random.below(most)
    chunks.push(bytes.subarray(from, from + length))
    from += length
  }
  return chunks
}

/** Which attempts there were, without what differs from run to run. */
const attemptsOf = (events: ReadonlyArray<ModelEvent.ModelEvent>) => {
  const last = events.at(-1)
  assert(last?._tag === "Finish")
  return last.response.attempts.map(({ error, headers, requestId, usage }) => ({
    error: error && [error.tag, error.description],
    headers,
    requestId,
    usage
  }))
}

const plain = (events: ReadonlyArray<ModelEvent.ModelEvent>) =>
  events.map((event) => {
    switch (event._tag) {
      case "TextDelta":
        return event.text
      case "Superseded":
        return `void from ${event.fromIndex}: ${event.error.tag}, ${event.error.description}`
      case "Finish":
        return event.response.text
      default:
        return event._tag
    }
  })

/** What a program sees, recorded and replayed under a test clock that nobody adjusts. */
const both = (protocol: Protocol.ProtocolId, script: FaultServer.Script) =>
  Effect.gen(function* () {
    const path = yield* file
    const server = yield* FaultServer.make(script)
    const events = (url: string) => (pool: Pool) => Effect.flatMap(providerOf(protocol, url, { pool }), eventsFrom)
    const first = yield* recorded(path, events(server.url))
    const second = yield* replayed(path, events(nowhere))
    assert.deepStrictEqual(plain(second), plain(first))
    assert.deepStrictEqual(attemptsOf(second), attemptsOf(first))
    return { path, first, second }
  })

/** A pool that gives each chunk in the same memory. */
const reusing = (pool: ConnectionPool.Service, memory: Uint8Array): ConnectionPool.Service => ({
  ...pool,
  source: (response) => {
    const source = pool.source(response)
    const given = (chunk: Uint8Array) => {
      memory.set(chunk)
      return memory
    }
    return { ...source, read: Effect.map(source.read, (chunks) => chunks.map(given)) }
  }
})

describe("a cassette", () => {
  for (const protocol of protocols) {
    it.scoped(`gives back the bytes of ${protocol} in the same chunks, however they were cut`, () =>
      Effect.gen(function* () {
        const random = seeded(18)
        const path = yield* file
        const body = Buffer.from(eventsOf(protocol).join(""))
        for (let run = 0; run < RUNS; run++) {
          const chunks = cut(body, random, 1 + random.below(120))
          assert.deepStrictEqual(
            hex(yield* recorded(path, (pool) => chunksFrom(pool), { pool: poolOf(chunks) })),
            hex(chunks)
          )
          assert.deepStrictEqual(hex(yield* replayed(path, (pool) => chunksFrom(pool))), hex(chunks))
        }
      }).pipe(disk)
    )

    it.scoped(`replays an answer of ${protocol} as it was recorded from a socket`, () =>
      Effect.gen(function* () {
        const { second } = yield* both(protocol, [
          Reply.stream(eventsOf(protocol), { bytesPerChunk: 37, headers: { "request-id": "req_1", via: "1.1 edge" } })
        ])
        assert.strictEqual(plain(second).at(-1), text)
        assert.deepStrictEqual(attemptsOf(second)[0]?.headers, { "request-id": "req_1", via: "1.1 edge" })
      }).pipe(disk)
    )

    for (const how of ["rst", "clean", "fin"] as const) {
      it.scoped(`replays a drop of ${protocol} by ${how} as that drop, and the redial`, () =>
        Effect.gen(function* () {
          const { second } = yield* both(protocol, [
            Reply.cut(answerOf(protocol), { afterEvents: 5, wait: 0 }, how),
            answerOf(protocol)
          ])
          assert.strictEqual(attemptsOf(second).length, 2)
          assert.include(["StreamDropped", "StreamTruncated"], attemptsOf(second)[0]?.error?.[0])
        }).pipe(disk)
      )
    }
  }

  it.scoped("gives back any bytes, valid UTF-8 or not", () =>
    Effect.gen(function* () {
      const random = seeded(7)
      const path = yield* file
      for (let run = 0; run < RUNS; run++) {
        const bytes = Uint8Array.from({ length: random.below(400) }, () => random.below(256))
        // A byte order mark, and characters that JSON and JavaScript treat differently.
        const odd = Buffer.from('\uFEFF\u2028\u0000\r\n\\"')
        const chunks = [...cut(bytes, random, 60), odd]
        assert.deepStrictEqual(
          hex(yield* recorded(path, (pool) => chunksFrom(pool), { pool: poolOf(chunks) })),
          hex(chunks)
        )
        assert.deepStrictEqual(hex(yield* replayed(path, (pool) => chunksFrom(pool))), hex(chunks))
      }
    }).pipe(disk)
  )

  it.scoped("keeps what came, though its pool uses the same memory again", () =>
    Effect.gen(function* () {
      const path = yield* file
      const memory = new Uint8Array(1)
      const chunks = [1, 2, 3].map((byte) => Uint8Array.of(byte))
      const inner = Layer.map(poolOf(chunks), (context) =>
        Context.make(
          ConnectionPool.ConnectionPool,
          reusing(Context.get(context, ConnectionPool.ConnectionPool), memory)
        )
      )
      yield* recorded(path, (pool) => chunksFrom(pool), { pool: inner })
      assert.deepStrictEqual(hex(yield* replayed(path, (pool) => chunksFrom(pool))), hex(chunks))
    }).pipe(disk)
  )

  const refusals: ReadonlyArray<readonly [what: string, reply: Reply.Reply, tag: string]> = [
    ["an overload", Reply.status(529, { body: Wire.errorBody("anthropic-messages") }), "Overloaded"],
    ["an error without a body", Reply.status(500), "ServerError"],
    ["a connection that is reset before the head", Reply.make({ _tag: "Rst" }), "ConnectionFailed"],
    ["an encoding that is unknown", Reply.stream(["x"], { headers: { "content-encoding": "zstd" } }), "MalformedStream"]
  ]
  for (const [what, reply, tag] of refusals) {
    it.scoped(`replays ${what} as the same error`, () =>
      Effect.gen(function* () {
        const { second } = yield* both("anthropic-messages", [reply, answerOf("anthropic-messages")])
        assert.strictEqual(attemptsOf(second)[0]?.error?.[0], tag)
      }).pipe(disk)
    )
  }

  it.scoped("replays an error with its status, its headers and its cause", () =>
    Effect.gen(function* () {
      const path = yield* file
      const server = yield* FaultServer.make(({ index }) =>
        index === 1
          ? Reply.status(307, { headers: { location: "https://user:pass@elsewhere.example/x?key=1" } })
          : Reply.status(429, { headers: { "retry-after": "400" }, body: Wire.errorBody("anthropic-messages") })
      )
      const errors = (url: string) => (pool: Pool) =>
        Effect.gen(function* () {
          const provider = yield* providerOf("anthropic-messages", url, { pool, retry: Schedule.stop })
          return yield* Effect.forEach([1, 2], () => Effect.flip(provider.generate(request)))
        })
      const first = yield* recorded(path, errors(server.url))
      const second = yield* replayed(path, errors(nowhere))
      assert.deepStrictEqual(
        second.map(({ _tag, description, retryAfterMillis, status }) => [_tag, description, retryAfterMillis, status]),
        first.map(({ _tag, description, retryAfterMillis, status }) => [_tag, description, retryAfterMillis, status])
      )
      assert.strictEqual(second[0]?._tag, "MalformedStream")
      assert.strictEqual(second[1]?.retryAfterMillis, 400_000)
      assert.notInclude(yield* textOf(path), "pass@")
    }).pipe(disk)
  )

  it.scoped("replays the failure to connect", () =>
    Effect.gen(function* () {
      const path = yield* file
      const { url } = yield* Effect.scoped(FaultServer.make([Reply.status(500)]))
      const failure = (base: string) => (pool: Pool) =>
        Effect.flatMap(providerOf("responses", base, { pool }), (provider) => Effect.flip(provider.generate(request)))
      const first = yield* recorded(path, failure(url))
      const second = yield* replayed(path, failure(nowhere))
      assert(first._tag === "ConnectionFailed" && second._tag === "ConnectionFailed")
      assert.deepStrictEqual([second.reason, second.code, second.attempts.length], ["refused", "ECONNREFUSED", 3])
      assert.strictEqual(second.description, first.description)
    }).pipe(disk)
  )

  it.scoped("keeps a compressed answer as what it says", () =>
    Effect.gen(function* () {
      const compressed = gzipSync(eventsOf("anthropic-messages").join(""))
      const { path } = yield* both("anthropic-messages", [
        Reply.stream([compressed], { headers: { "content-encoding": "gzip" }, bytesPerChunk: 50 })
      ])
      assert.include(yield* textOf(path), "event: message_start\\ndata: ")
    }).pipe(disk)
  )

  it.scoped("replays the rest of an answer that a server keeps", () =>
    Effect.gen(function* () {
      const path = yield* file
      const events = eventsOf("responses")
      const server = yield* FaultServer.make((received) => {
        const reply = Reply.stream(Wire.rest(received, events))
        return received.index === 1 ? Reply.cut(reply, { afterEvents: 6, wait: 0 }, "rst") : reply
      })
      const background = { ...request, providerOptions: { responses: { background: true } } }
      const use = (url: string) => (pool: Pool) =>
        Effect.flatMap(providerOf("responses", url, { pool }), (provider) => provider.generate(background))
      const first = yield* recorded(path, use(server.url))
      const second = yield* replayed(path, use(nowhere))
      assert.deepStrictEqual([first.text, second.text], [text, text])
      assert.include(yield* textOf(path), `"method": "GET"`)
    }).pipe(disk)
  )

  it.scoped("ends well where its end was proven, though the server never ended the body", () =>
    Effect.gen(function* () {
      const { path } = yield* both("anthropic-messages", [
        Reply.cut(answerOf("anthropic-messages"), { afterEvents: Infinity }, "stall")
      ])
      assert.include(yield* textOf(path), `"kind": "end"`)
    }).pipe(disk)
  )

  it.scoped("records from any pool, and takes what that pool needs from its context", () =>
    Effect.gen(function* () {
      const path = yield* file
      const server = yield* FaultServer.make([answerOf("anthropic-messages")])
      const use = (url: string) => (pool: Pool) =>
        Effect.flatMap(providerOf("anthropic-messages", url, { pool }), (provider) => provider.generate(request))
      const cassette = Cassette.make(path, { mode: "record", pool: ConnectionPool.layerHttpClient })
      const overFetch = Effect.provide(cassette, FetchHttpClient.layer)
      const first = yield* Effect.scoped(Effect.flatMap(overFetch, ({ pool }) => use(server.url)(pool)))
      assert.deepStrictEqual([first.text, (yield* replayed(path, use(nowhere))).text], [text, text])
    }).pipe(disk)
  )

  it.scoped("replays how a model went on, for a program with the same Random", () =>
    Effect.gen(function* () {
      const path = yield* file
      const server = yield* FaultServer.make(({ json }) => {
        const ask = Wire.asked(json)
        if (ask === undefined) return Reply.cut(answerOf("chat-completions"), { afterEvents: 4, wait: 0 }, "rst")
        const rest = text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
        return Reply.stream(Wire.answer("chat-completions", { text: Wire.resumed(ask, rest) }))
      })
      const show = (url: string, seed: string) => (pool: Pool) =>
        Effect.flatMap(providerOf("chat-completions", url, { pool }), (provider) =>
          Stream.mkString(provider.streamText(request))
        ).pipe(Effect.withRandom(Random.make(seed)))
      assert.strictEqual(yield* recorded(path, show(server.url, "cassette")), text)
      assert.strictEqual((yield* server.requests).length, 2)
      assert.strictEqual(yield* replayed(path, show(nowhere, "cassette")), text)
      // Another marker is asked for, which no recording has.
      const error = yield* Effect.flip(replayed(path, show(nowhere, "other")))
      assert.strictEqual(error._tag, "StreamDropped")
    }).pipe(disk)
  )
})
