import { Config, Console, Effect, ManagedRuntime } from "effect"
import { Provider, Router, Vendors } from "effect-redial"

const url = (name: string, fallback: string) => Config.string(name).pipe(Config.withDefault(fallback))

const providers = Effect.gen(function* () {
  return {
    claude: yield* Provider.make(Vendors.anthropic, {
      apiKey: yield* Config.redacted("ANTHROPIC_API_KEY"),
      baseUrl: yield* url("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
    }),
    gpt: yield* Provider.make(Vendors.openai, {
      apiKey: yield* Config.redacted("OPENAI_API_KEY"),
      baseUrl: yield* url("OPENAI_BASE_URL", "https://api.openai.com/v1")
    })
  }
})

// Built once, at the program's edge: every request of the program shares its connections.
const runtime = ManagedRuntime.make(Router.layer(providers, Router.byModel({ "claude-*": "claude", "gpt-*": "gpt" })))

const ask = (model: string) =>
  Effect.flatMap(Provider.generate({ model, prompt: "Why is the sky blue?" }), ({ text }) =>
    Console.log(`${model}: ${text}`)
  )

await runtime.runPromise(Effect.all([ask("claude-sonnet-5-5"), ask("gpt-5")]))
await runtime.dispose()
