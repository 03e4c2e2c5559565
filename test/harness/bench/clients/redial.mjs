/** This library as a program uses it: default options, the service from the context, every event looked at. */

import { Effect, ManagedRuntime, Redacted, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import { measure, options } from "./harness.mjs"

const { consume, delivery = "restart", protocol, url } = options
const vendor = Vendors.custom({ id: "bench", protocol, baseUrl: url })
const runtime = ManagedRuntime.make(Provider.layer(vendor, { apiKey: Redacted.make("bench") }))

let came = 0
const see = (event) => {
  // Where text is never taken back, the white space at its end waits for what follows it, and comes as one delta more.
  if (event._tag === "TextDelta" && event.text.trim() !== "") came++
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
  await runtime.runPromise(run(Provider.stream({ model: "bench", prompt: "Hello" }, { delivery })))
  return came
})
