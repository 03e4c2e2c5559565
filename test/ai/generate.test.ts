/**
 * Whole answers and objects, the options of one effect, ids, sources, spans, and plans.
 */
import { AiError, IdGenerator, LanguageModel, Model } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, ExecutionPlan, Layer, Option, Schema, Tracer } from "effect"
import { type ModelEvent, Provider } from "effect-redial"
import * as Redial from "effect-redial/ai"
import { ScriptedProvider } from "effect-redial/testing"
import { call, collect, counted, options, playing, provide, scripted, textOf, types, weather } from "../support/ai.js"

const { answer, drop, status } = ScriptedProvider

const generated = LanguageModel.generateText({ prompt: "Why?" })

describe("a generated answer", () => {
  it.scoped("is whole after a drop, and runs each handler once", () =>
    Effect.gen(function* () {
      const { cities, handlers } = counted()
      const asks = { reasoning: "Hm.", text: "One moment.", toolCalls: [call("toolu_1", "Oslo")] }
      const { model } = yield* scripted([drop(asks, { afterEvents: 14 }), answer(asks)])
      const response = yield* LanguageModel.generateText({ prompt: "Weather?", toolkit: weather }).pipe(
        Effect.provide(handlers),
        provide(model)
      )
      assert.deepStrictEqual(cities, ["Oslo"])
      assert.deepStrictEqual(
        [response.text, response.reasoningText, response.finishReason],
        ["One moment.", "Hm.", "tool-calls"]
      )
      assert.deepStrictEqual(types(response.content), [
        "response-metadata",
        "reasoning",
        "text",
        "tool-call",
        "finish",
        "tool-result"
      ])
      assert.strictEqual(response.toolResults[0]?.result, "1: sunny in Oslo")
    })
  )

  it.scoped("runs no handler for a call that the output limit cut", () =>
    Effect.gen(function* () {
      const { cities, handlers } = counted()
      const cut = { toolCalls: [{ id: "toolu_1", name: "weather", pieces: ['{"city":"Os'] }], finish: "length" }
      const { model } = yield* scripted([answer(cut)])
      const response = yield* LanguageModel.generateText({ prompt: "Weather?", toolkit: weather }).pipe(
        Effect.provide(handlers),
        provide(model)
      )
      assert.deepStrictEqual([cities, response.finishReason], [[], "length"])
      const finish = response.content.find((part) => part.type === "finish")
      assert.strictEqual(finish?.metadata.effectRedial?.incompleteToolCalls.length, 1)
    })
  )
})

describe("an object", () => {
  const City = Schema.Struct({ name: Schema.String, since: Schema.DateFromString })
  const json = { name: "Oslo", since: "1040-01-01T00:00:00.000Z" }

  it.scoped("is asked for by the provider's own way, and decoded once", () =>
    Effect.gen(function* () {
      const text = JSON.stringify(json)
      const { model, requests } = yield* scripted([drop({ text }, { afterEvents: 4 }), answer({ text })])
      const { value, text: said } = yield* provide(model)(
        LanguageModel.generateObject({ prompt: "Which?", objectName: "The city!", schema: City })
      )
      assert.deepStrictEqual(value, { name: "Oslo", since: new Date(json.since) })
      assert.strictEqual(said, text)
      const [first] = yield* requests
      assert.strictEqual(first?.output?.name, "The_city_")
      assert.strictEqual(first?.output?.schema.type, "object")
    })
  )

  it.scoped("by a tool has no call among its parts", () =>
    Effect.gen(function* () {
      const { provider } = yield* ScriptedProvider.make(
        [answer({ toolCalls: [{ id: "toolu_1", name: "city", arguments: json }] })],
        { structuredOutput: "tool" }
      )
      const model = yield* Redial.make(provider, options)
      const response = yield* provide(model)(
        LanguageModel.generateObject({ prompt: "Which?", objectName: "city", schema: City })
      )
      assert.strictEqual(response.value.name, "Oslo")
      assert.deepStrictEqual(types(response.content), ["response-metadata", "text", "finish"])
    })
  )

  it.scoped("that is none fails as malformed output, in words", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([answer({ text: "I would rather not." })])
      const error = yield* Effect.flip(provide(model)(LanguageModel.generateObject({ prompt: "Which?", schema: City })))
      assert(error instanceof AiError.MalformedOutput)
      assert.include(error.description, "not JSON")
    })
  )
})

describe("the options of one effect", () => {
  it.scoped("override those of the layer, field by field, for streams too", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scripted([answer({ text: "Yes." })], {
        request: { temperature: 1, maxOutputTokens: 10 }
      })
      yield* generated.pipe(Redial.withConfigOverride({ request: { temperature: 0 } }), provide(model))
      yield* collect(LanguageModel.streamText({ prompt: "Why?" })).pipe(
        Redial.withConfigOverride({ request: { temperature: 0.5 } }),
        Redial.withConfigOverride({ model: "other", request: { temperature: 0.1, topP: 0.9 } }),
        provide(model)
      )
      yield* generated.pipe(provide(model))
      assert.deepStrictEqual(
        (yield* requests).map(({ maxOutputTokens, model, temperature, topP }) => [
          model,
          temperature,
          topP,
          maxOutputTokens
        ]),
        [
          ["test-model", 0, undefined, 10],
          ["other", 0.5, 0.9, 10],
          ["test-model", 1, undefined, 10]
        ]
      )
    })
  )

  it.effect("come with a model that is asked for as an effect", () =>
    Effect.gen(function* () {
      const layer = ScriptedProvider.layer([answer({ text: "Yes." })])
      const response = yield* Effect.gen(function* () {
        const model = yield* Redial.model("claude", { request: { temperature: 0 } })
        const { text } = yield* generated.pipe(Effect.provide(model))
        const name = yield* Effect.provide(Model.ProviderName, model)
        const { requests } = yield* ScriptedProvider.ScriptedProvider
        return { name, text, requests: yield* requests }
      }).pipe(Effect.provide(layer))
      assert.deepStrictEqual([response.name, response.text], ["effect-redial", "Yes."])
      assert.deepStrictEqual([response.requests[0]?.model, response.requests[0]?.temperature], ["claude", 0])
    })
  )
})

