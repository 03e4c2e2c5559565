import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Redacted, Schedule } from "effect"
import { AnthropicClient, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { environment, identity, sent } from "../support/client/wire.js"
import { answered, answerOf, apiKey } from "../support/client/world.js"

const protocol = "anthropic-messages"
const send = (options: Partial<AnthropicClient.Options> = {}, path = "") =>
  sent(protocol, (url) => AnthropicClient.make({ apiKey, baseUrl: url + path, ...options }))

describe("a request", () => {
  it.scopedLive("carries the key as x-api-key, and as nothing else", () =>
    Effect.gen(function* () {
      const { headers } = yield* send()
      assert.deepStrictEqual(identity(headers), { "x-api-key": "test-key" })
    })
  )

  it.scopedLive("carries the key as a bearer token where that is asked for, and as nothing else", () =>
    Effect.gen(function* () {
      const { headers } = yield* send({ auth: "bearer" })
      assert.deepStrictEqual(identity(headers), { authorization: "Bearer test-key" })
    })
  )

  for (const [path, expected] of [
    ["", "/v1/messages"],
    ["/", "/v1/messages"],
    ["/v1", "/v1/messages"],
    ["/v1/", "/v1/messages"],
    ["/anthropic", "/anthropic/v1/messages"],
    ["/anthropic/v1//", "/anthropic/v1/messages"],
    ["/a%20b/c", "/a%20b/c/v1/messages"]
  ] as const) {
    it.scopedLive(`to a base URL that ends in ${path === "" ? "its host" : path} goes to ${expected}`, () =>
      Effect.gen(function* () {
        const received = yield* send({}, path)
        assert.deepStrictEqual([received.method, received.path], ["POST", expected])
      })
    )
  }

  it.scopedLive("names a version of the protocol, and the one in the options if there is one", () =>
    Effect.gen(function* () {
      assert.match((yield* send()).headers["anthropic-version"] ?? "", /^\d{4}-\d\d-\d\d$/)
      const { headers } = yield* send({ headers: { "Anthropic-Version": "2023-06-01", "anthropic-beta": "a,b" } })
      assert.strictEqual(headers["anthropic-version"], "2023-06-01")
      assert.strictEqual(headers["anthropic-beta"], "a,b")
    })
  )

  it.scopedLive("is in JSON, asks for a stream, and is announced with its length", () =>
    Effect.gen(function* () {
      const { body, headers, json } = yield* send()
      assert.strictEqual(headers["content-type"], "application/json")
      assert.strictEqual(headers["content-length"], String(Buffer.byteLength(body)))
      assert.deepInclude(json, { model: "m", stream: true })
      assert.notProperty(headers, "accept-encoding")
    })
  )
})

describe("the environment", () => {
  it.scopedLive("changes nothing of what is sent", () =>
    Effect.gen(function* () {
      const plain = yield* send()
      yield* environment({
        ANTHROPIC_API_KEY: "canary",
        ANTHROPIC_AUTH_TOKEN: "canary",
        ANTHROPIC_BASE_URL: "http://canary.test",
        ANTHROPIC_CUSTOM_HEADERS: "x-canary: canary\nanthropic-version: canary\nauthorization: canary",
        ANTHROPIC_LOG: "debug",
        ANTHROPIC_PROFILE: "canary",
        ANTHROPIC_CONFIG_DIR: "/nonexistent/canary",
        ANTHROPIC_IDENTITY_TOKEN: "canary",
        ANTHROPIC_IDENTITY_TOKEN_FILE: "/nonexistent/canary",
        ANTHROPIC_ORGANIZATION_ID: "canary",
        ANTHROPIC_WEBHOOK_SIGNING_KEY: "canary"
      })
      const changed = yield* send()
      const { host: _, ...before } = plain.headers
      const { host: __, ...after } = changed.headers
      assert.deepStrictEqual(after, before)
      assert.deepStrictEqual([changed.path, changed.body], [plain.path, plain.body])
      assert.notInclude(JSON.stringify(changed), "canary")
    })
  )

  it.scopedLive("makes the SDK log nothing", () =>
    Effect.gen(function* () {
      yield* environment({ ANTHROPIC_LOG: "debug" })
      const said: Array<unknown> = []
      const original = { ...console }
      const listen = (...args: ReadonlyArray<unknown>): void => void said.push(args)
      Object.assign(console, { debug: listen, info: listen, log: listen, warn: listen, error: listen })
      yield* Effect.addFinalizer(() => Effect.sync(() => Object.assign(console, original)))
      yield* send()
      assert.deepStrictEqual(said, [])
    })
  )
})

describe("a vendor of the protocol", () => {
  const expected = {
    anthropic: { "x-api-key": "test-key" },
    minimax: { authorization: "Bearer test-key" },
    alibaba: { authorization: "Bearer test-key" },
    custom: { "x-api-key": "test-key" }
  }
  const vendors = {
    anthropic: Vendors.anthropic,
    minimax: Vendors.minimax,
    alibaba: Vendors.alibaba,
    custom: Vendors.custom({ id: "custom", protocol, baseUrl: "http://replaced.test" })
  }
  for (const name of ["anthropic", "minimax", "alibaba", "custom"] as const) {
    it.scopedLive(`(${name}) is shown exactly one credential`, () =>
      Effect.gen(function* () {
        yield* environment({ ANTHROPIC_API_KEY: "canary", ANTHROPIC_AUTH_TOKEN: "canary" })
        const server = yield* FaultServer.make([answerOf(protocol)])
        const options = { apiKey, baseUrl: server.url, headers: { "x-tenant": "t" } }
        const provider =
          name === "alibaba"
            ? yield* Provider.make(vendors.alibaba, { ...options, protocol })
            : yield* Provider.make(vendors[name], options)
        yield* answered(provider)
        const [received] = yield* server.requests
        assert.deepStrictEqual(identity(received?.headers ?? {}), expected[name])
        assert.strictEqual(received?.headers["x-tenant"], "t")
        assert.strictEqual(received?.path, "/v1/messages")
      })
    )
  }
})

describe("the SDK's own retries", () => {
  for (const status of [408, 409, 429, 500, 503, 529]) {
    it.scopedLive(`are off: ${status} is one request, even where the server asks for more`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([
          Reply.status(status, {
            headers: { "x-should-retry": "true", "retry-after-ms": "1" },
            body: Wire.errorBody(protocol)
          })
        ])
        const provider = yield* Provider.make(Vendors.minimax, {
          apiKey,
          baseUrl: server.url,
          retry: Schedule.stop
        })
        const error = yield* Effect.flip(answered(provider))
        assert.strictEqual(error.status, status)
        assert.strictEqual((yield* server.requests).length, 1)
      })
    )
  }

  it.scopedLive("are off for a connection that breaks before its answer", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.closeBeforeHead("rst")])
      const provider = yield* Provider.make(Vendors.minimax, { apiKey, baseUrl: server.url, retry: Schedule.stop })
      const error = yield* Effect.flip(answered(provider))
      assert(error._tag === "ConnectionFailed" && error.reason === "reset", String(error))
      assert.strictEqual((yield* server.requests).length, 1)
    })
  )
})

