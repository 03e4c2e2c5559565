/**
 * Consumers that pull with a timeout, to send heartbeats or to do something else: a pull that is interrupted costs nothing,
 * loses nothing, and time in which nobody pulls counts for no deadline.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Redacted, Schedule, type Scope, Stream, TestClock } from "effect"
import { ModelEvent, Provider, type ProviderError, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { request } from "../support/request.js"
import * as Memory from "../support/retry/memory.js"

const text = Array.from({ length: 30 }, (_, at) => `word${at} `)

const provider = (url: string) =>
  Provider.make(Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: url }), {
    apiKey: Redacted.make("test-key"),
    retry: Schedule.recurs(3)
  })

/** Pulls until the end, each pull for so long at most; and how many pulls came to nothing. */
const pulled = <A>(
  stream: Stream.Stream<A, ProviderError.ProviderError>,
  timeout: number,
  between: Effect.Effect<void> = Effect.void
): Effect.Effect<
  { readonly seen: ReadonlyArray<A>; readonly beats: number },
  ProviderError.ProviderError,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const pull = yield* Stream.toPull(stream)
    const seen: Array<A> = []
    let beats = 0
    while (true) {
      const next = yield* pull.pipe(
        Effect.matchEffect({
          onFailure: Option.match({ onNone: () => Effect.succeed(undefined), onSome: (error) => Effect.fail(error) }),
          onSuccess: (chunk) => Effect.succeed(chunk)
        }),
        Effect.timeoutOption(timeout)
      )
      if (Option.isNone(next)) {
        beats++
        yield* between
      } else if (next.value === undefined) return { seen, beats }
      else seen.push(...next.value)
    }
  })

describe("a pull that is interrupted", () => {
  it.scopedLive("sends no second request: the next pull finds what it began", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(() =>
        Reply.hold(Reply.stream(Wire.answer("anthropic-messages", { text })), { afterEvents: 0 }, 700)
      )
      const service = yield* provider(server.url)
      const { beats, seen } = yield* pulled(service.streamText(request), 50)
      assert.strictEqual(seen.join(""), text.join(""))
      assert.isAbove(beats, 5)
      assert.strictEqual((yield* server.requests).length, 1)
    })
  )

  it.scopedLive("loses no event, wherever it is interrupted, in a stream of events that drops twice", () =>
    Effect.gen(function* () {
      const answer = Wire.answer("anthropic-messages", { text })
      const paced = Reply.stream(answer, { every: 7 })
      const server = yield* FaultServer.make(({ index }) =>
        index <= 2 ? Reply.cut(paced, { afterEvents: 8 * index }, "rst") : paced
      )
      const service = yield* provider(server.url)
      const { beats, seen } = yield* pulled(service.stream(request), 5)
      assert.isAbove(beats, 20)
      assert.strictEqual(ModelEvent.fold(seen).text, text.join(""))
      assert.strictEqual(seen.filter(({ _tag }) => _tag === "Superseded").length, 2)
      assert.strictEqual(seen.filter(({ _tag }) => _tag === "Finish").length, 1)
      assert.strictEqual((yield* server.requests).length, 3)
    })
  )

  it.scoped("loses no event that comes in the same moment as the timeout", () =>
    Effect.gen(function* () {
      const events = Wire.answer("anthropic-messages", { text })
      for (const timeout of [10, 20, 30]) {
        const { asked, provider } = yield* Memory.make("anthropic-messages", () => ({ events, everyMillis: timeout }))
        const fiber = yield* Effect.fork(pulled(provider.streamText(request), timeout))
        while ((yield* Fiber.status(fiber))._tag !== "Done") {
          yield* TestClock.adjust(timeout)
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        }
        const { seen } = yield* Fiber.join(fiber)
        assert.strictEqual(seen.join(""), text.join(""))
        assert.strictEqual(asked.length, 1)
      }
    })
  )

  it.scopedLive("leaves no watchdog counting: a busy consumer is no stall", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(() =>
        Reply.hold(Reply.stream(Wire.answer("anthropic-messages", { text })), { afterEvents: 6 }, 900)
      )
      const service = yield* provider(server.url)
      // Each pull waits for 50 ms, and then the consumer is busy for as long as the deadline.
      const { seen } = yield* pulled(
        service.streamText(request, {
          deadlines: { idle: "400 millis", firstEvent: "400 millis", stuck: "400 millis" }
        }),
        50,
        Effect.sleep("300 millis")
      )
      assert.strictEqual(seen.join(""), text.join(""))
      assert.strictEqual((yield* server.requests).length, 1)
    })
  )

  it.scopedLive("goes on with a recovery that it began: one renewal, one back-off, one request", () =>
    Effect.gen(function* () {
      const answer = Wire.answer("anthropic-messages", { text })
      const server = yield* FaultServer.make(({ index }) =>
        index === 1 ? Reply.cut(Reply.stream(answer), { afterEvents: 4 }, "rst") : Reply.stream(answer)
      )
      const service = yield* provider(server.url)
      const stream = service.stream(request, { retry: Schedule.intersect(Schedule.spaced(300), Schedule.recurs(1)) })
      const { beats, seen } = yield* pulled(stream, 20)
      assert.isAbove(beats, 5)
      assert.strictEqual(ModelEvent.fold(seen).text, text.join(""))
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )

  it.scopedLive("tells its error to the next pull", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.hold(Reply.status(400), { afterEvents: 0 }, 100)])
      const service = yield* provider(server.url)
      const error = yield* Effect.flip(pulled(service.streamText(request), 15))
      assert.strictEqual(error._tag, "InvalidRequest")
    })
  )

  it.scopedLive(
    "of two hundred streams at once sends two hundred requests",
    () =>
      Effect.gen(function* () {
        const streams = 200
        const server = yield* FaultServer.make(() =>
          Reply.hold(Reply.stream(Wire.answer("anthropic-messages", { text: "Because." })), { afterEvents: 0 }, 300)
        )
        const service = yield* provider(server.url)
        const one = Effect.scoped(pulled(service.streamText(request), 20))
        const all = yield* Effect.all(
          Array.from({ length: streams }, () => one),
          { concurrency: "unbounded" }
        )
        assert.isTrue(all.every(({ seen }) => seen.join("") === "Because."))
        assert.strictEqual((yield* server.requests).length, streams)
      }),
    // Each timeout costs two fibers, and a machine may be busy.
    60_000
  )
})

describe("an answer that nobody may interrupt", () => {
  it.scopedLive("waits for usage for about a second, and not for the idle deadline", () =>
    Effect.gen(function* () {
      const events = Wire.answer("chat-completions", { text: "Because." })
      const proof = events.findIndex((event) => event.includes('"finish_reason":"stop"'))
      const server = yield* FaultServer.make([Reply.cut(Reply.stream(events), { afterEvents: proof + 1 }, "stall")])
      const service = yield* Provider.make(
        Vendors.custom({ id: "vendor", protocol: "chat-completions", baseUrl: `${server.url}/v1` }),
        { apiKey: Redacted.make("test-key") }
      )
      const [taken, response] = yield* Effect.timed(Effect.uninterruptible(service.generate(request)))
      assert.strictEqual(response.text, "Because.")
      assert.isBelow(Number(taken.value._tag === "Millis" ? taken.value.millis : 0), 3_000)
    })
  )
})
