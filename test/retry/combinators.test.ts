/**
 * Streams of answers under the combinators that pull in fibers of their own, race them and interrupt them: nothing comes
 * twice, and nothing is lost.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Queue, Redacted, Schedule, Stream, type Take } from "effect"
import { Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"

const text = Array.from({ length: 40 }, (_, at) => `word${at} `)

type Text = Stream.Stream<string, unknown>

/** Each gives the whole text again, by another way. */
const combinators: Readonly<Record<string, (text: Text) => Text>> = {
  buffer: Stream.buffer({ capacity: 2 }),
  bufferChunks: Stream.bufferChunks({ capacity: 2 }),
  "buffer, sliding and large": Stream.buffer({ capacity: 1_000, strategy: "sliding" }),
  merge: (stream) => Stream.merge(stream, Stream.never.pipe(Stream.interruptAfter("2 seconds"))),
  mergeWithTicks: (stream) =>
    Stream.merge(
      stream,
      Stream.map(Stream.tick("3 millis"), () => ""),
      { haltStrategy: "left" }
    ),
  zipLatest: (stream) => Stream.map(Stream.zip(stream, Stream.forever(Stream.make(1))), ([piece]) => piece),
  groupedWithin: (stream) => Stream.map(Stream.groupedWithin(stream, 3, "5 millis"), Chunk.join("")),
  aggregateWithin: (stream) => Stream.map(Stream.groupedWithin(stream, 1_000, "7 millis"), Chunk.join("")),
  interruptWhen: (stream) => Stream.interruptWhen(stream, Effect.never),
  haltWhen: (stream) => Stream.haltWhen(stream, Effect.never),
  timeout: (stream) => Stream.timeout(stream, "2 seconds"),
  timeoutFail: (stream) => Stream.timeoutFail(stream, () => "idle", "2 seconds"),
  timeoutTo: (stream) => Stream.timeoutTo(stream, "2 seconds", Stream.make("late")),
  throttle: (stream) =>
    Stream.throttle(stream, { cost: Chunk.size, units: 100, duration: "1 millis", strategy: "shape" }),
  "mapEffect, slow": (stream) => Stream.mapEffect(stream, (piece) => Effect.delay(Effect.succeed(piece), "2 millis")),
  "mapEffect, concurrent": (stream) =>
    Stream.mapEffect(stream, (piece) => Effect.delay(Effect.succeed(piece), "2 millis"), { concurrency: 4 }),
  "flatMap, concurrent": (stream) =>
    Stream.flatMap(stream, (piece) => Stream.make(piece), { concurrency: 1, bufferSize: 1 }),
  share: (stream) => Stream.unwrapScoped(Stream.share(stream, { capacity: 16 })),
  broadcast: (stream) => Stream.unwrapScoped(Effect.map(Stream.broadcast(stream, 1, 16), ([only]) => only)),
  toQueue: (stream) =>
    Stream.unwrapScoped(
      Effect.map(Stream.toQueue(stream), (queue) =>
        Stream.flattenTake(Stream.repeatEffect(Queue.take(queue) as Effect.Effect<Take.Take<string, unknown>>))
      )
    ),
  toReadableStream: (stream) =>
    Stream.fromReadableStream(
      () => Stream.toReadableStream(stream),
      (error) => error
    ),
  toAsyncIterable: (stream) => Stream.fromAsyncIterable(Stream.toAsyncIterable(stream), (error) => error),
  onceMore: (stream) => Stream.retry(stream, Schedule.recurs(1)),
  heartbeats: (stream) =>
    Stream.unwrapScoped(
      Effect.map(Stream.toPull(stream), (pull) =>
        Stream.repeatEffectChunkOption(
          Effect.timeoutTo(pull, {
            duration: Duration.millis(3),
            onSuccess: (chunk) => chunk,
            onTimeout: () => Chunk.of("")
          })
        )
      )
    )
}

describe("a stream of text", () => {
  for (const [name, combinator] of Object.entries(combinators)) {
    it.scopedLive(`is whole under ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make(() =>
          Reply.stream(Wire.answer("anthropic-messages", { text }), { every: 3 })
        )
        const provider = yield* Provider.make(
          Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: server.url }),
          { apiKey: Redacted.make("test-key") }
        )
        const seen = yield* Stream.runCollect(combinator(provider.streamText({ model: "m", prompt: "hi" })))
        assert.strictEqual(Chunk.join(seen, ""), text.join(""))
        assert.strictEqual((yield* server.requests).length, 1)
      })
    )
  }
})
