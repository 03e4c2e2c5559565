/**
 * Where the key of a provider comes from, and how it is shown.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Config, ConfigProvider, Effect, Exit, Layer, Option, Redacted, Schedule, Schema } from "effect"
import { Credentials, InvalidOptions, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import { apiKey } from "../support/client/world.js"
import { everywhere, fields, known, refusal, request, sentBy } from "../support/vendors/world.js"

describe("a key", () => {
  for (const id of ["ollama", "lmstudio", "vllm", "llama-cpp"] as const) {
    it.scopedLive(`is not wanted by ${id}, and then none is sent`, () =>
      Effect.gen(function* () {
        const vendor = Vendors.get(id)
        for (const { protocol } of vendor.endpoints) {
          const { credentials } = yield* sentBy((options) => Provider.make(vendor, { ...options, protocol }), request)
          assert.deepStrictEqual(credentials, {})
        }
      })
    )
  }

  it.scopedLive("of a call is refused by a provider that shows none", () =>
    Effect.gen(function* () {
      const { pool, server } = yield* everywhere
      const own = { retry: Schedule.stop, pool }
      const keyless = yield* Provider.make(Vendors.vllm, own)
      const signed = yield* Provider.make(Vendors.azure, { ...own, resource: "r", auth: "none" })
      const keys = yield* Credentials.make([Credentials.fromKey(apiKey)])
      for (const provider of [keyless, signed]) {
        for (const credential of [apiKey, keys]) {
          const error = yield* Effect.flip(provider.generate(request, { credential }))
          assert(error._tag === "InvalidRequest")
          assert.strictEqual(error.field, "credential")
          assert.include(error.description, "sends no key")
        }
      }
      assert.deepStrictEqual(yield* server.requests, [])
      const shown = yield* Provider.make(Vendors.vllm, { ...own, apiKey })
      yield* shown.generate(request, { credential: Redacted.make("tenant") })
      const [received] = yield* server.requests
      assert.strictEqual(received?.headers.authorization, "Bearer tenant")
    })
  )

  it.scoped("is missed where the caller says how it is shown, also where none is needed", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* refusal(known("vllm"), { auth: "bearer" })).option, "apiKey")
    })
  )

  it.scoped("is missed elsewhere, with what to do", () =>
    Effect.gen(function* () {
      const error = yield* refusal(known("deepseek"), {})
      assert.strictEqual(error.option, "apiKey")
      assert.match(error.message, /DeepSeek.*layerFromEnv/)
    })
  )

  for (const name of ["api-key", "cf-aig-authorization", "x-api-key", "authorization"]) {
    it.scoped(`may not come a second time, as the header ${name}`, () =>
      Effect.gen(function* () {
        const error = yield* refusal(known("openai"), { apiKey, headers: { [name]: "k" } })
        assert.strictEqual(error.option, "headers")
      })
    )
  }

  it.scopedLive("is shown as the caller says, and in no other way", () =>
    Effect.gen(function* () {
      const { credentials } = yield* sentBy(
        (options) => Provider.make(Vendors.cloudflare, { ...options, ...fields, apiKey, auth: "bearer" }),
        request
      )
      assert.deepStrictEqual(credentials, { authorization: "Bearer test-key" })
      const oauth = { apiKey, auth: "bearer", headers: { "anthropic-beta": "oauth-2025-04-20" } } as const
      const shown = yield* sentBy((options) => Provider.make(Vendors.anthropic, { ...options, ...oauth }), request)
      assert.deepStrictEqual(shown.credentials, credentials)
      assert.strictEqual(shown.headers["anthropic-beta"], "oauth-2025-04-20")
    })
  )

  for (const [what, wrong, says] of [
    ["a variable that is not set", Redacted.make(undefined), "is empty"],
    ["plain text", "sk-secret", "Redacted.make"]
  ] as const) {
    it.scoped(`is not ${what}, and that is found at once`, () =>
      Effect.gen(function* () {
        const error = yield* refusal(known("openai"), { apiKey: wrong })
        assert.strictEqual(error.option, "apiKey")
        assert.include(error.message, says)
        assert.notInclude(error.message, "sk-secret")
      })
    )
  }
})

describe("layerFromEnv", () => {
  /** The environment, in place of the real one. */
  const from = (values: Readonly<Record<string, string>>) =>
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(values))))

  /** What the layer's provider sends. */
  const sent = <E>(make: (options: Pick<Provider.Settings, "pool">) => Layer.Layer<Provider.Provider, E>) =>
    Effect.gen(function* () {
      const { pool, server } = yield* everywhere
      yield* Effect.provide(Provider.generate(request), make({ pool }))
      const [received] = yield* server.requests
      assert(received !== undefined)
      const { "api-key": apiKey, authorization, host } = received.headers
      return { authorization, host, apiKey, path: received.path }
    })

  it.scopedLive("reads the key from the vendor's own variable", () =>
    Effect.gen(function* () {
      const { authorization, host } = yield* sent((options) => Provider.layerFromEnv(Vendors.minimaxCn, options))
      assert.deepStrictEqual([host, authorization], ["api.minimaxi.com", "Bearer from-env"])
    }).pipe(from({ MINIMAX_API_KEY: "from-env", OPENAI_API_KEY: "canary" }))
  )

  it.scopedLive("reads what is a part of the address too", () =>
    Effect.gen(function* () {
      const azure = yield* sent((options) =>
        Provider.layerFromEnv(Vendors.azure, { ...options, protocol: "responses" })
      )
      assert.deepStrictEqual(
        [azure.host, azure.path, azure.apiKey],
        ["res.openai.azure.com", "/openai/v1/responses", "from-env"]
      )
    }).pipe(from({ AZURE_OPENAI_API_KEY: "from-env", AZURE_RESOURCE_NAME: "res" }))
  )

  it.scopedLive("wants no part of an address that is given", () =>
    Effect.gen(function* () {
      const baseUrl = "https://r.openai.azure.us/openai/v1"
      const { host } = yield* sent((options) => Provider.layerFromEnv(Vendors.azure, { ...options, baseUrl }))
      assert.strictEqual(host, "r.openai.azure.us")
    }).pipe(from({ AZURE_OPENAI_API_KEY: "from-env" }))
  )

  it.scopedLive("shows a key where none is needed, if there is one", () =>
    Effect.gen(function* () {
      const send = sent((options) => Provider.layerFromEnv(Vendors.vllm, options))
      assert.strictEqual((yield* send.pipe(from({}))).authorization, undefined)
      assert.strictEqual((yield* send.pipe(from({ VLLM_API_KEY: "k" }))).authorization, "Bearer k")
      assert.strictEqual(
        (yield* sent((options) => Provider.layerFromEnv(Vendors.llamaCpp, options))).host,
        "localhost:8080"
      )
    })
  )

  it.scopedLive("wants no key where none is shown, and shows none that is there", () =>
    Effect.gen(function* () {
      const send = sent((options) => Provider.layerFromEnv(Vendors.azure, { ...options, auth: "none" }))
      for (const env of [{}, { AZURE_OPENAI_API_KEY: "k" }]) {
        const { apiKey, authorization } = yield* send.pipe(from({ AZURE_RESOURCE_NAME: "r", ...env }))
        assert.deepStrictEqual([apiKey, authorization], [undefined, undefined])
      }
    })
  )

  it.scopedLive("takes any vendor that is chosen at run time", () =>
    Effect.gen(function* () {
      const id = yield* Config.string("VENDOR")
      const vendor = Option.getOrThrow(Vendors.find(id))
      assert.strictEqual((yield* sent((options) => Provider.layerFromEnv(vendor, options))).host, "api.groq.com")
    }).pipe(from({ VENDOR: "groq", GROQ_API_KEY: "k" }))
  )

  it.scoped("names the variable that is missing", () =>
    Effect.gen(function* () {
      const built = (env: Readonly<Record<string, string>>) =>
        Effect.exit(Layer.build(Provider.layerFromEnv(Vendors.azure)).pipe(from(env)))
      for (const [env, missing] of [
        [{ AZURE_RESOURCE_NAME: "r" }, "AZURE_OPENAI_API_KEY"],
        [{ AZURE_OPENAI_API_KEY: "k" }, "AZURE_RESOURCE_NAME"]
      ] as const) {
        const exit = yield* built(env)
        assert(Exit.isFailure(exit))
        assert.include(Cause.pretty(exit.cause), missing)
      }
    })
  )

  it.scoped("says so where a vendor has no variable", () =>
    Effect.gen(function* () {
      const own = { id: "own", protocol: "responses", baseUrl: "http://127.0.0.1:1/v1" } as const
      const error = yield* Effect.flip(Layer.build(Provider.layerFromEnv(Vendors.custom(own))))
      assert(Schema.is(InvalidOptions.InvalidOptions)(error))
      assert.strictEqual(error.option, "env")
      yield* Layer.build(Provider.layerFromEnv(Vendors.custom({ ...own, env: "OWN" }))).pipe(from({ OWN: "k" }))
    })
  )

  it.scopedLive("and layerConfig reads whatever is told to it", () =>
    Effect.gen(function* () {
      const { host, apiKey } = yield* sent((options) =>
        Provider.layerConfig(Vendors.azure, { apiKey: Config.redacted("A"), resource: Config.string("B") }, options)
      )
      assert.deepStrictEqual([host, apiKey], ["b.openai.azure.com", "a"])
    }).pipe(from({ A: "a", B: "b" }))
  )
})

