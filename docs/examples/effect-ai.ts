import { Chat, LanguageModel, Tool, Toolkit } from "@effect/ai"
import { Config, Console, Effect, Layer, Schema, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import * as Redial from "effect-redial/ai"

const Weather = Tool.make("weather", {
  description: "The weather in a city",
  parameters: { city: Schema.String },
  success: Schema.Struct({ celsius: Schema.Number, sky: Schema.String })
})
const toolkit = Toolkit.make(Weather)
const handlers = toolkit.toLayer({
  weather: ({ city }) => Effect.as(Console.error(`looking at ${city}`), { celsius: 18, sky: "clear" })
})

const Trip = Schema.Struct({ city: Schema.String, pack: Schema.Array(Schema.String) })

const program = Effect.gen(function* () {
  const chat = yield* Chat.empty
  // One request for the calls, one for the answer to their results.
  for (const prompt of ["Oslo or Bergen this weekend?", []] as const) {
    yield* chat.streamText({ prompt, toolkit }).pipe(
      Stream.runForEach((part) =>
        Effect.sync(() => {
          if (part.type === "text-delta") process.stdout.write(part.delta)
        })
      )
    )
  }
  const { value: trip } = yield* chat.generateObject({ prompt: "What do I pack?", schema: Trip })
  yield* Console.log(`\n${trip.city}: ${trip.pack.join(", ")}`)
  const { usage } = yield* LanguageModel.generateText({ prompt: `Wish me a good trip to ${trip.city}.` })
  yield* Console.error(`${usage.outputTokens} tokens`)
})

const provider = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})
const model = Redial.layer({ model: "claude-sonnet-5-5" }).pipe(Layer.provide(provider))

await program.pipe(Effect.provide([model, handlers]), Effect.runPromise)
