import { Config, Console, Effect, Schema, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"

const Recipe = Schema.Struct({
  title: Schema.String,
  minutes: Schema.Number,
  ingredients: Schema.Array(Schema.String)
})

const recipe = Provider.streamObject(
  { model: "claude-sonnet-5-5", prompt: "A quick soup for a cold day." },
  { schema: Recipe, repair: 1 }
)

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await recipe.pipe(
  Stream.runForEach((event) => {
    switch (event._tag) {
      case "ObjectPartial":
        return Console.error(`so far: ${event.value.title ?? ""}, ${event.value.ingredients?.length ?? 0} things`)
      case "ObjectRestarted":
        return Console.error(`again, after a ${event.reason}: ${event.error.message}`)
      case "ObjectDone":
        return Console.log(`${event.value.title}: ${event.value.ingredients.length} things, ${event.value.minutes} min`)
    }
  }),
  Effect.provide(live),
  Effect.runPromise
)
