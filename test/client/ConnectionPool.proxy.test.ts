import * as Https from "node:https"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { AnthropicClient, ConnectionPool } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import { fixture } from "../support/client/certificates.js"
import { connectProxy } from "../support/client/connectProxy.js"
import { answered, answerOf, apiKey, bodyOf, eventsOf, flowing, post, provider } from "../support/client/world.js"

const ca = fixture("ca.pem")
const certificate = { cert: fixture("server.pem"), key: fixture("server.key") }
const answer = answerOf("anthropic-messages")
const body = eventsOf("anthropic-messages").join("")
const stalled = Reply.cut(answer, { afterEvents: 6 }, "stall")

const refusal = (url: string, pool: ConnectionPool.Options) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(answered(yield* provider(url, pool)))
    assert(error._tag === "ConnectionFailed", String(error))
    return error
  })

/** Sets variables of the environment for the scope, and takes away all others that name a proxy. */
const environment = (given: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"]
      const before = names.map((name) => [name, process.env[name]] as const)
      for (const name of names) delete process.env[name]
      Object.assign(process.env, given)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

const secureServer = Effect.gen(function* () {
  const listener = Https.createServer(certificate, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.end(body)
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
  return `https://localhost:${(listener.address() as AddressInfo).port}`
})

describe("a proxy", () => {
  it.scopedLive("is asked for a tunnel, which is used again and again", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const proxy = yield* connectProxy()
      const proxied = yield* provider(server.url, { proxy: proxy.url })
      yield* Effect.repeatN(answered(proxied), 9)
      assert.strictEqual(proxy.heads.length, 1)
      assert.include(proxy.heads[0], `CONNECT 127.0.0.1:${server.port} HTTP/1.1`)
      assert.notInclude(proxy.heads[0], "test-key")
      assert.deepStrictEqual((yield* server.stats).requestsPerConnection, [10])
    })
  )

  it.scopedLive("is given the credentials of its URL, and they go no further", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const proxy = yield* connectProxy()
      yield* answered(yield* provider(server.url, { proxy: `http://me:p%40ss@localhost:${proxy.port}` }))
      const expected = `proxy-authorization: Basic ${Buffer.from("me:p@ss").toString("base64")}`
      assert.include(proxy.heads[0]?.toLowerCase(), expected.toLowerCase())
      assert.notProperty((yield* server.requests)[0]?.headers, "proxy-authorization")
    })
  )

  it.scopedLive("carries TLS from end to end, with the CA of the options", () =>
    Effect.gen(function* () {
      const url = yield* secureServer
      const proxy = yield* connectProxy()
      const proxied = yield* provider(url, { proxy: proxy.url, tls: { ca } })
      yield* answered(proxied)
      yield* answered(proxied)
      assert.strictEqual(proxy.heads.length, 1)
      const error = yield* refusal(url, { proxy: proxy.url })
      assert.strictEqual(error.reason, "tls")
    })
  )

  it.scopedLive("may speak TLS itself", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const url = yield* secureServer
      const proxy = yield* connectProxy({ tls: certificate })
      yield* answered(yield* provider(server.url, { proxy: proxy.url, tls: { ca } }))
      yield* answered(yield* provider(url, { proxy: proxy.url, tls: { ca } }))
      assert.strictEqual(proxy.heads.length, 2)
    })
  )

  for (const secure of [false, true]) {
    it.scopedLive(`has all its sockets closed with the pool, live and idle, ${secure ? "with" : "without"} TLS`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make(({ index }) => (index === 1 ? answer : stalled))
        const url = secure ? yield* secureServer : server.url
        const proxy = yield* connectProxy()
        const scope = yield* Scope.make()
        const pool = yield* Scope.extend(ConnectionPool.make({ proxy: proxy.url, tls: { ca } }), scope)
        const [first] = yield* Effect.all([post(pool, url), post(pool, url)], { concurrency: 2 })
        assert.strictEqual(proxy.open(), 2)
        yield* bodyOf(pool, first).pipe(Effect.timeoutOption("50 millis"))
        assert.isAtLeast((yield* pool.stats).open, 1)
        yield* Scope.close(scope, Exit.void)
        yield* proxy.closed
        assert.strictEqual((yield* pool.stats).open, 0)
      })
    )
  }

  it.scopedLive("is dialled again when the pool was retired, and its idle tunnels are closed", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const proxy = yield* connectProxy()
      const pool = yield* ConnectionPool.make({ proxy: proxy.url })
      assert.strictEqual(yield* Effect.flatMap(post(pool, server.url), (r) => bodyOf(pool, r)), body)
      yield* pool.retire
      yield* proxy.closed
      assert.strictEqual(yield* Effect.flatMap(post(pool, server.url), (r) => bodyOf(pool, r)), body)
      yield* proxy.closed
      assert.strictEqual(proxy.opened(), 2)
    })
  )

  it.scopedLive("is not dialled for requests that were interrupted", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([stalled])
      const proxy = yield* connectProxy()
      const proxied = yield* provider(server.url, { proxy: proxy.url })
      const fibers = yield* Effect.replicateEffect(flowing(proxied), 3)
      const more = yield* flowing(proxied)
      yield* Fiber.interruptAll(fibers)
      yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 1)
      yield* Fiber.interrupt(more)
      yield* proxy.closed
      assert.strictEqual(proxy.opened(), 4)
    })
  )

  for (const [what, options, secure] of [
    ["that never answers CONNECT", { answer: "silent" }, false],
    ["whose tunnel leads nowhere", { deaf: true }, true]
  ] as const) {
    it.scopedLive(`${what} is left when the request is interrupted`, () =>
      Effect.gen(function* () {
        const proxy = yield* connectProxy(options)
        const url = secure ? "https://localhost:1" : "http://localhost:1"
        const proxied = yield* provider(url, { proxy: proxy.url })
        const fiber = yield* Effect.fork(answered(proxied))
        yield* secure ? proxy.used : proxy.asked(1)
        yield* Fiber.interrupt(fiber)
        yield* proxy.closed
        assert.strictEqual(proxy.opened(), 1)
      })
    )

    it.scopedLive(`${what} fails when connectTimeout has passed`, () =>
      Effect.gen(function* () {
        const proxy = yield* connectProxy(options)
        const url = secure ? "https://localhost:1" : "http://localhost:1"
        const error = yield* refusal(url, { proxy: proxy.url, connectTimeout: "100 millis" })
        assert.strictEqual(error.reason, "timeout")
        yield* proxy.closed
      })
    )
  }

  for (const status of ["407 Proxy Authentication Required", "502 Bad Gateway", "403 Forbidden"]) {
    it.scopedLive(`that answers ${status} is an error that says so`, () =>
      Effect.gen(function* () {
        const proxy = yield* connectProxy({ answer: `HTTP/1.1 ${status}` })
        for (const url of ["http://api.test", "https://api.test"]) {
          const error = yield* refusal(url, { proxy: `http://me:canary@localhost:${proxy.port}` })
          assert.strictEqual(error.reason, "proxy")
          assert.include(error.message, `the proxy did not connect: Proxy response (${status.slice(0, 3)})`)
          assert.notInclude(JSON.stringify(error), "canary")
        }
        yield* proxy.closed
      })
    )
  }

  it.scopedLive("that is not there is a refused connection", () =>
    Effect.gen(function* () {
      const { port } = yield* Effect.scoped(connectProxy())
      const error = yield* refusal("http://api.test", { proxy: `http://localhost:${port}` })
      assert.strictEqual(error.reason, "refused")
    })
  )

  for (const proxy of ["", "localhost:3128", "socks5://localhost:1080", "ftp://localhost", "http://me:canary@@%%"]) {
    it.effect(`cannot be ${JSON.stringify(proxy)}, as building the layer says`, () =>
      Effect.gen(function* () {
        const built = Layer.build(AnthropicClient.layer({ apiKey, pool: { proxy } })).pipe(Effect.scoped, Effect.flip)
        const error = yield* built
        assert.strictEqual(error._tag, "InvalidOptions")
        assert.strictEqual(error.option, "proxy")
        assert.notInclude(error.message, "canary")
      })
    )
  }
})

