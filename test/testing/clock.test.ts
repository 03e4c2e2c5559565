/**
 * The kit under `it.effect` and `it.scoped`, whose clock stands still: nothing waits for it but what a test asks to wait.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Redacted, Stream, TestClock } from "effect"
import { type Protocol, Provider, StreamRetry, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"

const text = "Because air scatters blue light most."
const request = { model: "any", prompt: "Why is the sky blue?" }

const tagsOf = ({
  attempts
}: {
  readonly attempts: ReadonlyArray<{ readonly error?: { readonly tag: string } | undefined }>
}) => attempts.map(({ error }) => error?.tag)

describe("a scripted provider", () => {
  for (const [what, turn, tag] of [
    ["a reset", ScriptedProvider.drop({ text }, { afterEvents: 4 }), "StreamDropped"],
    ["a clean end", ScriptedProvider.drop({ text }, { afterEvents: 4, how: "end" }), "StreamTruncated"],
    ["an overload", ScriptedProvider.status(529), "Overloaded"]
  ] as const) {
    it.effect(`asks again at once after ${what}, and three times at most`, () =>
      Effect.gen(function* () {
        const once = yield* ScriptedProvider.make([turn, ScriptedProvider.answer({ text })])
        assert.deepStrictEqual(tagsOf(yield* once.provider.generate(request)), [tag, undefined])
        const always = yield* ScriptedProvider.make([turn])
        assert.deepStrictEqual(tagsOf(yield* Effect.flip(always.provider.generate(request))), [tag, tag, tag])
      }).pipe(Effect.scoped)
    )
  }

  it.scoped("waits where its script or its options say so", () =>
    Effect.gen(function* () {
      const drop = ScriptedProvider.drop({ text }, { afterEvents: 4 })
      const limited = yield* ScriptedProvider.make([
        ScriptedProvider.status(429, { retryAfterSeconds: 5 }),
        ScriptedProvider.answer({ text })
      ])
      const patient = yield* ScriptedProvider.make([drop, ScriptedProvider.answer({ text })], {
        retry: StreamRetry.standard({ base: "5 seconds" })
      })
      for (const { provider } of [limited, patient]) {
        const fiber = yield* Effect.fork(provider.generate(request))
        yield* TestClock.adjust("3 seconds")
        assert.isNull(fiber.unsafePoll())
        yield* TestClock.adjust("3 seconds")
        assert.strictEqual((yield* Fiber.join(fiber)).text, text)
      }
    })
  )
})

const providerOf = (
  protocol: Protocol.ProtocolId,
  server: FaultServer.Service,
  options: Pick<Provider.Options, "deadlines"> = {}
) =>
  Provider.make(
    Vendors.custom({
      id: "vendor",
      protocol,
      baseUrl: protocol === "anthropic-messages" ? server.url : `${server.url}/v1`
    }),
    { apiKey: Redacted.make("any-key"), retry: StreamRetry.standard({ base: 0 }), ...options }
  )

describe("a fault server", () => {
  for (const protocol of ["anthropic-messages", "chat-completions", "responses"] as const) {
    const answer = Reply.stream(Wire.answer(protocol, { text }))

    for (const [how, tag] of [
      ["rst", "StreamDropped"],
      ["clean", "StreamTruncated"]
    ] as const) {
      it.scoped(`answers over ${protocol} without a clock, also after ${how}`, () =>
        Effect.gen(function* () {
          const server = yield* FaultServer.make([Reply.cut(answer, { afterEvents: 4 }, how), answer])
          const provider = yield* providerOf(protocol, server)
          assert.deepStrictEqual(tagsOf(yield* provider.generate(request)), [tag, undefined])
        })
      )
    }

    it.scoped(`writes over ${protocol} at the pace of the test's clock`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.stream(Wire.answer(protocol, { text }), { every: "1 second" })])
        const provider = yield* providerOf(protocol, server)
        const fiber = yield* Effect.fork(provider.generate(request))
        yield* server.awaitStats(({ requests }) => requests === 1)
        assert.isNull(fiber.unsafePoll())
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Fiber.join(fiber)).text, text)
      })
    )

    it.scoped(`is given up over ${protocol} by deadlines of the test's clock`, () =>
      Effect.gen(function* () {
        const events = Wire.answer(protocol, { text: ["Because ", "air scatters blue light most."] })
        const first = events.findIndex((event) => event.includes('"Because "'))
        const server = yield* FaultServer.make([
          Reply.stallBeforeHead,
          Reply.cut(Reply.stream(events), { afterEvents: first + 1 }, "stall"),
          Reply.stream(events)
        ])
        const provider = yield* providerOf(protocol, server, {
          deadlines: { firstEvent: "1 minute", idle: "1 minute" }
        })
        // What the server sent has arrived: from then on the deadline counts.
        const arrived = yield* Deferred.make<void>()
        const fiber = yield* provider.stream(request).pipe(
          Stream.tap(({ _tag }) => (_tag === "TextDelta" ? Deferred.succeed(arrived, undefined) : Effect.void)),
          Stream.runLast,
          Effect.fork
        )
        yield* server.awaitStats(({ requests }) => requests === 1)
        yield* TestClock.adjust("1 minute")
        yield* Deferred.await(arrived)
        yield* TestClock.adjust("1 minute")
        const last = yield* Effect.flatten(Fiber.join(fiber))
        assert(last._tag === "Finish")
        assert.deepStrictEqual(tagsOf(last.response), ["StreamStalled", "StreamStalled", undefined])
      })
    )
  }

  it.scoped("that keeps usage back has it waited for by a second of the test's clock", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const events = Wire.answer("chat-completions", { text })
      // The last two are the usage and the end marker.
      const cut = Reply.cut(Reply.stream(events), { afterEvents: events.length - 2, wait: gate }, "stall")
      const server = yield* FaultServer.make([cut])
      const provider = yield* providerOf("chat-completions", server)
      const fiber = yield* Effect.fork(provider.generate(request))
      yield* gate.reached
      // Nothing shows when the client has read the end, and its second begins then.
      yield* Effect.repeat(TestClock.adjust("1 second"), { until: () => fiber.unsafePoll() !== null })
      assert.strictEqual((yield* Fiber.join(fiber)).text, text)
    })
  )
})
