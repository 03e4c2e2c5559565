/**
 * The events of the wire beside those that they mean: whole, in order, and without any effect on the answer.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Redacted, Schedule, Stream } from "effect"
import type { ModelEvent, Protocol } from "effect-redial"
import { Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { protocols } from "../support/protocols.js"
import { request } from "../support/request.js"

const text = ["The sky ", "is blue.\n\n", "Really."]

const provider = (url: string, protocol: Protocol.ProtocolId) =>
  Provider.make(
    Vendors.custom({ id: "vendor", protocol, baseUrl: protocol === "anthropic-messages" ? url : `${url}/v1` }),
    { apiKey: Redacted.make("test-key"), retry: Schedule.recurs(2) }
  )

const collect = (service: Provider.Service, options: Provider.StreamOptions) =>
  Effect.map(Stream.runCollect(service.stream(request, options)), Chunk.toReadonlyArray)

const isRaw = (event: ModelEvent.ModelEvent): event is ModelEvent.Raw => event._tag === "Raw"

/** A proxy: it writes what it was given. */
const written = (events: ReadonlyArray<ModelEvent.ModelEvent>): string =>
  events
    .filter(isRaw)
    .map(({ data, event }) => `${event === undefined ? "" : `event: ${event}\n`}data: ${data}\n\n`)
    .join("")

const withoutTimes = (events: ReadonlyArray<ModelEvent.ModelEvent>): unknown =>
  JSON.parse(
    JSON.stringify(
      events.filter((event) => !isRaw(event)),
      (key, value) => (/At$|generation/.test(key) ? 0 : value)
    )
  )

describe("raw events", () => {
  for (const protocol of protocols) {
    const wire = Wire.answer(protocol, { reasoning: "Hm.", text })
    const unknown = 'event: brand_new\ndata: {"type":"brand_new","of":["next year"]}\n\n'
    const all = protocol === "chat-completions" ? wire : [...wire.slice(0, 2), unknown, ...wire.slice(2)]

    it.scopedLive(`are all of the wire, and change nothing else: ${protocol}`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make(() => Reply.stream(all))
        const service = yield* provider(server.url, protocol)
        const seen = yield* collect(service, { raw: true })
        assert.strictEqual(written(seen), all.join(""))
        assert.deepStrictEqual(withoutTimes(seen), withoutTimes(yield* collect(service, {})))
        // Each stands before what it means.
        const started = seen.findIndex(({ _tag }) => _tag === "ResponseStart")
        assert(started > 0 && seen[started - 1]?._tag === "Raw")
        assert.strictEqual(seen.at(-1)?._tag, "Finish")
      })
    )

    it.scopedLive(`of a drop and of what follows it say which attempt they are of: ${protocol}`, () =>
      Effect.gen(function* () {
        const cut = Reply.cut(Reply.stream(wire), { afterEvents: 4 }, "rst")
        const server = yield* FaultServer.make([cut, Reply.stream(wire)])
        const seen = yield* collect(yield* provider(server.url, protocol), { raw: true })
        const of = (attempt: number) => written(seen.filter((event) => isRaw(event) && event.attempt === attempt))
        assert.deepStrictEqual([of(1), of(2)], [wire.slice(0, 4).join(""), wire.join("")])
        const last = seen.at(-1)
        assert(last?._tag === "Finish" && last.response.text === text.join("") && last.response.attempts.length === 2)
      })
    )
  }

  it.scopedLive("that follow the proof do not make a stream wait for ever", () =>
    Effect.gen(function* () {
      const wire = Wire.answer("chat-completions", { text })
      const proof = wire.findIndex((event) => event.includes('finish_reason":"stop'))
      const alive = Array.from({ length: 200 }, () => "data: {}\n\n")
      const server = yield* FaultServer.make([
        Reply.stream([...wire.slice(0, proof + 1), ...alive], { every: "20 millis" })
      ])
      const seen = yield* collect(yield* provider(server.url, "chat-completions"), { raw: true })
      assert.strictEqual(seen.at(-1)?._tag, "Finish")
      // Usage is waited for one second, and the server goes on for four.
      assert.isBelow(seen.filter(isRaw).length, 150)
    })
  )

  it.scopedLive("take nothing from an answer that goes on by asking, whoever pulls and however often", () =>
    Effect.gen(function* () {
      const words = ["The sky is blue because air scatters ", "short waves of light more than long ones", ", all day."]
      const all = words.join("")
      const wire = Wire.answer("anthropic-messages", { text: words })
      const server = yield* FaultServer.make(({ index, json }) => {
        if (index === 1) return Reply.cut(Reply.stream(wire), { afterEvents: 4 }, "rst")
        const ask = Wire.asked(json)
        if (ask === undefined) return Reply.status(500)
        const rest = all.slice(all.indexOf(ask.anchor) + ask.anchor.length)
        const answer = Wire.answer("anthropic-messages", { text: Wire.resumed(ask, rest) })
        return Reply.stream(answer, { every: "15 millis" })
      })
      const service = yield* provider(server.url, "anthropic-messages")
      const pull = yield* Stream.toPull(service.stream(request, { raw: true, delivery: "resume" }))
      const seen: Array<ModelEvent.ModelEvent> = []
      const next: Effect.Effect<void, unknown> = Effect.flatMap(Effect.timeoutOption(pull, "4 millis"), (chunk) => {
        if (chunk._tag === "Some") seen.push(...chunk.value)
        return seen.at(-1)?._tag === "Finish" ? Effect.void : next
      })
      yield* next
      const last = seen.at(-1)
      assert(last?._tag === "Finish")
      const shown = seen.map((event) => (event._tag === "TextDelta" ? event.text : "")).join("")
      assert.deepStrictEqual([shown, last.response.text], [all, all])
      assert.deepStrictEqual(
        last.response.seams.map(({ route }) => route),
        ["ask"]
      )
      const of = (attempt: number) => seen.filter((event) => isRaw(event) && event.attempt === attempt).length
      assert.deepStrictEqual([of(1), of(2) > 4, (yield* server.requests).length], [4, true, 2])
    })
  )

  it.scopedLive("are refused where everything is held back", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(() => Reply.status(500))
      const service = yield* provider(server.url, "anthropic-messages")
      const error = yield* Effect.flip(collect(service, { raw: true, delivery: "hold" }))
      assert(error._tag === "InvalidRequest" && error.field === "raw")
      assert.strictEqual((yield* server.requests).length, 0)
    })
  )
})
