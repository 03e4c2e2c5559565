/** This library as a program uses it: default options, the service from the context, every event looked at. */

import { Effect, ManagedRuntime, Redacted, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import { measure, options } from "./harness.mjs"

const { consume, protocol, url } = options
const vendor = Vendors.custom({ id: "bench", protocol, baseUrl: url })
const runtime = ManagedRuntime.make(Provider.layer(vendor, { apiKey: Redacted.make("bench") }))

let came = 0
const see = (event) => {
  if (event._tag === "TextDelta") came++
}

const run = {
  chunk: Stream.runForEachChunk((events) =>
    Effect.sync(() => {
      for (const event of events) see(event)
    })
  ),
  each: Stream.runForEach((event) => Effect.sync(() => see(event)))
}[consume]

measure(async () => {
  came = 0
  await runtime.runPromise(run(Provider.stream({ model: "bench", prompt: "Hello" })))
  return came
})
