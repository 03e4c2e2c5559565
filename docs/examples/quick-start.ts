import { Config, Effect, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"

const write = (text: string) => Effect.sync(() => process.stdout.write(text))

const answer = Provider.streamText({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
  Stream.runForEach(write)
)

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await answer.pipe(Effect.provide(live), Effect.runPromise)
