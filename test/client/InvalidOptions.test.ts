/**
 * Options that cannot work are found when the layer is built, and the error says what to do and no secret.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, type Scope } from "effect"
import { AnthropicClient, ConnectionPool, type InvalidOptions, OpenAiClient, Provider, Vendors } from "effect-redial"

const canary = "sk-canary-0123456789"
const good = { apiKey: Redacted.make(canary) }

interface Case {
  readonly what: string
  readonly options: Partial<AnthropicClient.Options>
  readonly option: string
  readonly says: RegExp
}

/** What Effect takes for no time at all, or dies of. */
const noTimes: ReadonlyArray<unknown> = ["soon", "1 fortnight", "", Number.NaN, {}, true, null]

const cases: ReadonlyArray<Case> = [
  { what: "an empty key", options: { apiKey: Redacted.make("") }, option: "apiKey", says: /give the key/ },
  { what: "a blank key", options: { apiKey: Redacted.make(" \n") }, option: "apiKey", says: /give the key/ },
  {
    what: "a key with a line break at its end",
    options: { apiKey: Redacted.make(`${canary}\n`) },
    option: "apiKey",
    says: /line breaks/
  },
  {
    what: "a key that would begin a header of its own",
    options: { apiKey: Redacted.make(`${canary}\r\nx-evil: 1`) },
    option: "apiKey",
    says: /line breaks/
  },
  {
    what: "a key with letters that no header holds",
    options: { apiKey: Redacted.make(`${canary}é`) },
    option: "apiKey",
    says: /characters that no key has/
  },
  { what: "no URL", options: { baseUrl: canary }, option: "baseUrl", says: /must begin with https:/ },
  { what: "an empty URL", options: { baseUrl: "" }, option: "baseUrl", says: /must begin with https:/ },
  { what: "a path", options: { baseUrl: "/v1" }, option: "baseUrl", says: /must begin with https:/ },
  {
    what: "a URL of another kind",
    options: { baseUrl: "ftp://example.com" },
    option: "baseUrl",
    says: /must begin with https: or http:, and begins with ftp:/
  },
  {
    what: "a URL with credentials",
    options: { baseUrl: `https://me:${canary}@example.com` },
    option: "baseUrl",
    says: /the key goes into `apiKey`/
  },
  {
    what: "a URL with a query",
    options: { baseUrl: `https://example.com/v1?key=${canary}` },
    option: "baseUrl",
    says: /query/
  },
  {
    what: "a URL with a fragment",
    options: { baseUrl: "https://example.com/#x" },
    option: "baseUrl",
    says: /fragment/
  },
  {
    what: "a header with a line break",
    options: { headers: { "x-a": `1\r\nx-evil: ${canary}` } },
    option: "headers",
    says: /cannot be sent, "x-a"/
  },
  {
    what: "a header with letters beyond Latin-1",
    options: { headers: { "x-a": `${canary}→` } },
    option: "headers",
    says: /cannot be sent, "x-a"/
  },
  { what: "a header without a name", options: { headers: { "": "1" } }, option: "headers", says: /cannot be sent, ""/ },
  {
    what: "a header whose name has a space",
    options: { headers: { "x a": "1" } },
    option: "headers",
    says: /cannot be sent, "x a"/
  },
  ...["Authorization", "X-Api-Key", "api-key", "Cookie", "Proxy-Authorization"].map((name) => ({
    what: `the credential ${name} among the headers`,
    options: { headers: { [name]: canary } },
    option: "headers",
    says: /the key goes into `apiKey`/
  })),
  {
    what: "another type of body than JSON",
    options: { headers: { "Content-Type": "text/plain" } },
    option: "headers",
    says: /may not set `content-type`: the body is JSON/
  },
  ...["Host", "Content-Length", "transfer-encoding", "connection", "content-encoding", "TE", "Upgrade", "Expect"].map(
    (name) => ({
      what: `the header ${name}, which HTTP sets`,
      options: { headers: { [name]: "1" } },
      option: "headers",
      says: new RegExp(`may not set \`${name.toLowerCase()}\`: HTTP sets it itself`)
    })
  ),
  ...["/messages", "/v1/messages/", "/v1/chat/completions", "/chat/completions//", "/v1/responses"].map((path) => ({
    what: `a base URL that ends in ${path}`,
    options: { baseUrl: `https://example.com${path}` },
    option: "baseUrl",
    says: /ends in `\/(messages|chat\/completions|responses)`, which is added to it: leave that out/
  })),
  ...(["maxAge", "drainLimit"] as const).flatMap((option) =>
    [...noTimes, -1].map((time) => ({
      what: `${time} as ${option}`,
      // Who has no types may give anything.
      options: { [option]: time as never },
      option,
      says: /is not a duration: give a number|must be a number of milliseconds from 0 on/
    }))
  ),
  ...(["connectTimeout", "keepAlive"] as const).flatMap((option) =>
    [...noTimes, -1].map((time) => ({
      what: `${time} as ${option}`,
      options: { pool: { [option]: time as never } },
      option,
      says: /is not a duration: give a number|must be a number of milliseconds from 0 on/
    }))
  ),
  {
    what: "no time to connect",
    options: { pool: { connectTimeout: 0 } },
    option: "connectTimeout",
    says: /more than zero/
  },
  ...[-1, Number.NaN].map((maxDraining) => ({
    what: `${maxDraining} draining generations`,
    options: { maxDraining },
    option: "maxDraining",
    says: /must be a number from 0 on/
  })),
  {
    what: "a quirk that no protocol has",
    options: { quirks: { odd: true } as object },
    option: "quirks.odd",
    says: /is not read over [a-z-]+, which reads .*unsupported: leave it out/
  },
  ...[0, -1, 1.5, Number.NaN].map((connections) => ({
    what: `${connections} connections`,
    options: { pool: { connections } },
    option: "connections",
    says: /must be a whole number above zero/
  })),
  { what: "a proxy that is no URL", options: { pool: { proxy: canary } }, option: "proxy", says: /"environment"/ },
  {
    what: "a client certificate without its key",
    options: { pool: { tls: { cert: canary } } },
    option: "tls",
    says: /without its key/
  },
  {
    what: "a client key without its certificate",
    options: { pool: { tls: { key: Redacted.make(canary) } } },
    option: "tls",
    says: /without its certificate/
  }
]

