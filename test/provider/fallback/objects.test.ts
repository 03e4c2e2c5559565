/**
 * Objects and lists over a plan whose providers are asked for them in different ways: cut at every event.
 */
import { assert, describe } from "@effect/vitest"
import { Chunk, Effect, Schema, Stream } from "effect"
import { Fallback, type Protocol, Provider, ProviderError } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { down, quietly, usage, vendor } from "../../support/provider/fallback.js"

const Trip = Schema.Struct({ city: Schema.String, days: Schema.Number, pack: Schema.Array(Schema.String) })
const trip = { city: "Oslo", days: 3, pack: ["coat", "boots"] }
const cities = ["Oslo", "Bergen", "Tromsø", "Bodø"]
const request = { model: "m", prompt: "Where?" }

type Way = "native" | "tool" | "prompt"

/** Where an object is written, in each way. */
const written = (protocol: Protocol.ProtocolId, way: Way, value: unknown) =>
  Wire.answer(protocol, {
    ...(way === "tool"
      ? { toolCalls: [{ id: "call_1", name: "answer", arguments: value }] }
      : { text: JSON.stringify(value).match(/.{1,12}/g) ?? [] }),
    usage
  })

const plans = [
  ["anthropic-messages", "tool", "chat-completions", "native"],
  ["chat-completions", "native", "responses", "tool"],
  ["responses", "prompt", "anthropic-messages", "tool"],
  ["chat-completions", "tool", "anthropic-messages", "prompt"]
] as const

const two = (
  plan: (typeof plans)[number],
  first: unknown,
  after: number,
  second: unknown,
  options?: { readonly isSecondDown?: boolean }
) =>
  Effect.gen(function* () {
    const [from, way, to, other] = plan
    const events = written(from, way, first)
    const a = yield* FaultServer.make([Reply.cut(Reply.stream(events), { afterEvents: after }, "rst")])
    const b = yield* FaultServer.make([options?.isSecondDown ? down(to) : Reply.stream(written(to, other, second))])
    const service = yield* Fallback.make([
      { provider: yield* vendor(a, from, { id: "first", structuredOutput: way }) },
      { provider: yield* vendor(b, to, { id: "second", structuredOutput: other }) }
    ])
    return { service, a, b }
  })

for (const plan of plans) {
  const [from, way, to, other] = plan
  describe(`objects over ${from} (${way}) and then ${to} (${other})`, () => {
    const { length } = written(from, way, trip)
    const listLength = written(from, way, { value: cities }).length

    quietly("come whole, whatever event the first provider breaks at", () =>
      Effect.gen(function* () {
        for (let after = 0; after < length; after++) {
          const { service } = yield* two(plan, trip, after, trip)
          const { response, value } = yield* service.generateObject(request, { schema: Trip })
          assert.deepStrictEqual(value, trip)
          const providers = response.attempts.map(({ provider }) => provider)
          assert.deepStrictEqual(providers, providers.length === 1 ? ["first"] : ["first", "second"])
        }
      })
    )

    quietly("are streamed whole, and what was shown of the first one is void", () =>
      Effect.gen(function* () {
        const another = { ...trip, city: "Bergen" }
        for (let after = 0; after < length; after++) {
          const { service } = yield* two(plan, trip, after, another)
          const events = Chunk.toReadonlyArray(
            yield* Stream.runCollect(service.streamObject(request, { schema: Trip }))
          )
          const done = events.at(-1)
          assert(done?._tag === "ObjectDone")
          const isFirst = done.response.attempts.length === 1
          assert.deepStrictEqual(done.value, isFirst ? trip : another)
          let shown = false
          for (const event of events) {
            if (event._tag === "ObjectRestarted") shown = false
            if (event._tag !== "ObjectPartial") continue
            // Of two answers no part is shown as one.
            if (event.value.city === another.city) assert.isFalse(shown && event.value.city === trip.city)
            shown = true
          }
          const restarts = events.filter(({ _tag }) => _tag === "ObjectRestarted").length
          const at = events.findIndex(({ _tag }) => _tag === "ObjectRestarted")
          if (restarts > 0) assert.strictEqual(events[at - 1]?._tag, "ObjectPartial")
          assert.isAtMost(restarts, 1)
        }
      })
    )

    quietly("are not begun anew with fail, once something was shown", () =>
      Effect.gen(function* () {
        for (let after = 0; after < length; after++) {
          const { b, service } = yield* two(plan, trip, after, trip)
          let shown = 0
          const result = yield* service.streamObject(request, { schema: Trip }, { delivery: "fail" }).pipe(
            Stream.runForEach(() => Effect.sync(() => void shown++)),
            Effect.either
          )
          if (result._tag === "Left") assert.strictEqual((yield* b.requests).length, 0)
          else assert.isAbove(shown, 0)
        }
      })
    )

    quietly("of a list come once each, where the second provider writes the same ones", () =>
      Effect.gen(function* () {
        for (let after = 0; after < listLength; after++) {
          const { service } = yield* two(plan, { value: cities }, after, { value: cities })
          const elements = yield* Stream.runCollect(service.streamElements(request, { element: Schema.String }))
          assert.deepStrictEqual(Chunk.toReadonlyArray(elements), cities)
        }
      })
    )

    quietly("of a list end with `changed` where it writes others after some were given", () =>
      Effect.gen(function* () {
        const others = ["Stockholm", ...cities]
        for (let after = 0; after < listLength; after++) {
          const { service } = yield* two(plan, { value: cities }, after, { value: others })
          const given: Array<string> = []
          const result = yield* service.streamElements(request, { element: Schema.String }).pipe(
            Stream.runForEach((city) => Effect.sync(() => void given.push(city))),
            Effect.either
          )
          if (result._tag === "Right") {
            assert.deepStrictEqual(given, given[0] === "Oslo" ? cities : others)
            continue
          }
          assert(result.left._tag === "InvalidOutput")
          assert.strictEqual(result.left.reason, "changed")
          assert.isNotEmpty(given)
          assert.deepStrictEqual(given, cities.slice(0, given.length))
        }
      })
    )
  })
}

describe("a list over a provider that a program made by hand", () => {
  quietly("is given up after the first element, since nobody can compare", () =>
    Effect.gen(function* () {
      const first = Provider.fromStream({ id: "first", stream: () => Stream.fail(new ProviderError.ServerError()) })
      let asked = 0
      const second: Provider.Service = {
        ...first,
        streamElements: (...args) => {
          asked++
          return first.streamElements(...args)
        }
      }
      const giving: Provider.Service = {
        ...first,
        streamElements: <A, I, R>(_: Provider.ObjectRequest, { element }: Provider.ElementOptions<A, I, R>) =>
          Stream.concat(
            Stream.orDie(Stream.fromEffect(Schema.decodeUnknown(element)("Oslo"))),
            Stream.fail(new ProviderError.StreamDropped())
          )
      }
      const service = yield* Fallback.make([{ provider: giving }, { provider: second }])
      const given: Array<string> = []
      const error = yield* service.streamElements(request, { element: Schema.String }).pipe(
        Stream.runForEach((city) => Effect.sync(() => void given.push(city))),
        Effect.flip
      )
      assert.deepStrictEqual([error._tag, given, asked], ["StreamDropped", ["Oslo"], 0])
    })
  )
})
