import { Config, Console, Effect, Layer, Stream } from "effect"
import { CircuitBreaker, Provider, Vendors } from "effect-redial"

const live = Layer.unwrapScoped(
  Effect.gen(function* () {
    const breaker = yield* CircuitBreaker.make({ failures: 3, openFor: "1 second" })
    yield* breaker.changes.pipe(
      Stream.runForEach(({ _tag }) => Console.error(`anthropic: ${_tag}`)),
      Effect.forkScoped
    )
    return Provider.layer(Vendors.anthropic, {
      apiKey: yield* Config.redacted("ANTHROPIC_API_KEY"),
      baseUrl: yield* Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com")),
      admission: Effect.succeed(breaker)
    })
  })
)

const ask = Provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
  Effect.map(({ text }) => text),
  Effect.catchTag("CircuitOpen", () => Effect.succeed("nothing was sent")),
  Effect.catchAll(({ _tag, attempts }) => Effect.succeed(`${_tag} after ${attempts.length} attempts`)),
  Effect.flatMap(Console.log)
)

// The second call comes too early for a probe. The third call is the probe.
const program = Effect.all([ask, ask, Effect.delay(ask, "1 second")])

await program.pipe(Effect.provide(live), Effect.runPromise)
