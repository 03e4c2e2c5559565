/**
 * Objects while they are written, over real sockets: a drop at every event, in every protocol and way; corrections; and
 * lists of which no element comes twice.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Either, Schedule, Schema, type Scope, Stream } from "effect"
import { type InvalidOptions, InvalidOutput, Provider, Router, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { apiKey } from "../support/request.js"

const retry = Schedule.recurs(3)
const request = { model: "test-model", prompt: "Which is the northernmost capital?" }

const City = Schema.Struct({
  name: Schema.String,
  since: Schema.DateFromString,
  sizes: Schema.Array(Schema.Struct({ year: Schema.Int, people: Schema.Number }))
})
const city = {
  name: "Reykjavík 😀 \n",
  since: "1786-08-18T00:00:00.000Z",
  sizes: [
    { year: 1801, people: 307 },
    { year: 2020, people: 133_262 }
  ]
}
const decoded = { ...city, since: new Date(city.since) }

interface Way {
  readonly name: string
  readonly protocol: "anthropic-messages" | "chat-completions" | "responses"
  readonly structuredOutput: "native" | "tool" | "prompt"
  readonly answer: (json: string) => Wire.Answer
}

const pieces = (text: string) => text.match(/[\s\S]{1,7}/g) ?? []
const asText = (json: string): Wire.Answer => ({ text: pieces(json) })
const asCall = (json: string): Wire.Answer => ({ toolCalls: [{ id: "call_1", name: "answer", pieces: pieces(json) }] })
const asProse = (json: string): Wire.Answer => ({ text: pieces(`Here it is:\n\`\`\`json\n${json}\n\`\`\`\nDone.`) })

const ways = (["anthropic-messages", "chat-completions", "responses"] as const).flatMap(
  (protocol): ReadonlyArray<Way> => [
    { name: `natively over ${protocol}`, protocol, structuredOutput: "native", answer: asText },
    { name: `by a tool over ${protocol}`, protocol, structuredOutput: "tool", answer: asCall },
    { name: `in words over ${protocol}`, protocol, structuredOutput: "prompt", answer: asProse }
  ]
)

const make = (
  { protocol, structuredOutput }: Way,
  url: string
): Effect.Effect<Provider.Service, InvalidOptions.InvalidOptions, Scope.Scope> =>
  protocol === "anthropic-messages"
    ? Provider.make(Vendors.anthropic, { apiKey, baseUrl: url, retry, structuredOutput })
    : Provider.make(Vendors.openai, { apiKey, baseUrl: `${url}/v1`, protocol, retry, structuredOutput })

const collect = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

type Event = Provider.ObjectEvent<typeof City.Type, typeof City.Encoded>

/** The partials since the last restart become the object, each of them a beginning of the next. */
const assertGrows = (events: ReadonlyArray<Event>) => {
  const from = events.findLastIndex(({ _tag }) => _tag === "ObjectRestarted") + 1
  const shown = events.slice(from).flatMap((event) => (event._tag === "ObjectPartial" ? [event.value] : []))
  assert(shown.length > 3, "little was shown")
  for (const { name = "", since = "", sizes = [] } of shown) {
    assert(city.name.startsWith(name) && city.since.startsWith(since))
    for (const [at, size] of sizes.entries()) assert.deepStrictEqual({ ...city.sizes[at], ...size }, city.sizes[at])
  }
  assert.deepStrictEqual<unknown>(shown.at(-1), city)
}

