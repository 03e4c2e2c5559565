/**
 * Providers with a circuit breaker over real sockets: a vendor that dies and comes back, one that is overloaded, one that
 * accepts and stalls, one that refuses a key, and a proxy that cuts all streams at once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Redacted, Schedule, Stream } from "effect"
import { CircuitBreaker, Credentials, type Deadlines, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { cutTogether } from "../support/traffic/cutTogether.js"
import { tagOf } from "../support/traffic/tagOf.js"

const protocol = "anthropic-messages" as const
const request = { model: "m", prompt: "Why is the sky blue?" }
const text = "Because air scatters blue light most."
const answer = Reply.stream(Wire.answer(protocol, { text }))
const overloaded = Reply.status(529, { body: Wire.errorBody(protocol) })
const apiKey = Redacted.make("key")

const provider = (
  url: string,
  breaker: CircuitBreaker.CircuitBreaker,
  options: { readonly apiKey?: Credentials.Credentials; readonly deadlines?: Deadlines.Options } = {}
) =>
  Provider.make(Vendors.custom({ id: "vendor", protocol, baseUrl: url }), {
    apiKey,
    retry: Schedule.recurs(2),
    admission: Effect.succeed(breaker),
    ...options
  })

describe("a provider with a circuit breaker", () => {
  it("takes one that is made with its layer", () => {
    const live = Provider.layer(Vendors.minimax, { apiKey, admission: CircuitBreaker.make() })
    assert.isTrue(Layer.isLayer(live))
  })

  it.scopedLive("sends no more than opens it to a vendor that died, and is back within one probe interval", () =>
    Effect.gen(function* () {
      let isDead = true
      const server = yield* FaultServer.make(() => (isDead ? Reply.closeBeforeHead("rst") : answer))
      const breaker = yield* CircuitBreaker.make({ openFor: "400 millis" })
      let openings = 0
      const count = Stream.runForEach(breaker.changes, ({ _tag }) =>
        Effect.sync(() => void (_tag === "Open" && openings++))
      )
      yield* Effect.forkScoped(count)
      const service = yield* provider(server.url, breaker)
      const ask = Effect.flip(service.generate(request))
      const errors = yield* Effect.all(Effect.replicate(ask, 200), { concurrency: 4 })
      assert.isTrue(errors.every(({ _tag }) => _tag === "CircuitOpen"))
      // Three more were on their way when it opened, and each later opening is due to one probe.
      const { requests } = yield* server.stats
      assert.isAtLeast(requests, 5)
      assert.isAtMost(requests, 5 + 3 + openings - 1)

      isDead = false
      const state = yield* breaker.state
      assert(state._tag === "Open")
      yield* Effect.sleep(Math.max(0, state.probeAt - (yield* Clock.currentTimeMillis)))
      assert.strictEqual((yield* service.generate(request)).text, text)
      assert.strictEqual(yield* tagOf(breaker), "Closed")
      assert.strictEqual((yield* server.stats).requests, requests + 1)
    })
  )

  it.scopedLive("opens where nobody listens at all", () =>
    Effect.gen(function* () {
      const { url } = yield* Effect.scoped(FaultServer.make([answer]))
      const breaker = yield* CircuitBreaker.make()
      const service = yield* provider(url, breaker)
      yield* Effect.either(service.generate(request))
      assert.strictEqual(yield* tagOf(breaker), "Closed")
      const error = yield* Effect.flip(service.generate(request))
      assert.strictEqual(error._tag, "CircuitOpen")
      assert.deepStrictEqual(
        error.attempts.map(({ error }) => error?.tag),
        ["ConnectionFailed", "ConnectionFailed", "CircuitOpen"]
      )
    })
  )

  it.scopedLive("opens for a vendor that is overloaded, and for one that accepts and stalls", () =>
    Effect.gen(function* () {
      for (const reply of [overloaded, Reply.stallBeforeHead]) {
        const server = yield* FaultServer.make([reply])
        const breaker = yield* CircuitBreaker.make({ failures: 3 })
        const service = yield* provider(server.url, breaker, { deadlines: { firstEvent: "50 millis" } })
        yield* Effect.either(service.generate(request))
        assert.strictEqual(yield* tagOf(breaker), "Open")
        const error = yield* Effect.flip(service.generate(request))
        assert.strictEqual(error._tag, "CircuitOpen")
        // A deadline that passes while the SDK is loaded sends nothing.
        assert.isAtMost((yield* server.stats).requests, 3)
      }
    })
  )

  it.scopedLive("opens for a vendor that answers 529 to most requests", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ index }) => (index % 5 < 3 ? overloaded : answer))
      const breaker = yield* CircuitBreaker.make()
      const service = yield* provider(server.url, breaker)
      yield* Effect.forEach(Array.from({ length: 60 }), () => Effect.either(service.generate(request)))
      assert.strictEqual(yield* tagOf(breaker), "Open")
      assert.strictEqual((yield* server.stats).requests, 20)
    })
  )

  it.scopedLive("stays closed where one of three keys is refused", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ headers }) =>
        headers["x-api-key"] === "bad" ? Reply.status(401, { body: Wire.errorBody(protocol) }) : answer
      )
      const breaker = yield* CircuitBreaker.make({ failures: 1, share: 0.01, atLeast: 1 })
      const keys = yield* Credentials.make([
        Credentials.fromKey(Redacted.make("bad")),
        Credentials.fromKey(Redacted.make("good")),
        Credentials.fromKey(Redacted.make("fine"))
      ])
      const service = yield* provider(server.url, breaker, { apiKey: keys })
      const responses = yield* Effect.forEach(Array.from({ length: 20 }), () => service.generate(request))
      assert.isTrue(responses.every((response) => response.text === text))
      assert.isTrue((yield* server.requests).some(({ headers }) => headers["x-api-key"] === "bad"))
      assert.strictEqual(yield* tagOf(breaker), "Closed")
    })
  )

  it.scopedLive("stays closed where a proxy cuts a hundred streams at once, and all of them go on", () =>
    Effect.gen(function* () {
      const { gate, server } = yield* cutTogether(text)
      const breaker = yield* CircuitBreaker.make()
      const service = yield* provider(server.url, breaker)
      const reading = Effect.forEach(Array.from({ length: 100 }), () => Stream.mkString(service.streamText(request)), {
        concurrency: "unbounded"
      })
      const fiber = yield* Effect.fork(reading)
      yield* server.awaitStats(({ requests }) => requests === 100)
      yield* gate.open
      assert.deepStrictEqual(new Set(yield* fiber), new Set([text]))
      assert.strictEqual(yield* tagOf(breaker), "Closed")
      assert.strictEqual((yield* server.stats).requests, 200)
    })
  )
})