describe("building a client with", () => {
  for (const { option, options, says, what } of cases) {
    it.effect(`${what} fails, and the error says what to do and no secret`, () =>
      Effect.gen(function* () {
        for (const layer of [
          AnthropicClient.layer({ ...good, ...options }),
          OpenAiClient.layer({ ...good, ...options }),
          Provider.layer(Vendors.minimax, { ...good, ...options })
        ] as ReadonlyArray<Layer.Layer<never, unknown>>) {
          const error: unknown = yield* Layer.build(layer).pipe(Effect.scoped, Effect.flip)
          assert(error instanceof Error && "option" in error)
          assert.strictEqual(error.name, "InvalidOptions")
          assert.strictEqual(error.option, option)
          assert.match(error.message, says)
          for (const text of [String(error), JSON.stringify(error), inspect(error, { depth: 10 }), error.stack]) {
            assert.notInclude(text, canary)
          }
        }
      })
    )
  }

  it.effect("options that can work succeeds", () =>
    Effect.scoped(
      AnthropicClient.make({
        ...good,
        baseUrl: "https://[::1]:8443/a/b",
        headers: { "x-a": "1", "x-latin": "é", "x-tab": "a\tb" },
        pool: {
          connections: 1,
          proxy: "http://me:secret@localhost:3128",
          keepAlive: 0,
          connectTimeout: Duration.infinity
        },
        quirks: { thinking: "enabled", unsupported: ["seed"], ...{ maxTokens: undefined } },
        maxAge: 0,
        drainLimit: Duration.infinity,
        maxDraining: Number.POSITIVE_INFINITY
      })
    )
  )
})

describe("quirks of another protocol", () => {
  // The types refuse them; these are for those who have none.
  const chat: object = { maxTokens: "max_tokens" }
  const messages: object = { thinking: "enabled" }
  for (const [what, layer, says] of [
    [
      "Chat Completions in a client of Anthropic Messages",
      AnthropicClient.make({ ...good, quirks: chat }),
      /`quirks.maxTokens` is not read over anthropic-messages, which reads thinking, systemMessages, unsupported: leave it out/
    ],
    ["Anthropic Messages in a client of OpenAI", OpenAiClient.make({ ...good, quirks: messages }), /quirks.thinking/],
    [
      "Chat Completions in a client of Responses",
      OpenAiClient.make({ ...good, protocol: "responses", quirks: chat }),
      /quirks.maxTokens/
    ],
    ["Chat Completions in a provider", Provider.make(Vendors.minimax, { ...good, quirks: chat }), /quirks.maxTokens/],
    [
      "Anthropic Messages in a vendor of one's own",
      Provider.make(
        Vendors.custom({ id: "own", protocol: "responses", baseUrl: "https://example.com", quirks: messages }),
        good
      ),
      /quirks.thinking/
    ]
  ] as const) {
    it.effect(`are refused: of ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped<unknown, InvalidOptions.InvalidOptions, Scope.Scope>(layer))
        assert.strictEqual(error._tag, "InvalidOptions")
        assert.match(error.message, says)
      })
    )
  }
})

describe("a provider", () => {
  const refusal = (options: Parameters<typeof Provider.make<typeof Vendors.minimax>>[1]) =>
    Provider.make(Vendors.minimax, options).pipe(Effect.scoped, Effect.flip)

  for (const [option, limits] of [
    ["limits.maxAttempts", { maxAttempts: 0 }],
    ["limits.maxAttempts", { maxAttempts: Number.NaN }],
    ["limits.maxContinued", { maxContinued: -1 }],
    ["limits.maxContinued", { maxContinued: Number.NaN }]
  ] as const) {
    it.effect(`takes no ${option} that limits nothing: ${Object.values(limits)}`, () =>
      Effect.gen(function* () {
        const error = yield* refusal({ ...good, limits })
        assert.strictEqual(error.option, option)
        assert.match(error.message, /must be a number from [01] on/)
      })
    )
  }

  for (const option of ["maxElapsed", "maxRetryAfter"] as const) {
    for (const time of [...noTimes, -1]) {
      it.effect(`takes no ${option} of ${time}`, () =>
        Effect.gen(function* () {
          const error = yield* refusal({ ...good, limits: { [option]: time as never } })
          assert.strictEqual(error.option, `limits.${option}`)
          assert.match(error.message, /is not a duration|must be a number of milliseconds from 0 on/)
        })
      )
    }
  }

  it.effect("says how a bare string is to be given as a key, and does not show it", () =>
    Effect.gen(function* () {
      // Who has no types gives a string.
      const error = yield* refusal({ apiKey: canary as unknown as Redacted.Redacted })
      assert.strictEqual(error.option, "apiKey")
      assert.match(error.message, /give Redacted.make\(key\)/)
      assert.notInclude(inspect(error, { depth: 10 }), canary)
    })
  )
})

describe("a pool by itself", () => {
  it.effect("checks its options too", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(ConnectionPool.layer({ connections: 0 })).pipe(Effect.scoped))
      assert.strictEqual(
        error.message,
        "ConnectionPool: the option `connections` is 0: it must be a whole number above zero."
      )
    })
  )
})
