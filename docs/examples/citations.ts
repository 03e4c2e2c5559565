import { Config, Console, Effect, Stream } from "effect"
import { AnthropicMessages, Provider, Vendors } from "effect-redial"

const write = (text: string) => Effect.sync(() => process.stdout.write(text))

const answer = Provider.stream(
  {
    model: "claude-sonnet-5-5",
    prompt: "Which versions of Node does Effect support?",
    tools: [AnthropicMessages.tool({ type: "web_search_20260209", name: "web_search", max_uses: 3 })]
  },
  { delivery: "resume", headers: { "x-trace-id": "example" } }
)

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await answer.pipe(
  Stream.runForEach((event) => {
    switch (event._tag) {
      case "ResponseStart":
        return Console.error(`tokens read so far: ${event.usage?.inputTokens ?? "not told"}`)
      case "TextDelta":
        return write(event.text)
      case "Citation":
        return write(` [${event.title ?? "source"}: ${event.url ?? "no address"}]`)
      case "Finish":
        return Console.error(`\ntokens read: ${event.response.usage.inputTokens ?? "not told"}`)
      default:
        return Effect.void
    }
  }),
  Effect.provide(live),
  Effect.runPromise
)
