import { Config, Console, Effect, Layer } from "effect"
import { Limits, Provider, Vendors } from "effect-redial"

const live = Layer.unwrapEffect(
  Effect.gen(function* () {
    const apiKey = yield* Config.redacted("MINIMAX_API_KEY")
    const baseUrl = yield* Config.string("MINIMAX_BASE_URL").pipe(
      Config.withDefault("https://api.minimax.io/anthropic")
    )
    return Provider.layer(Vendors.minimax, {
      apiKey,
      baseUrl,
      // Attempts above a limit wait in a queue. One that would wait longer than a minute is refused.
      admission: Limits.make({
        concurrency: 2,
        requestsPerMinute: 60,
        tokensPerMinute: 40_000,
        adaptive: true,
        maxWait: "1 minute"
      })
    })
  })
)

const ask = (about: string) =>
  Provider.generate({ model: "MiniMax-M2", prompt: `Why is ${about} blue?`, maxOutputTokens: 500 }).pipe(
    Effect.flatMap(({ text }) => Console.log(`${about}: ${text}`)),
    Effect.catchTag("LimitReached", ({ limit, retryAfterMillis }) =>
      Console.log(`${about}: too many ${limit}, ask again in ${retryAfterMillis} ms`)
    )
  )

const program = Effect.forEach(["the sky", "the sea", "ice"], ask, { concurrency: "unbounded" })

await program.pipe(Effect.provide(live), Effect.runPromise)
