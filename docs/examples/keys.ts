import { Config, Console, Effect, Layer, Stream } from "effect"
import { Credentials, Provider, Vendors } from "effect-redial"

const live = Layer.unwrapScoped(
  Effect.gen(function* () {
    const apiKey = yield* Credentials.make([
      Credentials.fromConfig(Config.redacted("ANTHROPIC_API_KEY"), { name: "main" }),
      Credentials.fromConfig(Config.redacted("ANTHROPIC_SPARE_KEY"), { name: "spare" })
    ])
    yield* apiKey.changes.pipe(
      Stream.runForEach(({ _tag, name }) => Console.error(`${name}: ${_tag}`)),
      Effect.forkScoped
    )
    const baseUrl = yield* Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
    return Provider.layer(Vendors.anthropic, { apiKey, baseUrl })
  })
)

const request = { model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }

const program = Effect.gen(function* () {
  const { attempts, text } = yield* Provider.generate(request)
  yield* Console.log(`${text} (by ${attempts.map(({ credential }) => credential?.name).join(", then ")})`)

  // The same provider and the same connections, with the key of one tenant.
  const credential = yield* Config.redacted("TENANT_KEY")
  yield* Console.log((yield* Provider.generate(request, { credential })).text)
})

await program.pipe(Effect.provide(live), Effect.runPromise)
