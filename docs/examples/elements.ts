import { Config, Console, Effect, Schema, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"

const capitals = Provider.streamElements(
  { model: "claude-sonnet-5-5", prompt: "The capitals of the Nordic countries, from north to south." },
  { element: Schema.Struct({ name: Schema.String, latitude: Schema.Number }) }
)

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await capitals.pipe(
  Stream.runForEach(({ latitude, name }) => Console.log(`${name}, ${latitude}° north`)),
  Effect.provide(live),
  Effect.runPromise
)
