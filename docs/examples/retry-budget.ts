import { Config, Console, Effect, Schedule } from "effect"
import { Provider, RetryBudget, Vendors } from "effect-redial"

const live = Provider.layerConfig(
  Vendors.anthropic,
  {
    apiKey: Config.redacted("ANTHROPIC_API_KEY"),
    baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
  },
  // Each answer that begins pays for a tenth of a retry. Programs that send little have a reserve of five.
  { retry: Schedule.recurs(2), retryBudget: RetryBudget.make({ share: 0.1, reserve: 5 }) }
)

const ask = Provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
  Effect.match({
    onFailure: ({ attempts, stoppedBy }) => ({ attempts: attempts.length, stopped: stoppedBy === "retry-budget" }),
    onSuccess: ({ attempts }) => ({ attempts: attempts.length, stopped: false })
  })
)

const program = Effect.gen(function* () {
  const calls = yield* Effect.all(Effect.replicate(ask, 50), { concurrency: 10 })
  const sent = calls.reduce((sum, { attempts }) => sum + attempts, 0)
  yield* Console.log(`${calls.length} calls, ${sent} requests`)
  yield* Console.log(`${calls.filter(({ stopped }) => stopped).length} calls were not retried to spare the vendor`)
})

await program.pipe(Effect.provide(live), Effect.runPromise)