describe("sources", () => {
  const value = { type: "page_location", cited_text: "quote" }
  const cites: ReadonlyArray<ModelEvent.ModelEvent> = [
    { _tag: "TextStart", index: 0 },
    { _tag: "TextDelta", index: 0, text: "It is so." },
    { _tag: "TextEnd", index: 0 },
    { _tag: "Citation", index: 1, url: "https://example.com/a", title: "A", quote: "quote", value: {} },
    { _tag: "Citation", index: 2, title: "Report", value },
    { _tag: "Citation", index: 3, url: "no address", value: {} }
  ]

  it.scoped("come as parts, with ids of the program's generator", () =>
    Effect.gen(function* () {
      const { provider } = yield* scripted([answer({ text: "x" })])
      const model = yield* Redial.make(playing(provider, [cites.slice(0, 4), cites.slice(4)]), options).pipe(
        Effect.provideService(IdGenerator.IdGenerator, { generateId: () => Effect.succeed("mine") })
      )
      const parts = yield* collect(LanguageModel.streamText({ prompt: "Why?" })).pipe(provide(model))
      const sources = parts.flatMap((part) => (part.type === "source" ? [part] : []))
      assert.deepStrictEqual(
        sources.map((source) => [
          source.id,
          source.title,
          source.sourceType === "url" ? source.url.href : source.mediaType
        ]),
        [
          ["mine", "A", "https://example.com/a"],
          ["mine", "Report", "application/pdf"],
          ["mine", "Untitled", "text/plain"]
        ]
      )
      assert.strictEqual(sources[0]?.metadata.effectRedial?.quote, "quote")
      assert.deepStrictEqual(sources[1]?.metadata.effectRedial?.value, value)
    })
  )
})

describe("the spans of a request", () => {
  it.scoped("say each attribute of GenAI once", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([answer({ text: "Yes." })], { request: { temperature: 0.5 } })
      const spans: Array<Tracer.Span> = []
      const tracer = yield* Effect.tracer
      const recording = Tracer.make({
        context: tracer.context,
        span: (...args) => {
          const span = tracer.span(...args)
          spans.push(span)
          return span
        }
      })
      yield* generated.pipe(provide(model), Effect.withTracer(recording))
      const request = spans.filter(({ name }) => !name.startsWith("attempt"))
      const attributes = request
        .flatMap((span) => [...span.attributes.keys()])
        .filter((key) => key.startsWith("gen_ai."))
      assert.includeMembers(attributes, [
        "gen_ai.system",
        "gen_ai.operation.name",
        "gen_ai.request.model",
        "gen_ai.request.temperature",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.response.finish_reasons"
      ])
      assert.deepStrictEqual(attributes.toSorted(), [...new Set(attributes)].toSorted())
    })
  )
})

describe("an execution plan", () => {
  const twice = (first: ScriptedProvider.Turn) =>
    Effect.gen(function* () {
      const layers = yield* Effect.forEach([[first], [answer({ text: "From the second." })]] as const, ([turn]) =>
        Effect.map(ScriptedProvider.make([turn]), ({ provider, requests }) => ({
          layer: Redial.layer(options).pipe(Layer.provide(Layer.succeed(Provider.Provider, provider))),
          requests
        }))
      )
      const [one, two] = layers
      assert(one !== undefined && two !== undefined)
      return {
        requests: Effect.all([one.requests, two.requests]),
        plan: ExecutionPlan.make({ provide: one.layer }, { provide: two.layer })
      }
    })

  it.scoped("falls back for a generated answer, with one request to each", () =>
    Effect.gen(function* () {
      const { plan, requests } = yield* twice(status(401))
      const { text } = yield* generated.pipe(Effect.withExecutionPlan(plan))
      assert.strictEqual(text, "From the second.")
      assert.deepStrictEqual(
        (yield* requests).map(({ length }) => length),
        [1, 1]
      )
    })
  )

  it.scoped("can tell a stream without content from one with some", () =>
    Effect.gen(function* () {
      const { Stream } = yield* Effect.promise(() => import("effect"))
      const { plan } = yield* twice(status(401))
      const parts = yield* LanguageModel.streamText({ prompt: "Why?" }).pipe(
        Stream.withExecutionPlan(plan, { preventFallbackOnPartialStream: true }),
        collect
      )
      assert.strictEqual(textOf(parts), "From the second.")
      assert.isTrue(Option.isSome(Option.fromNullable(parts.at(-1))))
    })
  )
})
