import { fileURLToPath } from "node:url"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Config, Effect, Layer, Redacted } from "effect"
import { Provider, StreamRetry, Vendors } from "effect-redial"
import { Cassette } from "effect-redial/testing"

const program = Provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" })

// Beside this file, and committed with it.
const cassette = Cassette.layer(fileURLToPath(new URL("cassettes/sky.json", import.meta.url)))

const recorded = Provider.layerConfig(
  Vendors.anthropic,
  {
    // A key is needed to record, and any text will do to replay.
    apiKey: Config.redacted("ANTHROPIC_API_KEY").pipe(Config.withDefault(Redacted.make("replayed"))),
    baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
  },
  { pool: Cassette.pool, retry: StreamRetry.standard({ base: 0 }) }
).pipe(Layer.provideMerge(cassette), Layer.provide(NodeFileSystem.layer))

it.effect("answers as the vendor once did", () =>
  Effect.gen(function* () {
    const { text } = yield* program
    assert.include(text, "Rayleigh")
    // Nothing was recorded in vain.
    const { unused } = yield* Cassette.Cassette
    assert.deepStrictEqual(yield* unused, [])
  }).pipe(Effect.provide(recorded))
)
