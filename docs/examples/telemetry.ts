import * as Otlp from "@effect/opentelemetry/Otlp"
import { FetchHttpClient } from "@effect/platform"
import { Config, Effect, Layer, Stream } from "effect"
import { Provider, Telemetry, Vendors } from "effect-redial"

const program = Provider.streamText({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
  Stream.runForEach((text) => Effect.sync(() => process.stdout.write(text))),
  Effect.withSpan("answer a reader")
)

/** Traces, metrics and log lines go to a collector; its address is in the usual environment variable. */
const collector = Layer.unwrapEffect(
  Effect.map(Config.string("OTEL_EXPORTER_OTLP_ENDPOINT"), (baseUrl) =>
    Otlp.layerJson({ baseUrl, resource: { serviceName: "newsroom" } })
  )
).pipe(Layer.provide(FetchHttpClient.layer))

const live = Provider.layerConfig(
  Vendors.anthropic,
  {
    apiKey: Config.redacted("ANTHROPIC_API_KEY"),
    baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
  },
  // What a million tokens cost by your contract: spans and metrics then say what requests cost.
  { prices: { "claude-sonnet-5-5": { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 } } }
).pipe(
  // Answers are in the spans, without card numbers; questions are not.
  Layer.provideMerge(
    Telemetry.captureContent(({ outputMessages }) =>
      JSON.parse(JSON.stringify({ outputMessages }).replaceAll(/\d{12,}/g, "[number]"))
    )
  ),
  Layer.provideMerge(collector)
)

await program.pipe(Effect.provide(live), Effect.runPromise)