for (const way of ways) {
  const events = Wire.answer(way.protocol, way.answer(JSON.stringify(city)))
  describe(`streamObject ${way.name}`, () => {
    it.scopedLive("shows the object while it is written, and gives it at the end", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.stream(events)])
        const provider = yield* make(way, server.url)
        const seen = yield* collect(provider.streamObject(request, { schema: City }))
        assertGrows(seen)
        const last = seen.at(-1)
        assert(last?._tag === "ObjectDone")
        assert.deepStrictEqual(last.value, decoded)
        assert.deepStrictEqual([last.repairs, last.response.attempts.length], [[], 1])
        assert(!seen.some(({ _tag }) => _tag === "ObjectRestarted"))
      })
    )

    for (const delivery of ["restart", "hold"] as const) {
      it.scopedLive(`comes whole after a drop at any event, with ${delivery}`, () =>
        Effect.gen(function* () {
          let afterEvents = 0
          let attempt = 0
          const server = yield* FaultServer.make(() =>
            attempt++ === 0 ? Reply.cut(Reply.stream(events), { afterEvents }, "rst") : Reply.stream(events)
          )
          const provider = yield* make(way, server.url)
          let restarts = 0
          for (; afterEvents < events.length; afterEvents++) {
            attempt = 0
            const seen = yield* collect(provider.streamObject(request, { schema: City }, { delivery }))
            const last = seen.at(-1)
            assert(last?._tag === "ObjectDone")
            assert.deepStrictEqual(last.value, decoded)
            const at = seen.findIndex(({ _tag }) => _tag === "ObjectRestarted")
            if (at >= 0) {
              restarts += 1
              // It is said only where there is something to take back, and once.
              assert.strictEqual(seen[at - 1]?._tag, "ObjectPartial")
              assert.strictEqual(seen.filter(({ _tag }) => _tag === "ObjectRestarted").length, 1)
            }
            if (delivery === "restart") assertGrows(seen)
          }
          assert(delivery === "hold" ? restarts === 0 : restarts > 5, `${restarts} restarts`)
        })
      )
    }
  })

  const list = [{ n: 1 }, { n: 22 }, { n: 333 }, { n: 4 }]
  const N = Schema.Struct({ n: Schema.NumberFromString.pipe(Schema.compose(Schema.Number)) })
  const written = (of: ReadonlyArray<{ readonly n: number }>) => ({ value: of.map(({ n }) => ({ n: String(n) })) })
  const answer = (of: ReadonlyArray<{ readonly n: number }>) =>
    Wire.answer(way.protocol, way.answer(JSON.stringify(written(of))))

  describe(`streamElements ${way.name}`, () => {
    it.scopedLive("gives each element once, whatever event the stream drops at", () =>
      Effect.gen(function* () {
        const whole = answer(list)
        let afterEvents = 0
        let attempt = 0
        const server = yield* FaultServer.make(() =>
          attempt++ === 0 ? Reply.cut(Reply.stream(whole), { afterEvents }, "rst") : Reply.stream(whole)
        )
        const provider = yield* make(way, server.url)
        for (; afterEvents < whole.length; afterEvents++) {
          attempt = 0
          assert.deepStrictEqual(yield* collect(provider.streamElements(request, { element: N })), list)
        }
      })
    )

    it.scopedLive("gives nothing of another list after elements of the first", () =>
      Effect.gen(function* () {
        const first = answer(list)
        const other = answer([{ n: 1 }, { n: 7 }, { n: 8 }])
        let afterEvents = 0
        let attempt = 0
        let changed = 0
        const server = yield* FaultServer.make(() =>
          attempt++ === 0 ? Reply.cut(Reply.stream(first), { afterEvents }, "rst") : Reply.stream(other)
        )
        const provider = yield* make(way, server.url)
        for (; afterEvents < first.length; afterEvents++) {
          attempt = 0
          const seen: Array<unknown> = []
          const ended = yield* provider.streamElements(request, { element: N }).pipe(
            Stream.runForEach((one) => Effect.sync(() => seen.push(one))),
            Effect.either
          )
          if (Either.isRight(ended)) {
            assert(attempt === 1 || seen.length === 3)
            continue
          }
          assert(ended.left instanceof InvalidOutput.InvalidOutput && ended.left.reason === "changed")
          changed += 1
          assert.deepStrictEqual(seen, list.slice(0, seen.length))
        }
        assert(changed > 3, `${changed} were noticed`)
      })
    )
  })
}

const scripted = (answers: readonly [Wire.Answer, ...Array<Wire.Answer>], structuredOutput: "native" | "tool") => {
  const [first, ...others] = answers
  return ScriptedProvider.make([ScriptedProvider.answer(first), ...others.map(ScriptedProvider.answer)], {
    structuredOutput
  })
}

const wrong = JSON.stringify({ ...city, sizes: "many" })

