/**
 * What is bundled for a runtime that has `fetch` and no sockets: one request over a pool that fits, and one over the default
 * pool, which cannot work there. `ask` gives what came of both.
 */
import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer, Redacted } from "effect"
import { ConnectionPool, Provider, Vendors } from "effect-redial"

const overFetch = ConnectionPool.layerHttpClient.pipe(Layer.provide(FetchHttpClient.layer))

export const ask = (baseUrl, pool) =>
  Effect.gen(function* () {
    const options = { apiKey: Redacted.make("k"), baseUrl }
    const provider = yield* Provider.make(
      Vendors.anthropic,
      pool === "fetch" ? { ...options, pool: overFetch } : options
    )
    return yield* provider.generate({ model: "m", prompt: "Why is the sky blue?" })
  }).pipe(
    Effect.scoped,
    Effect.map(({ attempts, text }) => ({ text, attempts: attempts.length })),
    Effect.catchAll(({ _tag, attempts, message }) =>
      Effect.succeed({ failed: _tag, attempts: attempts?.length, message })
    ),
    Effect.runPromise
  )
