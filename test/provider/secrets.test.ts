/**
 * A key is in no log line, error, span, metric or shown object, whatever happens and whatever a server sends back.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Exit, Fiber, Metric, Redacted, Schedule, Scope, Stream } from "effect"
import {
  AnthropicClient,
  ConnectionPool,
  Credentials,
  type Protocol,
  Provider,
  type ProviderError,
  Router,
  Vendors
} from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { observing } from "../support/observing.js"
import { protocols } from "../support/protocols.js"
import { request } from "../support/request.js"

/** One as vendors make them, one that no pattern knows, and one that is written otherwise in a URL. */
const keys = ["sk-canary-0123456789abcdef", "Zq8Xw2Vn5Rt7Yp3Lk6Jh4Gf1", "eyJh+bGci/OiJIUzI1Ni=IsInR5cCI6"]

/** Every way in which a value can come to be read by somebody. */
const shown = (value: unknown): string => {
  const all = { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null, maxArrayLength: null }
  const texts = [inspect(value, all)]
  // Also what an error's own way of being shown leaves out.
  if (value instanceof Error) texts.push(inspect(told(value), { ...all, customInspect: false }))
  try {
    texts.push(String(value), JSON.stringify(value) ?? "")
  } catch {
    // What has a cycle has no JSON.
  }
  for (let link = value; link instanceof Error; link = link.cause) texts.push(link.message, link.stack ?? "")
  return texts.join("\n")
}

/** An error's fields, but for what was delivered: that is given exactly as it was, and shown by nothing. */
const told = (error: Error): object => {
  const { attempts, checkpoint: _, partial: __, ...fields } = error as Error & Partial<ProviderError.ProviderError>
  return { ...fields, attempts: attempts?.map(({ discarded: ___, ...attempt }) => attempt) }
}

const assertNoKey = (what: string, key: string, ...values: ReadonlyArray<unknown>): void => {
  // A clipped message may end in a part of a key: half of one is as bad.
  const forms = [key, encodeURIComponent(key), key.slice(0, key.length / 2)]
  for (const value of values) {
    const text = shown(value)
    for (const form of forms) {
      const at = text.indexOf(form)
      assert(at < 0, `${what} shows the key: ${text.slice(Math.max(0, at - 200), at + 60)}`)
    }
  }
}

/** Replies that say the key back, in all the places that errors are made of. */
const echoes = (
  protocol: Protocol.ProtocolId,
  key: string
): Readonly<Record<string, { readonly reply: Reply.Reply; readonly tag?: string }>> => {
  const events = Wire.answer(protocol, { text: ["t0 ", "t1 ", "t2 "] })
  const said = { message: `no such key: ${key}`, type: `type_${key}`, code: `code_${key}` }
  const headers = { "request-id": key, "x-request-id": key, "x-echo": key, "set-cookie": `key=${key}` }
  const status = (code: number, more: Readonly<Record<string, string>> = {}) =>
    Reply.status(code, { body: Wire.errorBody(protocol, said), headers: { ...headers, ...more } })
  const at = events.findIndex((event) => event.includes("t1 "))
  return {
    nothing: { reply: Reply.stream(events) },
    "status 400": { reply: status(400) },
    "status 401": { reply: status(401), tag: "AuthenticationFailed" },
    "status 403": { reply: status(403), tag: "PermissionDenied" },
    "status 404": { reply: status(404), tag: "ModelNotFound" },
    "status 429": { reply: status(429, { "retry-after-ms": "1" }), tag: "RateLimited" },
    "status 500": { reply: status(500), tag: "ServerError" },
    "status 529": { reply: status(529), tag: "Overloaded" },
    "a page": { reply: Reply.status(502, { body: `<html><title>${key}</title></html>` }), tag: "ServerError" },
    "a message that is cut in the key": {
      reply: Reply.status(500, { body: { error: { message: `${"x".repeat(300 - key.length + 3)}${key}` } } })
    },
    "a good status": { reply: Reply.status(200, { body: { error: said }, headers }) },
    "no stream": { reply: Reply.status(200, { body: `${key}`, headers: { "content-type": "text/html" } }) },
    "a redirect": {
      reply: Reply.status(307, { headers: { location: `http://127.0.0.1:9/${encodeURIComponent(key)}` } }),
      tag: "MalformedStream"
    },
    "an encoding": {
      reply: Reply.stream(events, { headers: { "content-encoding": `zstd, ${key}` } }),
      tag: "MalformedStream"
    },
    "an error event": { reply: Reply.stream([...events.slice(0, at), Wire.error(protocol, said)]) },
    "an event that is not JSON": {
      reply: Reply.stream([...events.slice(0, at), `data: {${key}\n\n`]),
      tag: "MalformedStream"
    },
    "its text, and drops": {
      reply: Reply.cut(
        Reply.stream(Wire.answer(protocol, { text: ["t0 ", key, "t2 "] }), { headers }),
        { afterEvents: at + 1, wait: 0 },
        "rst"
      ),
      tag: "StreamDropped"
    },
    "its text, and ends": {
      reply: Reply.cut(Reply.stream(Wire.answer(protocol, { text: ["t0 ", key] })), { afterEvents: at + 1 }, "clean"),
      tag: "StreamTruncated"
    },
    "a stall": {
      reply: Reply.cut(Reply.stream(events, { headers }), { afterEvents: at }, "stall"),
      tag: "StreamStalled"
    },
    "no answer": { reply: Reply.closeBeforeHead("rst"), tag: "ConnectionFailed" }
  }
}

