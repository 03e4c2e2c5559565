import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Schedule } from "effect"
import { OpenAiClient, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { environment, identity, sent } from "../support/client/wire.js"
import { answered, answerOf, apiKey } from "../support/client/world.js"

const protocol = "chat-completions"
const send = (options: Partial<OpenAiClient.Options> = {}, path = "/v1") =>
  sent(protocol, (url) => OpenAiClient.make({ apiKey, baseUrl: url + path, ...options }))

describe("a request", () => {
  it.scopedLive("carries the key as a bearer token, and as nothing else", () =>
    Effect.gen(function* () {
      const { headers } = yield* send()
      assert.deepStrictEqual(identity(headers), { authorization: "Bearer test-key" })
    })
  )

  it.scopedLive("carries the key as x-api-key where that is asked for, and as nothing else", () =>
    Effect.gen(function* () {
      const { headers } = yield* send({ auth: "x-api-key" })
      assert.deepStrictEqual(identity(headers), { "x-api-key": "test-key" })
    })
  )

  for (const [path, expected] of [
    ["/v1", "/v1/chat/completions"],
    ["/v1/", "/v1/chat/completions"],
    ["/compatible-mode/v1", "/compatible-mode/v1/chat/completions"],
    ["", "/chat/completions"]
  ] as const) {
    it.scopedLive(`to a base URL that ends in ${path === "" ? "its host" : path} goes to ${expected}`, () =>
      Effect.gen(function* () {
        const received = yield* send({}, path)
        assert.deepStrictEqual([received.method, received.path], ["POST", expected])
      })
    )
  }

  it.scopedLive("carries the headers of the options", () =>
    Effect.gen(function* () {
      const { headers } = yield* send({ headers: { "X-Tenant": "t", "OpenAI-Organization": "org" } })
      assert.deepStrictEqual([headers["x-tenant"], headers["openai-organization"]], ["t", "org"])
    })
  )
})

describe("the environment", () => {
  it.scopedLive("changes nothing of what is sent", () =>
    Effect.gen(function* () {
      const plain = yield* send()
      yield* environment({
        OPENAI_API_KEY: "canary",
        OPENAI_ADMIN_KEY: "canary",
        OPENAI_BASE_URL: "http://canary.test",
        OPENAI_ORG_ID: "canary",
        OPENAI_PROJECT_ID: "canary",
        OPENAI_WEBHOOK_SECRET: "canary",
        OPENAI_CUSTOM_HEADERS: "x-canary: canary\nauthorization: canary",
        OPENAI_LOG: "debug",
        AZURE_OPENAI_API_KEY: "canary"
      })
      const changed = yield* send()
      const { host: _, ...before } = plain.headers
      const { host: __, ...after } = changed.headers
      assert.deepStrictEqual(after, before)
      assert.deepStrictEqual([changed.path, changed.body], [plain.path, plain.body])
      assert.notInclude(JSON.stringify(changed), "canary")
    })
  )
})

describe("a vendor of the protocol", () => {
  const custom = Vendors.custom({ id: "custom", protocol, baseUrl: "http://replaced.test" })
  const vendors = {
    openai: (baseUrl: string) => Provider.make(Vendors.openai, { apiKey, baseUrl }),
    alibaba: (baseUrl: string) => Provider.make(Vendors.alibaba, { apiKey, baseUrl }),
    custom: (baseUrl: string) => Provider.make(custom, { apiKey, baseUrl })
  }
  for (const [id, make] of Object.entries(vendors)) {
    it.scopedLive(`(${id}) is shown exactly one credential`, () =>
      Effect.gen(function* () {
        yield* environment({ OPENAI_API_KEY: "canary", OPENAI_ADMIN_KEY: "canary", OPENAI_ORG_ID: "canary" })
        const server = yield* FaultServer.make([answerOf(protocol)])
        yield* answered(yield* make(`${server.url}/v1`))
        const [received] = yield* server.requests
        assert.deepStrictEqual(identity(received?.headers ?? {}), { authorization: "Bearer test-key" })
      })
    )
  }

  it.scopedLive("(custom) may take its key as x-api-key and want headers of its own", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answerOf(protocol)])
      const gateway = Vendors.custom({
        id: "gateway",
        protocol,
        baseUrl: `${server.url}/v1`,
        auth: "x-api-key",
        headers: { "x-gateway": "g" }
      })
      yield* answered(yield* Provider.make(gateway, { apiKey, headers: { "x-tenant": "t" } }))
      const [received] = yield* server.requests
      assert.deepStrictEqual(identity(received?.headers ?? {}), { "x-api-key": "test-key" })
      assert.deepStrictEqual([received?.headers["x-gateway"], received?.headers["x-tenant"]], ["g", "t"])
    })
  )
})

describe("the SDK's own retries", () => {
  for (const status of [408, 409, 429, 500, 503, 529]) {
    it.scopedLive(`are off: ${status} is one request, even where the server asks for more`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([
          Reply.status(status, {
            headers: { "x-should-retry": "true", "retry-after-ms": "1", "x-request-id": "req_1" },
            body: Wire.errorBody(protocol)
          })
        ])
        const provider = yield* Provider.make(Vendors.openai, {
          apiKey,
          baseUrl: `${server.url}/v1`,
          retry: Schedule.stop
        })
        const error = yield* Effect.flip(answered(provider))
        assert.deepStrictEqual([error.status, error.requestId, error.retryAfterMillis], [status, "req_1", 1])
        assert.strictEqual((yield* server.requests).length, 1)
      })
    )
  }
})

describe("layers", () => {
  it.scopedLive("layerConfig reads what it is told to", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answerOf(protocol)])
      const values = ConfigProvider.fromMap(
        new Map([
          ["KEY", "from-config"],
          ["URL", `${server.url}/v1`]
        ])
      )
      const live = OpenAiClient.layerConfig({ apiKey: Config.redacted("KEY"), baseUrl: Config.string("URL") })
      const context = yield* Layer.build(
        Provider.layerFromClient(OpenAiClient.OpenAiClient).pipe(
          Layer.provide(live),
          Layer.provide(Layer.setConfigProvider(values))
        )
      )
      yield* answered(yield* Effect.provide(Provider.Provider, context))
      const [received] = yield* server.requests
      assert.deepStrictEqual(identity(received?.headers ?? {}), { authorization: "Bearer from-config" })
    })
  )
})
