/**
 * No secret reaches the file of a cassette, wherever a request shows it and wherever a server sends it back.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { ConnectionPool, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import {
  answerOf,
  chunksFrom,
  disk,
  eventsOf,
  file,
  poolOf,
  providerOf,
  recorded,
  replayed,
  textOf
} from "../../support/testing/cassette.js"

const key = "sk-live-4f9a1c77e2d84b0fa6"
const customer = 'Müller "& Söhne" GmbH'

/** As it stands, and in the forms in which programs write it. */
const forms = (secret: string): ReadonlyArray<string> => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString("base64").replaceAll("=", "")
]

interface Written {
  readonly exchanges: ReadonlyArray<{
    readonly body: ReadonlyArray<{ readonly text?: string; readonly base64?: string }>
  }>
}

const bodiesOf = (content: string): string => {
  const { exchanges }: Written = JSON.parse(content)
  const bytes = exchanges.flatMap(({ body }) =>
    body.map(({ base64, text = "" }) => (base64 === undefined ? Buffer.from(text) : Buffer.from(base64, "base64")))
  )
  return Buffer.concat(bytes).toString()
}

const assertClean = (path: string, secrets: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const content = yield* textOf(path)
    // A secret may be spread over chunks, and chunks that are no text stand in base64.
    const bodies = bodiesOf(content)
    for (const secret of secrets.flatMap(forms)) {
      assert.notInclude(content, secret)
      assert.notInclude(bodies, secret)
    }
    return content
  })

const generate = (provider: Provider.Service, prompt = "Hello") => provider.generate({ model: "m", prompt })

describe("the file of a cassette", () => {
  for (const auth of ["bearer", "x-api-key", "api-key", "cf-aig-authorization"] as const) {
    it.scoped(`has no key that is shown by ${auth}, though the server repeats it everywhere`, () =>
      Effect.gen(function* () {
        const path = yield* file
        const headers = { "request-id": `req-${key}`, "x-ratelimit-note": key, "set-cookie": `session=${key}` }
        const server = yield* FaultServer.make([
          Reply.status(500, {
            headers,
            body: { error: { type: "x", message: `bad key ${key}, in short ${key.slice(0, 14)}` } }
          }),
          // One byte in each chunk: the key is in no chunk as a whole.
          Reply.stream(Wire.answer("anthropic-messages", { text: `Your key is ${key}.` }), {
            headers,
            bytesPerChunk: 1
          })
        ])
        yield* recorded(path, (pool) =>
          Effect.flatMap(
            providerOf("anthropic-messages", server.url, {
              pool,
              auth,
              apiKey: Redacted.make(key),
              headers: { "x-team": "secret-team" }
            }),
            (provider) => generate(provider, `What is ${key}?`)
          )
        )
        const content = yield* assertClean(path, [key, "secret-team", key.slice(0, 14)])
        assert.include(content, "What is [redacted]?")
      }).pipe(disk)
    )
  }

  it.scoped("has nothing of a base URL but the end of its path", () =>
    Effect.gen(function* () {
      const path = yield* file
      const token = "t0k3n-of-the-gateway-77"
      const server = yield* FaultServer.make([
        Reply.status(500, { body: `POST /${token}/v1/messages failed` }),
        answerOf("anthropic-messages")
      ])
      yield* recorded(path, (pool) =>
        Effect.flatMap(providerOf("anthropic-messages", `${server.url}/${token}`, { pool }), (provider) =>
          generate(provider)
        )
      )
      const content = yield* assertClean(path, [token, "127.0.0.1"])
      assert.include(content, `"path": "/v1/messages"`)
    }).pipe(disk)
  )

  it.scoped("has none of the secrets that its options name, in any form", () =>
    Effect.gen(function* () {
      const path = yield* file
      const ascii = JSON.stringify(customer).replace(
        /[^ -~]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`
      )
      const body = Buffer.from(`{"a":${JSON.stringify(customer)},"b":${ascii},"c":"${encodeURIComponent(customer)}"}`)
      const chunks = Array.from(body, (_, at) => body.subarray(at, at + 1))
      const secrets = [Redacted.make(customer)]
      const given = yield* recorded(path, (pool) => chunksFrom(pool, JSON.stringify({ prompt: customer })), {
        pool: poolOf(chunks),
        secrets
      })
      assert.strictEqual(Buffer.concat(given).toString(), body.toString(), "what the program gets is not changed")
      // Nor any part of it.
      yield* assertClean(path, [customer, ascii.slice(1, -1), "Söhne", 'hne"', "GmbH"])
      const again = yield* replayed(path, (pool) => chunksFrom(pool, JSON.stringify({ prompt: customer })), { secrets })
      assert.deepStrictEqual(
        again.map(({ length }) => length),
        chunks.map(({ length }) => length)
      )
      assert.isObject(JSON.parse(Buffer.concat(again).toString()))
    }).pipe(disk)
  )

  it.scoped("has no key that stands in the failure of a connection", () =>
    Effect.gen(function* () {
      const path = yield* file
      const failing = Layer.map(poolOf([]), (context) => {
        const pool = Context.get(context, ConnectionPool.ConnectionPool)
        const cause = Object.assign(new Error(`401 for ${key}`), { code: "UND_ERR_ABORTED" })
        const fetch = () => Promise.reject(new Error(`the proxy said: ${key}`, { cause }))
        return Context.make(ConnectionPool.ConnectionPool, { ...pool, fetch })
      })
      const use = (pool: Provider.Options["pool"]) =>
        Effect.flatMap(
          providerOf("anthropic-messages", "http://127.0.0.1:9", { pool, apiKey: Redacted.make(key) }),
          (provider) => Effect.flip(generate(provider))
        )
      yield* recorded(path, use, { pool: failing })
      assert.include(yield* assertClean(path, [key]), "the proxy said: [redacted]")
      const error = yield* replayed(path, use)
      assert(error._tag === "ConnectionFailed" && error.reason === "proxy", error.message)
    }).pipe(disk)
  )

  it.scoped("keeps what only looks like a key, and keys that are too short to be told from words", () =>
    Effect.gen(function* () {
      const path = yield* file
      const server = yield* FaultServer.make([Reply.stream(eventsOf("chat-completions"))])
      yield* recorded(path, (pool) =>
        Effect.flatMap(providerOf("chat-completions", server.url, { pool, apiKey: Redacted.make("air") }), (provider) =>
          generate(provider, "what does sk-proj-000000000000 mean?")
        )
      )
      const content = yield* textOf(path)
      assert.include(content, "Because air ")
      assert.include(content, "sk-proj-000000000000")
    }).pipe(disk)
  )

  it.scoped("is answered from for another key than the one it was recorded with", () =>
    Effect.gen(function* () {
      const path = yield* file
      const server = yield* FaultServer.make([answerOf("anthropic-messages")])
      const use = (apiKey: string) => (pool: Provider.Options["pool"]) =>
        Effect.flatMap(
          Provider.make(Vendors.anthropic, { apiKey: Redacted.make(apiKey), baseUrl: server.url, pool }),
          (provider) => generate(provider, `${apiKey} is my key`)
        )
      const first = yield* recorded(path, use(key))
      const second = yield* replayed(path, use("sk-another-key-altogether"))
      assert.strictEqual(second.text, first.text)
    }).pipe(disk)
  )
})
