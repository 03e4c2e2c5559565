import { Config, Console, Effect, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"

const write = (text: string) => Effect.sync(() => process.stdout.write(text))

const answer = Provider.stream({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }, { delivery: "resume" })

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await answer.pipe(
  Stream.runForEach((event) => {
    switch (event._tag) {
      case "TextDelta":
        return write(event.text)
      case "ResponseStart":
        return event.route === undefined ? Effect.void : Console.error(`goes on by ${event.route}`)
      case "Finish":
        return Console.error(`put together from ${event.response.seams.length + 1} attempts`)
      default:
        return Effect.void
    }
  }),
  Effect.provide(live),
  Effect.runPromise
)
