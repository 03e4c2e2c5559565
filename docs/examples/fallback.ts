import { Config, Console, Effect, Logger, Stream } from "effect"
import { Fallback, ModelResponse, Provider, Vendors } from "effect-redial"

const url = (name: string, fallback: string) => Config.string(name).pipe(Config.withDefault(fallback))

const plan = Effect.gen(function* () {
  const claude = yield* Provider.make(Vendors.anthropic, {
    apiKey: yield* Config.redacted("ANTHROPIC_API_KEY"),
    baseUrl: yield* url("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
  })
  const gpt = yield* Provider.make(Vendors.openai, {
    apiKey: yield* Config.redacted("OPENAI_API_KEY"),
    baseUrl: yield* url("OPENAI_BASE_URL", "https://api.openai.com/v1")
  })
  return [{ provider: claude }, { provider: gpt, model: "gpt-5" }] as const
})

const live = Fallback.layer(plan, { firstEvent: "20 seconds" })

const question = { model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }

await Provider.stream(question, { delivery: "resume" }).pipe(
  Stream.runForEach((event) => {
    switch (event._tag) {
      case "TextDelta":
        return Effect.sync(() => process.stdout.write(event.text))
      case "Finish":
        return Effect.forEach(ModelResponse.usageByProvider(event.response), ({ exact, model, provider, usage }) =>
          Console.error(`${provider} ${model}: ${exact ? "" : "at least "}${usage.outputTokens ?? 0} tokens written`)
        )
      default:
        return Effect.void
    }
  }),
  Effect.provide([live, Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))]),
  Effect.runPromise
)
