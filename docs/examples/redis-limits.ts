import { Config, Console, Effect, Layer } from "effect"
import { Limits, Provider, Vendors } from "effect-redial"
import { RedisLimits } from "effect-redial/redis"

const live = Layer.unwrapEffect(
  Effect.gen(function* () {
    const apiKey = yield* Config.redacted("MINIMAX_API_KEY")
    const baseUrl = yield* Config.string("MINIMAX_BASE_URL").pipe(
      Config.withDefault("https://api.minimax.io/anthropic")
    )
    const port = yield* Config.integer("REDIS_PORT").pipe(Config.withDefault(6379))
    // This is one of four processes. While Redis is away, it sends at most a quarter of the limit.
    const store = RedisLimits.make({ redis: { host: "127.0.0.1", port }, key: "minimax", share: 1 / 4 })
    return Provider.layer(Vendors.minimax, {
      apiKey,
      baseUrl,
      admission: Limits.make({ requestsPerMinute: 60, concurrency: 8, store })
    })
  })
)

const program = Effect.gen(function* () {
  const { text } = yield* Provider.generate({ model: "MiniMax-M2", prompt: "Why is the sky blue?" })
  yield* Console.log(text)
})

await program.pipe(Effect.provide(live), Effect.runPromise)