describe('proxy: "environment"', () => {
  it.scopedLive("takes HTTP_PROXY for http: and HTTPS_PROXY for https:", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const secure = yield* secureServer
      const [forHttp, forHttps] = [yield* connectProxy(), yield* connectProxy()]
      yield* environment({ HTTP_PROXY: forHttp.url, HTTPS_PROXY: forHttps.url })
      yield* answered(yield* provider(server.url, { proxy: "environment" }))
      yield* answered(yield* provider(secure, { proxy: "environment", tls: { ca } }))
      assert.deepStrictEqual([forHttp.heads.length, forHttps.heads.length], [1, 1])
    })
  )

  it.scopedLive("goes straight to the hosts in NO_PROXY", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const proxy = yield* connectProxy()
      yield* environment({ HTTP_PROXY: proxy.url, NO_PROXY: "example.com,127.0.0.1" })
      yield* answered(yield* provider(server.url, { proxy: "environment" }))
      assert.strictEqual(proxy.opened(), 0)
    })
  )

  it.scopedLive("goes straight everywhere where nothing is set", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      yield* environment({})
      yield* answered(yield* provider(server.url, { proxy: "environment" }))
    })
  )

  it.scopedLive("is an error that names the option where a variable is no URL", () =>
    Effect.gen(function* () {
      yield* environment({ HTTP_PROXY: "canary" })
      const error = yield* Effect.flip(ConnectionPool.make({ proxy: "environment" }))
      assert.strictEqual(error.option, "proxy")
      assert.notInclude(error.message, "canary")
    })
  )

  it.scopedLive("is not read unless it is asked for", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const proxy = yield* connectProxy()
      yield* environment({ HTTP_PROXY: proxy.url, http_proxy: proxy.url })
      yield* answered(yield* provider(server.url, {}))
      assert.strictEqual(proxy.opened(), 0)
    })
  )
})
