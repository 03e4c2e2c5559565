import * as Http2 from "node:http2"
import * as Https from "node:https"
import * as Net from "node:net"
import type { TlsOptions } from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import { AnthropicClient, ConnectionPool, InvalidOptions } from "effect-redial"
import { fixture } from "../support/client/certificates.js"
import { answered, bodyOf, eventsOf, failureOf, post, provider } from "../support/client/world.js"

const ca = fixture("ca.pem")
const server = { cert: fixture("server.pem"), key: fixture("server.key") }
const client = { cert: fixture("client.pem"), key: Redacted.make(fixture("client.key")) }
const body = eventsOf("anthropic-messages").join("")

/** A server with a certificate of a private CA. It answers well, or not at all if `silent`. */
const serve = (options: TlsOptions & { readonly silent?: boolean } = {}) =>
  Effect.gen(function* () {
    const seen = { connections: 0, open: 0 }
    const listener = Https.createServer({ ...server, ...options }, (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      if (options.silent) response.write(body.slice(0, 600))
      else response.end(body)
    })
    const closed: Array<() => void> = []
    listener.on("connection", (socket) => {
      seen.connections++
      seen.open++
      socket.on("close", () => {
        seen.open--
        for (const tell of closed.splice(0)) tell()
      })
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        listener.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.sync(() => {
          listener.close()
          listener.closeAllConnections()
        })
    )
    const allClosed: Effect.Effect<void> = Effect.suspend(() =>
      seen.open === 0 ? Effect.void : Effect.async<void>((resume) => void closed.push(() => resume(allClosed)))
    )
    const { port } = listener.address() as Net.AddressInfo
    return { url: `https://localhost:${port}`, port, seen, allClosed }
  })

const refusal = (url: string, pool: ConnectionPool.Options) =>
  Effect.gen(function* () {
    const error = failureOf(yield* Effect.exit(answered(yield* provider(url, pool))))
    assert.strictEqual(error._tag, "ConnectionFailed")
    return error as Extract<typeof error, { readonly _tag: "ConnectionFailed" }>
  })

describe("a server with a certificate of a private CA", () => {
  for (const given of [ca, [ca], ["", ca]]) {
    it.scopedLive(`is trusted when the CA is given (${Array.isArray(given) ? given.length : "as one text"})`, () =>
      Effect.gen(function* () {
        const { seen, url } = yield* serve()
        const trusting = yield* provider(url, { tls: { ca: given } })
        yield* answered(trusting)
        yield* answered(trusting)
        assert.strictEqual(seen.connections, 1)
      })
    )
  }

  it.scopedLive("is refused when it is not given, and the error says why", () =>
    Effect.gen(function* () {
      const { allClosed, url } = yield* serve()
      const error = yield* refusal(url, {})
      assert.strictEqual(error.reason, "tls")
      assert.match(error.message, /TLS could not be set up: unable to (verify|get)/)
      yield* allClosed
    })
  )

  // Other systems have but one loopback address.
  it.scopedLive("is refused under a name that its certificate does not have", () =>
    Effect.gen(function* () {
      const cert = fixture("elsewhere.pem")
      const { url } = yield* serve({ cert, key: fixture("elsewhere.key") })
      const error = yield* refusal(url, { tls: { ca: cert } })
      assert.strictEqual(error.reason, "tls")
      assert.match(error.message, /ERR_TLS_CERT_ALTNAME_INVALID/)
    })
  )

  it.scopedLive("loses its sockets when the pool is closed, whatever they are doing", () =>
    Effect.gen(function* () {
      const { allClosed, seen, url } = yield* serve({ silent: true })
      const scope = yield* Scope.make()
      const pool = yield* Scope.extend(ConnectionPool.make({ tls: { ca } }), scope)
      yield* post(pool, url)
      yield* post(pool, url)
      assert.strictEqual(seen.open, 2)
      yield* Scope.close(scope, Exit.void)
      yield* allClosed
    })
  )

  it.scopedLive("has a connection renewed, which keeps what the options say", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* serve()
      const pool = yield* ConnectionPool.make({ tls: { ca } })
      yield* pool.retire
      assert.strictEqual(yield* Effect.flatMap(post(pool, url), (r) => bodyOf(pool, r)), body)
      assert.strictEqual(seen.connections, 1)
    })
  )
})

