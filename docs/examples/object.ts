import { Config, Console, Effect, Schema } from "effect"
import { Provider, Vendors } from "effect-redial"

const Recipe = Schema.Struct({
  title: Schema.String,
  minutes: Schema.Number,
  ingredients: Schema.Array(Schema.String)
})

const recipe = Provider.generateObject(
  { model: "claude-sonnet-5-5", prompt: "A quick soup for a cold day." },
  { schema: Recipe, name: "recipe" }
)

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await recipe.pipe(
  Effect.flatMap(({ value }) =>
    Console.log(`${value.title}: ${value.ingredients.length} things, ${value.minutes} min`)
  ),
  Effect.catchTag("InvalidOutput", ({ message, text }) => Console.error(`${message}\nIt wrote: ${text}`)),
  Effect.provide(live),
  Effect.runPromise
)
