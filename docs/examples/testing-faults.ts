import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Provider, StreamRetry, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"

const answer = Reply.stream(Wire.answer("anthropic-messages", { text: "Because of Rayleigh scattering." }))

it.scoped("a reset connection is left, and never used again", () =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([Reply.cut(answer, { afterEvents: 4 }, "rst"), answer])
    const provider = yield* Provider.make(Vendors.anthropic, {
      apiKey: Redacted.make("any"),
      baseUrl: server.url,
      // The usual attempts, without their waits.
      retry: StreamRetry.standard({ base: 0 })
    })

    const { attempts, text } = yield* provider.generate({ model: "any", prompt: "Why is the sky blue?" })

    assert.strictEqual(text, "Because of Rayleigh scattering.")
    assert.deepStrictEqual(
      attempts.map(({ error }) => error?.tag),
      ["StreamDropped", undefined]
    )
    assert.deepStrictEqual((yield* server.stats).requestsPerConnection, [1, 1])
  })
)
