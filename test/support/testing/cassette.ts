/**
 * What the tests of cassettes share: a folder for the file, providers of each protocol, and pools that give what they are
 * told to.
 */
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { Chunk, Effect, Layer, Redacted, Stream } from "effect"
import { ConnectionPool, type Protocol, Provider, StreamRetry, Vendors } from "effect-redial"
import { Cassette, Reply, Wire } from "effect-redial/testing"

export { protocols } from "../protocols.js"

export const apiKey = Redacted.make("sk-test-0123456789abcdef")
export const text = "Because air scatters short waves of light more than long ones: blåtimen, 青い空, 🌌."
export const request = { model: "test-model", prompt: "Why is the sky blue?" }

export const eventsOf = (protocol: Protocol.ProtocolId) =>
  Wire.answer(protocol, { text: text.match(/.{1,12}/gu) ?? [], usage: { inputTokens: 7, outputTokens: 21 } })

export const answerOf = (protocol: Protocol.ProtocolId) => Reply.stream(eventsOf(protocol))

export type Options = Omit<Provider.Options, "apiKey" | "baseUrl" | "protocol"> & {
  readonly apiKey?: Redacted.Redacted
}

/** Its back-off needs no clock. */
export const providerOf = (protocol: Protocol.ProtocolId, baseUrl: string, options: Options = {}) =>
  Provider.make(Vendors.custom({ id: "vendor", protocol, baseUrl }), {
    apiKey,
    retry: StreamRetry.standard({ base: 0 }),
    ...options
  })

export const eventsFrom = (provider: Provider.Service) =>
  Effect.map(Stream.runCollect(provider.stream(request)), Chunk.toReadonlyArray)

/** Nobody listens there. */
export const nowhere = "http://127.0.0.1:9"

/** The path of a file in a folder that is removed with the scope. */
export const file = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return `${yield* fs.makeTempDirectoryScoped()}/deep/down/cassette.json`
})

export const textOf = (path: string) => Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(path))

export const put = (path: string, content: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.zipRight(
      fs.makeDirectory(path.slice(0, path.lastIndexOf("/")), { recursive: true }),
      fs.writeFileString(path, content)
    )
  )

export const disk = Effect.provide(NodeFileSystem.layer)

/** Records what `use` asks for, and gives what it gave. */
export const recorded = <A, E, R>(
  path: string,
  use: (pool: Cassette.Service["pool"]) => Effect.Effect<A, E, R>,
  options: Omit<Cassette.Options, "mode"> = {}
) => Effect.scoped(Effect.flatMap(Cassette.make(path, { ...options, mode: "record" }), ({ pool }) => use(pool)))

export const replayed = <A, E, R>(
  path: string,
  use: (pool: Cassette.Service["pool"], cassette: Cassette.Service) => Effect.Effect<A, E, R>,
  options: Omit<Cassette.Options, "mode"> = {}
) =>
  Effect.scoped(
    Effect.flatMap(Cassette.make(path, { ...options, mode: "replay" }), (cassette) => use(cassette.pool, cassette))
  )

/** A pool each of whose answers has these chunks. */
export const poolOf = (chunks: ReadonlyArray<Uint8Array>): Layer.Layer<ConnectionPool.ConnectionPool> =>
  Layer.succeed(ConnectionPool.ConnectionPool, {
    fetch: async () => new Response(null, { headers: { "content-type": "text/event-stream" } }),
    retire: Effect.void,
    stats: Effect.succeed({ dialled: 0, open: 0 }),
    source: () => {
      let next = 0
      return {
        read: Effect.sync(() => {
          const chunk = chunks[next++]
          return chunk === undefined ? [] : [chunk]
        }),
        ended: () => next > chunks.length,
        destroy: () => {}
      }
    },
    finished: () => Effect.void,
    settled: Effect.void
  })

/** The chunks of an answer, as a pool gives them. */
export const chunksFrom = (layer: Layer.Layer<ConnectionPool.ConnectionPool, unknown>, body = "{}") =>
  Effect.gen(function* () {
    const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, yield* Layer.build(layer))
    const response = yield* Effect.promise(() =>
      pool.fetch(`${nowhere}/v1/messages`, { method: "POST", body, headers: { "x-api-key": Redacted.value(apiKey) } })
    )
    const source = pool.source(response)
    const all: Array<Uint8Array> = []
    for (;;) {
      const chunks = yield* source.read
      if (chunks.length === 0) break
      all.push(...chunks)
    }
    assert(source.ended())
    return all
  }).pipe(Effect.scoped)