describe("a server that demands a client certificate", () => {
  const demanding = serve({ ca, requestCert: true, rejectUnauthorized: true })

  it.scopedLive("is given the one in the options", () =>
    Effect.gen(function* () {
      const { url } = yield* demanding
      yield* answered(yield* provider(url, { tls: { ca, ...client } }))
    })
  )

  it.scopedLive("refuses a client that has none, and the error is about TLS", () =>
    Effect.gen(function* () {
      const { url } = yield* demanding
      const error = yield* refusal(url, { tls: { ca } })
      assert.include(["tls", "reset"], error.reason)
    })
  )

  it.scopedLive("refuses one that another CA signed", () =>
    Effect.gen(function* () {
      // The server's own certificate is not good for clients.
      const { url } = yield* demanding
      const error = yield* refusal(url, { tls: { ca, cert: server.cert, key: Redacted.make(server.key) } })
      assert.include(["tls", "reset"], error.reason)
      assert.notInclude(error.message, server.key)
    })
  )
})

describe("TLS that cannot be", () => {
  it.scopedLive("a server that does not speak it is an error about TLS", () =>
    Effect.gen(function* () {
      const plain = Net.createServer((socket) => {
        socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n")
      })
      yield* Effect.acquireRelease(
        Effect.async<void>((resume) => {
          plain.listen(0, "127.0.0.1", () => resume(Effect.void))
        }),
        () => Effect.sync(() => plain.close())
      )
      const error = yield* refusal(`https://localhost:${(plain.address() as Net.AddressInfo).port}`, { tls: { ca } })
      assert.strictEqual(error.reason, "tls")
    })
  )

  for (const [what, option, tls] of [
    ["a CA that is none", "ca", { ca: "not a certificate" }],
    ["an empty CA", "ca", { ca: "" }],
    ["a list of nothing", "ca", { ca: [""] }],
    ["a CA that is none beside one", "ca", { ca: [ca, "not a certificate"] }],
    ["a certificate that is none", "cert", { ca, cert: "not a certificate", key: client.key }],
    [
      "a key that is none",
      "key",
      { ca, cert: client.cert, key: Redacted.make("-----BEGIN PRIVATE KEY-----\ncanary\n") }
    ],
    ["a key of another certificate", "key", { ca, cert: client.cert, key: Redacted.make(server.key) }]
  ] as const) {
    it.scopedLive(`${what} is found when the layer is built, and the error has no key in it`, () =>
      Effect.gen(function* () {
        const builds: ReadonlyArray<Effect.Effect<unknown, unknown, Scope.Scope>> = [
          provider("https://localhost:9", { tls }),
          ConnectionPool.make({ tls }),
          AnthropicClient.make({ apiKey: Redacted.make("canary"), pool: { tls } })
        ]
        for (const build of builds) {
          const error = yield* Effect.flip(build)
          assert(error instanceof InvalidOptions.InvalidOptions, String(error))
          assert.strictEqual(error.option, `tls.${option}`)
          assert.notInclude(JSON.stringify(error) + String(error), "canary")
        }
      })
    )
  }
})

describe("allowH2", () => {
  it.scopedLive("speaks HTTP/2 where the server does, and is off by default", () =>
    Effect.gen(function* () {
      const versions: Array<string> = []
      const listener = Http2.createSecureServer({ ...server, allowHTTP1: true }, (request, response) => {
        versions.push(request.httpVersion)
        response.writeHead(200, { "content-type": "text/event-stream" })
        if (request.url === "/live") response.write(body.slice(0, 600))
        else response.end(body)
      })
      yield* Effect.acquireRelease(
        Effect.async<void>((resume) => {
          listener.listen(0, "127.0.0.1", () => resume(Effect.void))
        }),
        () => Effect.sync(() => listener.close())
      )
      const url = `https://localhost:${(listener.address() as Net.AddressInfo).port}`
      yield* Effect.scoped(
        Effect.gen(function* () {
          const pool = yield* ConnectionPool.make({ tls: { ca }, allowH2: true })
          for (let i = 0; i < 3; i++) yield* Effect.flatMap(post(pool, url), (r) => bodyOf(pool, r))
          // One is retired while it is live, and one is live when the pool is closed.
          yield* post(pool, `${url}/live`)
          yield* pool.retire
          yield* post(pool, `${url}/live`)
        })
      )
      yield* Effect.scoped(Effect.flatMap(provider(url, { tls: { ca } }), answered))
      assert.deepStrictEqual(versions, ["2.0", "2.0", "2.0", "2.0", "2.0", "1.1"])
    })
  )
})
