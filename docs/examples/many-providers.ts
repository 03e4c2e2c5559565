import { Config, Console, Effect } from "effect"
import { Admission, CircuitBreaker, Fallback, Hedge, Limits, Provider, Vendors } from "effect-redial"

const url = (name: string, fallback: string) => Config.string(name).pipe(Config.withDefault(fallback))

// The breaker comes first, so that no attempt waits in the queue only to be refused.
const guarded = Effect.gen(function* () {
  const breaker = yield* CircuitBreaker.make({ failures: 3 })
  const limits = yield* Limits.make({ concurrency: 50, requestsPerMinute: 1_000 })
  return Admission.all([breaker, limits])
})

const plan = Effect.gen(function* () {
  const claude = yield* Provider.make(Vendors.anthropic, {
    apiKey: yield* Config.redacted("ANTHROPIC_API_KEY"),
    baseUrl: yield* url("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    admission: guarded
  })
  const gpt = yield* Provider.make(Vendors.openai, {
    apiKey: yield* Config.redacted("OPENAI_API_KEY"),
    baseUrl: yield* url("OPENAI_BASE_URL", "https://api.openai.com/v1"),
    admission: guarded
  })
  // A slow request is sent again to the same vendor. For the fallback, the hedge is one provider.
  return [{ provider: yield* Hedge.make([claude]) }, { provider: gpt, model: "gpt-5" }] as const
})

const ask = Provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
  Effect.flatMap(({ attempts, text }) =>
    Console.log(
      `${text} (${attempts.map(({ error, provider }) => `${provider}: ${error?.tag ?? "answered"}`).join(", ")})`
    )
  )
)

// The second request, a moment later, does not ask the first vendor at all.
await Effect.all([ask, ask]).pipe(Effect.provide(Fallback.layer(plan, { firstEvent: "20 seconds" })), Effect.runPromise)