const make = (protocol: Protocol.ProtocolId, url: string, key: string) =>
  Provider.make(Vendors.custom({ id: "vendor", protocol, baseUrl: `${url}/v1` }), {
    apiKey: Redacted.make(key),
    retry: Schedule.recurs(1),
    deadlines: { idle: "100 millis" }
  })

describe("a key", () => {
  for (const protocol of protocols) {
    for (const key of keys) {
      it.scopedLive(`${key.slice(0, 6)}… over ${protocol} shows nowhere, whatever the server sends back`, () =>
        Effect.gen(function* () {
          for (const [what, { reply, tag }] of Object.entries(echoes(protocol, key))) {
            const seen = observing()
            const result = yield* seen.run(
              Effect.scoped(
                Effect.gen(function* () {
                  const server = yield* FaultServer.make([reply])
                  const provider = yield* make(protocol, server.url, key)
                  assertNoKey("the provider", key, provider)
                  const either = yield* Effect.either(provider.generate(request))
                  const sent = yield* server.requests
                  for (const { headers } of sent) assert.include(shown({ ...headers }), key)
                  return either
                })
              )
            )
            if (tag !== undefined) assert(Either.isLeft(result) && result.left._tag === tag, `${what}: ${result}`)
            assert(seen.spans.length >= 2, what)
            if (Either.isLeft(result)) assertNoKey(`the error of ${what}`, key, result.left, result)
            assertNoKey(`a log line of ${what}`, key, seen.lines)
            assertNoKey(`a span of ${what}`, key, seen.spans)
          }
          assertNoKey("a metric", key, Metric.unsafeSnapshot)
        })
      )
    }

    it.scopedLive(`over ${protocol} shows nowhere when a stream is interrupted or its layer closes`, () =>
      Effect.gen(function* () {
        const key = keys[0]!
        const seen = observing()
        const server = yield* FaultServer.make([
          Reply.cut(Reply.stream(Wire.answer(protocol, { text: ["t0 ", key, "t2 "] })), { afterEvents: 6 }, "stall")
        ])
        const exits = yield* seen.run(
          Effect.gen(function* () {
            const scope = yield* Scope.make()
            const provider = yield* Scope.extend(make(protocol, server.url, key), scope)
            const start = Effect.gen(function* () {
              const begun = yield* Deferred.make<void>()
              const fiber = yield* Effect.fork(
                Stream.runForEach(provider.stream(request), () => Deferred.succeed(begun, undefined))
              )
              yield* Deferred.await(begun)
              return fiber
            })
            const interrupted = yield* Effect.flatMap(start, Fiber.interrupt)
            const running = yield* start
            yield* Scope.close(scope, Exit.void)
            const late = yield* Effect.exit(Effect.asVoid(provider.generate(request)))
            return [interrupted, yield* Fiber.await(running), late]
          })
        )
        for (const exit of exits) assert(Exit.isFailure(exit))
        assertNoKey("an exit", key, exits)
        assertNoKey("a log line", key, seen.lines)
        assertNoKey("a span", key, seen.spans)
      })
    )
  }

  it.scopedLive("is in no error that the attempt of another key ends with, although it came in the text before", () =>
    Effect.gen(function* () {
      const [first = "", second = ""] = keys
      for (const key of [first, second]) {
        const told = Wire.answer("anthropic-messages", { text: ["t0 ", `${key} t1`, " t2"] })
        const server = yield* FaultServer.make([
          Reply.cut(Reply.stream(told), { afterEvents: 5 }, "rst"),
          Reply.status(402),
          Reply.status(402)
        ])
        const fixed = (one: string) => Credentials.fromKey(Redacted.make(one))
        const apiKey = yield* Credentials.make([fixed(first), fixed(second)])
        const provider = yield* Provider.make(
          Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: server.url }),
          {
            apiKey,
            retry: Schedule.recurs(2)
          }
        )
        const seen = observing()
        const error = yield* seen.run(Effect.flip(Stream.runDrain(provider.stream(request, { delivery: "resume" }))))
        const sent = (yield* server.requests).map(({ headers }) => headers["x-api-key"])
        assert.deepStrictEqual(sent, [first, first, second])
        // What was delivered is given as it was; nothing that shows the error shows it.
        assert.strictEqual(error.partial?.text, `t0 ${key} t1`)
        assert.strictEqual(error.checkpoint?.text, `t0 ${key} t1`)
        for (const one of keys) {
          assertNoKey("the error", one, error)
          assertNoKey("a log line", one, seen.lines)
          assertNoKey("a span", one, seen.spans)
        }
      }
    })
  )

  it.scopedLive(
    "is in no object that the library gives out, nor is the password of a proxy or a client's own key",
    () =>
      Effect.gen(function* () {
        const key = keys[0]!
        const server = yield* FaultServer.make([Reply.stream(Wire.answer("anthropic-messages", { text: "hi" }))])
        const options = {
          apiKey: Redacted.make(key),
          baseUrl: server.url,
          pool: { proxy: `http://me:${key}@127.0.0.1:9`, tls: { cert: "PEM", key: Redacted.make(key) } }
        }
        const client = yield* AnthropicClient.make({ ...options, pool: {} })
        const prepared = client.prepare({
          model: "m",
          prompt: [{ role: "user", content: [{ type: "text", text: "hi" }] }]
        })
        assert(Either.isRight(prepared))
        const line = yield* Effect.scopedWith((scope) => prepared.right.connect({ scope }, Redacted.make(key)))
        const connection = yield* Effect.scoped(client.connections.lease)
        const provider = yield* Provider.makeFromClient(client)
        yield* provider.generate(request)
        assertNoKey("an object", key, client, prepared.right, line, connection, connection.value, provider)
        assertNoKey("an object", key, yield* client.connections.stats, client.connections, connection.value.sdk)
        assertNoKey(
          "a layer",
          key,
          AnthropicClient.layer({ ...options, pool: {} }),
          Provider.layer(Vendors.anthropic, options)
        )
        assertNoKey("a router", key, Router.make({ a: provider }, Router.byModel({ "*": "a" })))
        assertNoKey("a vendor", key, Vendors.anthropic)
        const pool = yield* ConnectionPool.make({ proxy: options.pool.proxy })
        assertNoKey("a pool", key, pool)

        const behind = yield* Provider.make(Vendors.anthropic, {
          ...options,
          pool: { proxy: options.pool.proxy },
          retry: Schedule.stop
        })
        assertNoKey("the error of a proxy", key, yield* Effect.flip(behind.generate(request)))
      })
  )

  it.scopedLive("is not sent to where a redirect leads", () =>
    Effect.gen(function* () {
      const elsewhere = yield* FaultServer.make([Reply.status(200)])
      for (const code of [301, 302, 303, 307, 308]) {
        for (const protocol of protocols) {
          const server = yield* FaultServer.make([
            Reply.status(code, { headers: { location: `${elsewhere.url}/v1/messages` } })
          ])
          const provider = yield* make(protocol, server.url, keys[0]!)
          const error = yield* Effect.flip(provider.generate(request))
          assert.strictEqual(error._tag, "MalformedStream")
          assert.include(error.message, "redirect")
        }
      }
      assert.strictEqual((yield* elsewhere.stats).connectionsOpened, 0)
    })
  )
})