describe("repair", () => {
  for (const [structuredOutput, written] of [
    ["native", asText],
    ["tool", asCall]
  ] as const) {
    it.scopedLive(`shows the model what is wrong, and takes its next answer (${structuredOutput})`, () =>
      Effect.gen(function* () {
        const answers = [written(wrong), written(JSON.stringify(city))] as const
        const { provider, requests } = yield* scripted([...answers], structuredOutput)
        const { repairs, response, value } = yield* provider.generateObject(request, { schema: City, repair: 2 })
        assert.deepStrictEqual(value, decoded)
        assert.deepStrictEqual(
          repairs.map(({ reason }) => reason),
          ["schema"]
        )
        assert.notStrictEqual(repairs[0]?.response, response)
        const [, again] = yield* requests
        assert.deepStrictEqual(
          again?.prompt.map(({ role }) => role),
          ["user", "assistant", structuredOutput === "tool" ? "tool" : "user"]
        )
        assert.include(JSON.stringify(again?.prompt.at(-1)), `[\\"sizes\\"]`)
      })
    )

    it.scopedLive(`voids what was shown of the answer that did not fit (${structuredOutput})`, () =>
      Effect.gen(function* () {
        const { provider } = yield* scripted([written(wrong), written(JSON.stringify(city))], structuredOutput)
        const seen = yield* collect(provider.streamObject(request, { schema: City, repair: 1 }))
        const restarts = seen.flatMap((event) => (event._tag === "ObjectRestarted" ? [event.reason] : []))
        assert.deepStrictEqual(restarts, ["repair"])
        assertGrows(seen)
        const last = seen.at(-1)
        assert(last?._tag === "ObjectDone" && last.repairs.length === 1)
      })
    )
  }

  it.scopedLive("ends with the last error, which has the answers before it and can be stored", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* scripted([asText(wrong)], "native")
      const error = yield* Effect.flip(provider.generateObject(request, { schema: City, repair: 3 }))
      assert(error instanceof InvalidOutput.InvalidOutput)
      assert.strictEqual(error.repairs?.length, 3)
      assert.strictEqual((yield* requests).length, 4)
      const stored = JSON.parse(JSON.stringify(yield* Schema.encode(InvalidOutput.InvalidOutput)(error)))
      const again = yield* Schema.decode(InvalidOutput.InvalidOutput)(stored)
      assert.strictEqual(again.repairs?.length, 3)
    })
  )

  it.scopedLive("is not for what was refused or cut", () =>
    Effect.gen(function* () {
      for (const finish of ["refusal", "max_tokens"]) {
        const { provider, requests } = yield* scripted([{ ...asText(wrong), finish }], "native")
        yield* Effect.flip(provider.generateObject(request, { schema: City, repair: 3 }))
        assert.strictEqual((yield* requests).length, 1)
      }
    })
  )

  it.scopedLive("is a whole number", () =>
    Effect.gen(function* () {
      const { provider } = yield* scripted([asText("{}")], "native")
      for (const repair of [-1, 0.5, Number.NaN]) {
        const error = yield* Effect.flip(provider.generateObject(request, { schema: City, repair }))
        assert(error._tag === "InvalidRequest" && error.field === "repair")
      }
    })
  )
})

