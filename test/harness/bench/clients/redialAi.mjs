/** This library under the language model of `@effect/ai`, every part looked at. */
import * as LanguageModel from "@effect/ai/LanguageModel"
import { Effect, Layer, ManagedRuntime, Redacted, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import * as Redial from "effect-redial/ai"
import { measure, options } from "./harness.mjs"

const { consume, protocol, url } = options
const vendor = Vendors.custom({ id: "bench", protocol, baseUrl: url })
const provider = Provider.layer(vendor, { apiKey: Redacted.make("bench") })
const runtime = ManagedRuntime.make(Redial.layer({ model: "bench" }).pipe(Layer.provide(provider)))

let came = 0
const see = (part) => {
  // The white space at the end of a text waits for what follows it, and comes as one delta more.
  if (part.type === "text-delta" && part.delta.trim() !== "") came++
}

const run = {
  chunk: Stream.runForEachChunk((parts) =>
    Effect.sync(() => {
      for (const part of parts) see(part)
    })
  ),
  each: Stream.runForEach((part) => Effect.sync(() => see(part)))
}[consume]

measure(async () => {
  came = 0
  await runtime.runPromise(
    Effect.flatMap(LanguageModel.LanguageModel, (model) => run(model.streamText({ prompt: "Hello" })))
  )
  return came
})
