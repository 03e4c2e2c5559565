import { Config, Console, Effect, Schema } from "effect"
import { Provider, Tool, Toolkit, ToolLoop, Vendors } from "effect-redial"

const toolkit = Toolkit.make(
  Tool.make("weather", {
    description: "The weather in a city, in degrees Celsius",
    parameters: { city: Schema.String }
  }),
  Tool.make("add", {
    description: "Adds two numbers",
    parameters: { a: Schema.Number, b: Schema.Number }
  })
)

const tools = ToolLoop.make(toolkit, {
  weather: ({ city }) => Effect.succeed(`It is 18 degrees in ${city}.`),
  add: ({ a, b }) => Effect.succeed(a + b)
})

const converse = (prompt: string) =>
  ToolLoop.generate(tools, { model: "claude-sonnet-5-5", prompt }, { maxSteps: 10 }).pipe(
    Effect.flatMap(({ text }) => Console.log(text))
  )

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await converse("How warm are Oslo and Bergen together?").pipe(Effect.provide(live), Effect.runPromise)