describe("an object", () => {
  it.scopedLive("that is no object is shown without what it was put into", () =>
    Effect.gen(function* () {
      const { provider } = yield* scripted([asText(`{"value":[1,22,333]}`)], "native")
      const seen = yield* collect(provider.streamObject(request, { schema: Schema.Array(Schema.Number) }))
      for (const event of seen) if (event._tag === "ObjectPartial") assert(Array.isArray(event.value))
      assert.deepInclude(seen.at(-1), { _tag: "ObjectDone", value: [1, 22, 333] })
    })
  )

  it.scopedLive(
    "is read where a model writes what it should have called with, and asked for in words for one call",
    () =>
      Effect.gen(function* () {
        const { provider, requests } = yield* scripted([asProse(JSON.stringify(city))], "tool")
        assert.deepStrictEqual((yield* provider.generateObject(request, { schema: City })).value, decoded)
        const asked = { ...request, system: "Be brief." }
        const object = { schema: City, structuredOutput: "prompt" } as const
        assert.deepStrictEqual((yield* provider.generateObject(asked, object)).value, decoded)
        const [, words] = yield* requests
        assert.isUndefined(words?.tools)
        assert.deepInclude(words?.system?.[0], { text: "Be brief." })
        assert.include(JSON.stringify(words?.system?.[1]), "additionalProperties")
      })
  )

  it.scopedLive("that is nested without end is an error, and no defect", () =>
    Effect.gen(function* () {
      interface Nest {
        readonly in?: Nest
      }
      const Nest = Schema.Struct({
        in: Schema.optionalWith(
          Schema.suspend((): Schema.Schema<Nest> => Nest),
          { exact: true }
        )
      }).annotations({ identifier: "Nest" })
      const deep = `${'{"in":'.repeat(50_000)}{}${"}".repeat(50_000)}`
      const { provider } = yield* scripted([{ text: deep }], "native")
      for (const asking of [
        provider.generateObject(request, { schema: Nest }),
        Stream.runDrain(provider.streamObject(request, { schema: Nest }))
      ]) {
        const error = yield* Effect.flip(asking)
        assert(error._tag === "InvalidOutput" && error.reason === "schema")
      }
    })
  )

  it.scopedLive("is streamed behind a Router and by the accessors too, each run anew", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* scripted([asText(JSON.stringify({ value: ["a", "b"] }))], "native")
      const router = Router.make({ one: provider }, Router.byModel({ "test-*": "one" }))
      const elements = Provider.streamElements(request, { element: Schema.String })
      const object = Provider.streamObject(request, { schema: Schema.Array(Schema.String) })
      const run = Effect.provideService(Provider.Provider, router)
      assert.deepStrictEqual(yield* run(collect(elements)), ["a", "b"])
      assert.deepStrictEqual(yield* run(collect(elements)), ["a", "b"])
      assert.deepInclude((yield* run(collect(object))).at(-1), { value: ["a", "b"] })
      assert.strictEqual((yield* requests).length, 3)
    })
  )

  it.scopedLive("fails as a whole where one element does not fit, after those before it", () =>
    Effect.gen(function* () {
      const { provider } = yield* scripted([asText(`{"value":[1,2,"x",4]}`)], "native")
      const seen: Array<number> = []
      const error = yield* provider.streamElements(request, { element: Schema.Number }).pipe(
        Stream.runForEach((one) => Effect.sync(() => seen.push(one))),
        Effect.flip
      )
      assert.deepStrictEqual(seen, [1, 2])
      assert(error instanceof InvalidOutput.InvalidOutput && error.reason === "schema")
      assert.include(error.issue, "Element 2")
      assert.include(error.text, `"x"`)
    })
  )

  for (const [name, broken] of [
    ["does not fit", `{"value":[11,22,"x",44,55]}`],
    ["is of another list", `{"value":[11,99,33,44]}`]
  ] as const) {
    it.scopedLive(`is not ended by an element that ${name} in an attempt that is void`, () =>
      Effect.gen(function* () {
        const reply = (json: string) => Reply.stream(Wire.answer("anthropic-messages", { text: [...json] }))
        // The pause lets the consumer have what came before the drop.
        const dropped = (json: string, afterEvents: number) =>
          Reply.cut(reply(json), { afterEvents, wait: "40 millis" }, "rst")
        const whole = `{"value":[11,22,33,44]}`
        const server = yield* FaultServer.make([dropped(whole, 20), dropped(broken, 26), reply(whole)])
        const provider = yield* Provider.make(Vendors.anthropic, { apiKey, baseUrl: server.url, retry })
        const seen = yield* collect(provider.streamElements(request, { element: Schema.Number }))
        assert.deepStrictEqual(seen, [11, 22, 33, 44])
      })
    )
  }

  it.scopedLive("gives nothing of a second list that is written into the same answer", () =>
    Effect.gen(function* () {
      const { provider } = yield* scripted([{ text: pieces(`{"value":[1, 2],"value":[3, 4, 5]}`) }], "native")
      const seen: Array<number> = []
      const error = yield* provider.streamElements(request, { element: Schema.Number }).pipe(
        Stream.runForEach((one) => Effect.sync(() => seen.push(one))),
        Effect.flip
      )
      assert(error._tag === "InvalidOutput" && error.reason === "changed")
      assert.deepStrictEqual(seen, [1, 2])
    })
  )

  it.scopedLive("with delivery fail ends with the drop's own error", () =>
    Effect.gen(function* () {
      const whole = { text: pieces(`{"value":[1,2,3,4,5]}`) }
      const { provider } = yield* ScriptedProvider.make([ScriptedProvider.drop(whole, { afterEvents: 5 })])
      const error = yield* Effect.flip(
        Stream.runDrain(provider.streamElements(request, { element: Schema.Number }, { delivery: "fail" }))
      )
      assert.strictEqual(error._tag, "StreamDropped")
    })
  )
})
