/**
 * A request that drops in mid-sentence and goes on, over real sockets, with all that it tells sent to an OTLP receiver.
 */
import * as Otlp from "@effect/opentelemetry/Otlp"
import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer, Redacted, Schedule, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import * as Receiver from "./receiver.js"

export const model = "claude-sonnet-5-5"

const text = "The sky is blue because air scatters blue light much more than red light."

const words = text.split(/(?<= )/)

const usage = { inputTokens: 1200, outputTokens: 19, cacheReadTokens: 1024 }

/** Breaks after nine words, and then goes on as it is asked to. */
const script: FaultServer.Script = ({ json }) => {
  const ask = Wire.asked(json)
  if (ask !== undefined) {
    const rest = Wire.resumed(ask, " much more than red light.")
    return Reply.stream(Wire.answer("anthropic-messages", { text: rest.split(/(?<= )/), usage }), {
      every: "15 millis"
    })
  }
  const events = Wire.answer("anthropic-messages", { text: words, usage })
  return Reply.cut(Reply.stream(events, { every: "20 millis" }), { afterEvents: 12 }, "rst")
}

/** Gives the receiver once the program has ended, and everything was sent. */
export const exported = Effect.gen(function* () {
  const receiver = yield* Receiver.make
  const server = yield* FaultServer.make(script)
  const otlp = Otlp.layerJson({ baseUrl: receiver.url, resource: { serviceName: "newsroom" } }).pipe(
    Layer.provide(FetchHttpClient.layer)
  )
  const provider = Provider.layer(Vendors.anthropic, {
    apiKey: Redacted.make("test-key"),
    baseUrl: server.url,
    retry: Schedule.fromDelay("40 millis"),
    admission: Effect.succeed({ admit: () => Effect.as(Effect.sleep("12 millis"), { settle: () => Effect.void }) }),
    prices: { [model]: { input: 3, output: 15, cacheRead: 0.3 } }
  })
  const said = yield* Provider.streamText({ model, prompt: "Why is the sky blue?" }).pipe(
    Stream.mkString,
    Effect.withSpan("answer a reader"),
    Effect.provide(provider.pipe(Layer.provideMerge(otlp)))
  )
  return { said, text, server, ...receiver }
})
