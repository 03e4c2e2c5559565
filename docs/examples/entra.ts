import { Config, Console, Effect, Layer, Redacted } from "effect"
import { ConnectionPool, Provider, Vendors } from "effect-redial"

/** A pool that sends the token of `token` with each request. The effect runs every time, and may cache the token. */
const showing = <E>(token: Effect.Effect<Redacted.Redacted, E>) =>
  Layer.scoped(
    ConnectionPool.ConnectionPool,
    Effect.map(ConnectionPool.make(), (pool) => ({
      ...pool,
      fetch: async (input, init) => {
        const headers = new Headers(init?.headers)
        const options = init?.signal ? { signal: init.signal } : {}
        headers.set("authorization", `Bearer ${Redacted.value(await Effect.runPromise(token, options))}`)
        return pool.fetch(input, { ...init, headers })
      }
    }))
  )

// Instead, use Effect.tryPromise(() => credential.getToken(scope)) of @azure/identity, which caches tokens itself.
const token = Config.redacted("AZURE_TOKEN")

const live = Provider.layer(Vendors.azure, {
  resource: "my-resource",
  baseUrl: process.env.AZURE_BASE_URL,
  auth: "none",
  pool: showing(token)
})

await Provider.generate({ model: "my-deployment", prompt: "Why is the sky blue?" }).pipe(
  Effect.flatMap(({ text }) => Console.log(text)),
  Effect.provide(live),
  Effect.runPromise
)
