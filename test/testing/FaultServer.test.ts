import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { FaultServer, Reply } from "effect-redial/testing"
import * as Undici from "undici"
import { agent, busy, chunk, connect, END, fetchText, MESSAGES, nextTurn, post } from "../support/testing/client.js"

const events = ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n", "data: 4\n\n"]
const answer = Reply.stream(events)

describe("FaultServer", () => {
  describe("requests", () => {
    it.scopedLive("are recorded, and answered in the order of the list", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.status(500), Reply.status(200, { body: "last" })])
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        yield* client.sees("HTTP/1.1 500 Internal Server Error")
        yield* client.send(
          post("/openai/v1/chat/completions?x=1", '{"model":"gpt"}', "X-Api-Key: k\r\nA: 1\r\na: 2\r\n")
        )
        yield* client.sees("last")
        yield* client.send(post("/other", "plain"))
        yield* client.sees("lastHTTP/1.1 200 OK")
        yield* client.send(post("/compatible-mode/v1/responses", '{"model":"o"}'))
        yield* server.awaitStats((stats) => stats.requests === 4)
        const requests = yield* server.requests
        expect(requests.map(({ index, protocol, model }) => [index, protocol, model])).toEqual([
          [1, "anthropic-messages", "m"],
          [2, "chat-completions", "gpt"],
          [3, undefined, undefined],
          [4, "responses", "o"]
        ])
        expect(requests[1]).toMatchObject({
          connection: 1,
          indexOnConnection: 2,
          method: "POST",
          path: "/openai/v1/chat/completions?x=1",
          body: '{"model":"gpt"}',
          json: { model: "gpt" }
        })
        expect(requests[1]?.headers["x-api-key"]).toBe("k")
        expect(requests[1]?.headers.a).toBe("1, 2")
        expect(requests[2]?.json).toBeUndefined()
      })
    )

    it.scopedLive("may be split anywhere", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.status(200, { body: "ok" })])
        const client = yield* connect(server.port)
        for (const byte of post("/v1/messages", '{"model":"é"}')) {
          yield* client.send(byte)
          yield* nextTurn
        }
        yield* client.sees("ok")
        expect((yield* server.requests)[0]?.model).toBe("é")
      })
    )

    it.scopedLive("may be pipelined", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make((request) => Reply.status(200, { body: `<${request.model}>` }))
        const client = yield* connect(server.port)
        yield* client.send(["a", "b", "c"].map((model) => post("/v1/messages", JSON.stringify({ model }))).join(""))
        const text = yield* client.sees("<c>")
        expect(text.match(/<.>/g)).toEqual(["<a>", "<b>", "<c>"])
        expect((yield* server.stats).requestsPerConnection).toEqual([3])
      })
    )

    it.scopedLive("may have a chunked body", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.status(200, { body: "ok" })])
        const client = yield* connect(server.port)
        const body = `${chunk('{"model"')}${chunk(':"m"}')}${END}`
        const request = `POST /v1/messages HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n${body}`
        yield* client.send(request.slice(0, 70))
        yield* nextTurn
        yield* client.send(request.slice(70) + request)
        yield* client.sees("okHTTP")
        yield* server.awaitStats((stats) => stats.requests === 2)
        expect((yield* server.requests).map(({ model }) => model)).toEqual(["m", "m"])
      })
    )

    it.scopedLive("may be large", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make((request) => Reply.status(200, { body: String(request.body.length) }))
        const dispatcher = yield* agent
        const { text } = yield* fetchText(dispatcher, server.url, "x".repeat(2_000_000))
        expect(text).toBe("2000000")
      })
    )

    it.scopedLive("that are none get an answer that says so", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answer])
        const client = yield* connect(server.port)
        yield* client.send("\x16\x03\x01 hello\r\n\r\n")
        expect(yield* client.ended).toBe("fin")
        expect(yield* client.received).toContain("400 Bad Request")
        expect((yield* server.stats).requests).toBe(0)
      })
    )

    it.scopedLive("that the script throws on get its error", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make(() => {
          throw new Error("not expected")
        })
        const dispatcher = yield* agent
        const { status, text } = yield* fetchText(dispatcher, server.url)
        expect(status).toBe(500)
        expect(text).toContain("not expected")
      })
    )
  })

  describe("connections", () => {
    it.scopedLive("are kept: 20 requests on one", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answer])
        const dispatcher = yield* agent
        for (let i = 0; i < 20; i++) {
          expect((yield* fetchText(dispatcher, server.url)).text).toBe(events.join(""))
          // undici takes a connection back one turn after it has given out the last byte.
          yield* nextTurn
        }
        expect(yield* server.stats).toEqual({
          connectionsOpened: 1,
          connectionsOpen: 1,
          closedByServer: 0,
          closedByClient: 0,
          requests: 20,
          requestsPerConnection: [20]
        })
      })
    )

    it.scopedLive("are closed where the client asks for it", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answer])
        const client = yield* connect(server.port)
        yield* client.send(post("/v1/messages", "{}", "connection: close\r\n"))
        expect(yield* client.ended).toBe("fin")
      })
    )

    it.scopedLive("are counted by who closed them", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make((request) =>
          request.model === "stall" ? Reply.cut(answer, { afterEvents: 1 }, "stall") : Reply.closeBeforeHead("rst")
        )
        const stalled = yield* connect(server.port)
        yield* stalled.send(post("/v1/messages", '{"model":"stall"}'))
        yield* stalled.sees("data: 1")
        const reset = yield* connect(server.port)
        yield* reset.send(MESSAGES)
        yield* server.awaitStats((stats) => stats.closedByServer === 1)
        yield* stalled.destroy
        const stats = yield* server.awaitStats((stats) => stats.connectionsOpen === 0)
        expect(stats).toMatchObject({ connectionsOpened: 2, closedByServer: 1, closedByClient: 1 })
        expect(yield* server.connections).toEqual([
          { id: 1, requests: 1, open: false, closedBy: "client" },
          { id: 2, requests: 1, open: false, closedBy: "server" }
        ])
      })
    )

    it.scopedLive("are reset after a wait only once what was written is on its way, to a client that is busy", () =>
      Effect.gen(function* () {
        const many = Array.from({ length: 60 }, (_, n) => `data: ${n} ${"x".repeat(200)}\n\n`)
        const server = yield* FaultServer.make((request) =>
          request.index < 4
            ? Reply.status(200, { body: "ready" })
            : Reply.cut(Reply.stream(many), { afterEvents: Number.POSITIVE_INFINITY, wait: 0 }, "rst")
        )
        // On a connection that was used before, the kernel acknowledges late.
        const client = yield* busy(server.port, MESSAGES, 3)
        yield* server.awaitStats((stats) => stats.closedByServer === 1)
        expect((yield* client.read).match(/data: \d+/g)).toEqual(many.map((_, n) => `data: ${n}`))
      })
    )

    it.scopedLive("a client that gives up a stalled or a held stream frees its connection at once", () =>
      Effect.gen(function* () {
        const gate = yield* FaultServer.gate()
        const server = yield* FaultServer.make((request) =>
          request.index === 1
            ? Reply.hold(answer, { afterEvents: 1 }, gate)
            : Reply.cut(answer, { afterEvents: 1 }, { stallWith: "ping", every: 1 })
        )
        const dispatcher = yield* agent
        for (let i = 0; i < 2; i++) {
          const controller = new AbortController()
          const response = yield* Effect.promise(() =>
            Undici.request(`${server.url}/v1/messages`, { method: "POST", dispatcher, signal: controller.signal })
          )
          response.body.on("error", () => {})
          controller.abort()
          yield* server.awaitStats((stats) => stats.closedByClient === i + 1)
        }
      })
    )

    it.scopedLive("awaitStats: a predicate that throws is a defect of the waiter alone", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answer])
        const waiter = yield* Effect.fork(
          server.awaitStats((stats) => {
            if (stats.requests > 0) throw new Error("bad predicate")
            return false
          })
        )
        yield* Effect.yieldNow()
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        yield* client.sees(END)
        const exit = yield* Fiber.await(waiter)
        expect(Exit.isFailure(exit) && exit.cause._tag).toBe("Die")
      })
    )
  })

  describe("lifetime", () => {
    it.scopedLive("a port in use is a typed error that says what to do", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answer])
        const error = yield* Effect.flip(FaultServer.make([answer], { port: server.port }))
        expect(error).toBeInstanceOf(FaultServer.ListenError)
        expect(error).toMatchObject({ _tag: "ListenError", port: server.port, code: "EADDRINUSE" })
        expect(error.message).toContain("the port is in use. Leave `port` out")
      })
    )

    it.scopedLive("when the scope closes nothing is left open, gates and stalls included", () =>
      Effect.gen(function* () {
        const gate = yield* FaultServer.gate()
        const scope = yield* Scope.make()
        const server = yield* FaultServer.make((request) =>
          request.index === 1 ? Reply.hold(answer, { afterEvents: 1 }, gate) : Reply.stallBeforeHead
        ).pipe(Scope.extend(scope))
        const held = yield* connect(server.port)
        yield* held.send(MESSAGES)
        yield* gate.reached
        const stalled = yield* connect(server.port)
        yield* stalled.send(MESSAGES)
        const idle = yield* connect(server.port)
        yield* server.awaitStats((stats) => stats.connectionsOpen === 3 && stats.requests === 2)
        yield* Scope.close(scope, Exit.void)
        expect(yield* server.stats).toMatchObject({ connectionsOpen: 0, closedByServer: 3 })
        for (const client of [held, stalled, idle]) expect(["fin", "ECONNRESET"]).toContain(yield* client.ended)
        const late = yield* connect(server.port)
        expect(yield* late.ended).toBe("ECONNREFUSED")
        yield* FaultServer.make([answer], { port: server.port })
      })
    )

    it.scopedLive("a layer", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.FaultServer
        const dispatcher = yield* agent
        expect((yield* fetchText(dispatcher, server.url)).status).toBe(529)
      }).pipe(Effect.provide(FaultServer.layer([Reply.status(529)])))
    )

    it.scopedLive("listens on the loopback interface only", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answer])
        expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
        // The whole of 127/8 is this machine, and only one address of it was bound.
        const dispatcher = yield* agent
        const other = yield* Effect.flip(fetchText(dispatcher, `http://127.0.0.2:${server.port}`))
        expect(String(other.error)).toContain("ECONNREFUSED")
      })
    )
  })
})
