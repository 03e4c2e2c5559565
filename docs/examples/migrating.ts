import { Config, Console, Effect, Either, Schema, Stream } from "effect"
import { Prompt, Provider, Tool, Toolkit, Vendors } from "effect-redial"

const weather = Tool.make("weather", {
  description: "The weather in a city",
  parameters: Schema.Struct({ city: Schema.String })
})
const tools = Toolkit.make(weather)

const program = Effect.gen(function* () {
  const request = { model: "claude-sonnet-5-5", tools }
  const question = Prompt.text("How is the weather in Oslo?")

  const response = yield* Provider.generate({ ...request, prompt: question })
  const calls = yield* tools.decodeEach(response)
  const results = calls.map(
    Either.match({
      onLeft: (error) => Prompt.toolResult(error, error.message, { isError: true }),
      onRight: (call) => Prompt.toolResult(call, `18 degrees in ${call.arguments.city}`)
    })
  )

  const prompt = Prompt.toolResults(Prompt.append(question, response), results)
  yield* Provider.streamText({ ...request, prompt }).pipe(
    Stream.runForEach((text) => Effect.sync(() => process.stdout.write(text)))
  )
  yield* Console.log()
})

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await program.pipe(Effect.provide(live), Effect.runPromise)
