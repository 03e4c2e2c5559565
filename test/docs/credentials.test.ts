/**
 * The published examples on keys, run as a reader would run them, over servers that refuse keys.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { run } from "../support/docs.js"

const text = "Because of Rayleigh scattering."
const refused = Reply.status(401, { body: { error: { message: "invalid x-api-key" } } })

describe("the examples of docs/credentials.md", () => {
  it.scopedLive("keys goes on with the spare key, and uses a tenant's for one call", () =>
    Effect.gen(function* () {
      const whole = Reply.stream(Wire.answer("anthropic-messages", { text }))
      const server = yield* FaultServer.make([refused, whole])
      const { code, err, out } = yield* run("keys", {
        ANTHROPIC_API_KEY: "main-key",
        ANTHROPIC_SPARE_KEY: "spare-key",
        TENANT_KEY: "tenant-key",
        ANTHROPIC_BASE_URL: server.url
      })
      assert.deepStrictEqual([code, out, err], [0, `${text} (by main, then spare)\n${text}\n`, "main: Revoked\n"])
      assert.deepStrictEqual(
        (yield* server.requests).map(({ headers }) => headers["x-api-key"]),
        ["main-key", "spare-key", "tenant-key"]
      )
    })
  )

  it.scopedLive("token asks for a token, and for another when that is refused", () =>
    Effect.gen(function* () {
      const tokens = yield* FaultServer.make(({ index }) =>
        Reply.status(200, { body: { access_token: `token-${index}`, expires_in: 3600 } })
      )
      const gateway = yield* FaultServer.make([refused, Reply.stream(Wire.answer("chat-completions", { text }))])
      const { code, err, out } = yield* run("token", { TOKEN_URL: tokens.url, GATEWAY_URL: `${gateway.url}/v1` })
      assert.deepStrictEqual([code, out, err], [0, `${text}\n`, ""])
      assert.deepStrictEqual(
        (yield* gateway.requests).map(({ headers }) => headers.authorization),
        ["Bearer token-1", "Bearer token-2"]
      )
      assert.strictEqual((yield* tokens.requests).length, 2)
    })
  )

  it.scopedLive("token says what is wrong with the token endpoint, and sends nothing", () =>
    Effect.gen(function* () {
      const tokens = yield* FaultServer.make([Reply.status(503)])
      const gateway = yield* FaultServer.make([refused])
      const { code, err } = yield* run("token", { TOKEN_URL: tokens.url, GATEWAY_URL: `${gateway.url}/v1` })
      assert.strictEqual(code, 1)
      assert.match(err, /AuthenticationFailed.*there is no key to send: fetching a key failed:.*503/)
      assert.strictEqual((yield* gateway.requests).length, 0)
    })
  )
})