describe("layers", () => {
  it.scopedLive("layerConfig reads what it is told to, and nothing else", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answerOf(protocol)])
      const values = ConfigProvider.fromMap(
        new Map([
          ["KEY", "from-config"],
          ["URL", `${server.url}/v1`]
        ])
      )
      const live = AnthropicClient.layerConfig(
        { apiKey: Config.redacted("KEY"), baseUrl: Config.string("URL") },
        { headers: { "x-tenant": "t" } }
      ).pipe(Layer.provide(Layer.setConfigProvider(values)))
      const context = yield* Layer.build(
        Provider.layerFromClient(AnthropicClient.AnthropicClient).pipe(Layer.provide(live))
      )
      yield* answered(yield* Effect.provide(Provider.Provider, context))
      const [received] = yield* server.requests
      assert.deepStrictEqual(identity(received?.headers ?? {}), { "x-api-key": "from-config" })
      assert.deepStrictEqual([received?.headers["x-tenant"], received?.path], ["t", "/v1/messages"])
    })
  )

  it.scopedLive("a missing key is a ConfigError, and an empty one is InvalidOptions", () =>
    Effect.gen(function* () {
      const live = AnthropicClient.layerConfig({ apiKey: Config.redacted("KEY") })
      const build = (values: Map<string, string>) =>
        Layer.build(live.pipe(Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(values))))).pipe(Effect.flip)
      assert.strictEqual((yield* build(new Map()))._tag, "ConfigError")
      assert.strictEqual((yield* build(new Map([["KEY", ""]])))._tag, "InvalidOptions")
    })
  )

  it.scopedLive("building one loads nothing and dials nothing until there is a request", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answerOf(protocol)])
      const client = yield* AnthropicClient.make({ apiKey: Redacted.make("k"), baseUrl: server.url })
      assert.strictEqual((yield* client.connections.stats).acquired, 0)
      assert.strictEqual((yield* server.stats).connectionsOpened, 0)
      assert.deepStrictEqual([client.provider, client.protocol, client.baseUrl], ["anthropic", protocol, server.url])
    })
  )
})