describe("a secret", () => {
  it.scoped("is in no error", () =>
    Effect.gen(function* () {
      const apiKey = Redacted.make("sk-secret")
      const errors = [
        yield* refusal(known("azure"), { apiKey }),
        yield* refusal(known("openai"), { apiKey, baseUrl: "https://api.minimax.io/anthropic" }),
        yield* refusal(known("openai"), { apiKey, protocol: "anthropic-messages" })
      ]
      for (const error of errors) assert.notInclude(JSON.stringify(error) + error.message, "sk-secret")
    })
  )

  for (const [what, key] of [
    ["of hexadecimal digits", "0123456789abcdef0123456789abcdef"],
    ["that is a token", "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoxMjN9.abcDEF123"],
    ["of two parts", "1a2b3c4d5e6f.ABCDEFGHIJ"],
    ["that looks like one", "sk-ant-api03-abcdefgh"]
  ] as const) {
    it.scopedLive(`${what} is in no error of a provider that repeats it`, () =>
      Effect.gen(function* () {
        const echo = { error: { message: `Incorrect key ${key} provided`, code: "nope" } }
        const cut = { error: { message: `${"x".repeat(290 - "Incorrect key ".length)}Incorrect key ${key}` } }
        const server = yield* FaultServer.make([
          Reply.status(401, { body: echo }),
          Reply.status(400, { body: cut }),
          Reply.status(200, { body: echo }),
          Reply.stream([`data: ${JSON.stringify(echo)}\n\n`])
        ])
        const own = Vendors.custom({ id: "own", protocol: "chat-completions", baseUrl: `${server.url}/v1` })
        const provider = yield* Provider.make(own, { apiKey: Redacted.make(key), retry: Schedule.stop })
        for (const said of [/Incorrect key \[redacted\] provided/, /x+Incorrect key \[red/, /Incorrect/, /Incorrect/]) {
          const error = yield* Effect.flip(provider.generate(request))
          assert.match(error.description, said)
          assert.notInclude(inspect(error, { depth: 20 }), key.slice(0, 8))
        }
      })
    )
  }
})
