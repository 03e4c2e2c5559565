import { Config, Console, Effect } from "effect"
import { Hedge, Provider, Vendors } from "effect-redial"

const claude = Effect.gen(function* () {
  return yield* Provider.make(Vendors.anthropic, {
    apiKey: yield* Config.redacted("ANTHROPIC_API_KEY"),
    baseUrl: yield* Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
  })
})

// Asks the same provider again, over another connection, when 19 of 20 calls would have begun to answer.
const live = Hedge.layer(
  Effect.map(claude, (provider) => [provider]),
  { after: { percentile: 0.95, otherwise: "2 seconds" } }
)

const program = Effect.gen(function* () {
  const { attempts, text } = yield* Provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" })
  yield* Console.log(text)
  for (const { error } of attempts) if (error !== undefined) yield* Console.error(error.message)
})

await program.pipe(Effect.provide(live), Effect.runPromise)
