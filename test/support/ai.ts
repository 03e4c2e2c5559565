/**
 * What the tests of the bridge have in common: a model over a script, and answers in the words of Anthropic Messages.
 */
import { LanguageModel, type Response, Tool, Toolkit } from "@effect/ai"
import { Effect, Schedule, Schema, Stream } from "effect"
import type { ModelEvent, ModelResponse, Provider } from "effect-redial"
import * as Redial from "effect-redial/ai"
import { ScriptedProvider } from "effect-redial/testing"

export const options: Redial.Options = { model: "test-model" }

/** A model over a script, whose retries wait for nothing. */
export const scripted = (
  script: readonly [ScriptedProvider.Turn, ...Array<ScriptedProvider.Turn>],
  given: Partial<Redial.Options> = {}
) =>
  Effect.gen(function* () {
    const { provider, requests } = yield* ScriptedProvider.make(script, { retry: Schedule.recurs(5) })
    const model = yield* Redial.make(provider, { ...options, ...given })
    return { model, provider, requests }
  })

export const provide =
  (model: LanguageModel.Service) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, LanguageModel.LanguageModel>> =>
    Effect.provideService(effect, LanguageModel.LanguageModel, model)

export const collect = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.map(Stream.runCollect(stream), (parts): ReadonlyArray<A> => [...parts])

export const Weather = Tool.make("weather", {
  description: "The weather in a city",
  parameters: { city: Schema.String },
  success: Schema.String
})

export const weather = Toolkit.make(Weather)

/** A toolkit whose handler counts the cities that it was asked for. */
export const counted = () => {
  const cities: Array<string> = []
  const handlers = weather.toLayer({
    weather: ({ city }) => Effect.sync(() => `${cities.push(city)}: sunny in ${city}`)
  })
  return { cities, handlers }
}

export const call = (id: string, city: string) => ({ id, name: "weather", arguments: { city } })

/** The parts as a reader tells them apart. */
export const types = (parts: ReadonlyArray<Response.AnyPart>): ReadonlyArray<string> => parts.map(({ type }) => type)

export const textOf = (parts: ReadonlyArray<Response.AnyPart>): string =>
  parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join("")

export const finishOf = (parts: ReadonlyArray<Response.AnyPart>): Response.FinishPart => {
  const last = parts.at(-1)
  if (last?.type !== "finish") throw new Error(`the last part is ${last?.type}, not finish`)
  return last
}

/** A provider that plays events, in the chunks that they are given in. */
export const playing = (
  provider: Provider.Service,
  chunks: ReadonlyArray<ReadonlyArray<ModelEvent.ModelEvent>>
): Provider.Service => ({
  ...provider,
  // The test gives events of a held stream where it asks for one.
  stream: (() => Stream.fromIterable(chunks).pipe(Stream.flattenIterables)) as Provider.Service["stream"]
})

export type Finish = { readonly response: ModelResponse.ModelResponse }
