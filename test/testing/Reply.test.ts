import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, pipe, TestClock } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { agent, bodyOf, chunk, connect, END, fetchText, MESSAGES } from "../support/testing/client.js"

const events = ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n", "data: 4\n\n"]
const answer = Reply.stream(events)
const chunks = events.map((event) => chunk(event)).join("")

/** What one request is answered with, as a client sees it that reads to the end of the connection. */
const readToEnd = (script: FaultServer.Script) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make(script)
    const client = yield* connect(server.port)
    yield* client.send(MESSAGES)
    const ended = yield* client.ended
    return { text: yield* client.received, ended }
  })

describe("Reply", () => {
  it.effect("is broken in a pipe as by a call", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const at = { afterEvents: 2 }
      expect(pipe(answer, Reply.cut(at, "rst"))).toEqual(Reply.cut(answer, at, "rst"))
      expect(pipe(answer, Reply.hold(at, "1 second"))).toEqual(Reply.hold(answer, at, "1 second"))
      const heartbeats = { stallWith: "comment", every: 100 } as const
      expect(pipe(answer, Reply.hold(at, gate, heartbeats))).toEqual(Reply.hold(answer, at, gate, heartbeats))
      expect(pipe(answer, Reply.thenClose("fin"))).toEqual(Reply.thenClose(answer, "fin"))
      expect(pipe(answer, Reply.thenClose("fin", 5))).toEqual(Reply.thenClose(answer, "fin", 5))
    })
  )

  describe("bytes are as scripted", () => {
    it.scopedLive("a stream: one chunk per event, and the end of the body", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([answer])
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        const text = yield* client.sees(END)
        expect(text).toBe(
          "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n" +
            `transfer-encoding: chunked\r\n\r\n${chunks}${END}`
        )
      })
    )

    it.scopedLive("events grouped, or cut at any byte", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([
          Reply.stream(events, { eventsPerChunk: 3 }),
          Reply.stream(["é"], { bytesPerChunk: 1, headers: { "x-test": "yes" } })
        ])
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        expect(bodyOf(yield* client.sees(END))).toBe(chunk(events.slice(0, 3).join("")) + chunk(events[3] ?? "") + END)
        yield* client.send(MESSAGES)
        const text = yield* client.sees("x-test: yes")
        expect(text).toContain("x-test: yes\r\n")
        expect(yield* client.sees("1\r\n\xc3\r\n1\r\n\xa9\r\n0\r\n\r\n")).toContain("\xa9")
      })
    )

    it.scopedLive("a status with a body", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make((request) =>
          Reply.status(429, { headers: { "retry-after": "1" }, body: { path: request.path } })
        )
        const dispatcher = yield* agent
        const { headers, status, text } = yield* fetchText(dispatcher, server.url)
        expect(status).toBe(429)
        expect(headers["retry-after"]).toBe("1")
        expect(headers["content-type"]).toBe("application/json")
        expect(text).toBe('{"path":"/v1/messages"}')
      })
    )

    it.scopedLive("steps of one's own", () =>
      Effect.gen(function* () {
        const hinted = Reply.make(
          Reply.head(103, { link: "</a>" }),
          Reply.raw("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"),
          Reply.body("ab"),
          Reply.wait(1),
          Reply.raw("cd"),
          { _tag: "Fin" }
        )
        expect(yield* readToEnd([hinted])).toEqual({
          text: "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd",
          ended: "fin"
        })
      })
    )

    it.scopedLive("paced by the clock", () =>
      Effect.gen(function* () {
        const started = Date.now()
        yield* readToEnd([Reply.cut(Reply.stream(events, { every: 10 }), { afterEvents: 4 }, "close")])
        expect(Date.now() - started).toBeGreaterThanOrEqual(27)
      })
    )
  })

  describe("breaks", () => {
    const P = events.slice(0, 3).map((event) => chunk(event))
    const head = Reply.cut(answer, { afterEvents: 0 }, "fin")

    const cases: ReadonlyArray<[fault: string, reply: Reply.Reply, body: string, ended: "fin" | "ECONNRESET"]> = [
      ["reset before the head", Reply.closeBeforeHead("rst", 10), "", "ECONNRESET"],
      ["closed before the head", Reply.closeBeforeHead("fin"), "", "fin"],
      ["reset after the head", Reply.cut(answer, { afterEvents: 0, wait: 10 }, "rst"), "", "ECONNRESET"],
      ["closed after the head", head, "", "fin"],
      ["reset later", Reply.cut(answer, { afterEvents: 3, wait: 40 }, "rst"), P.join(""), "ECONNRESET"],
      ["reset at once", Reply.cut(answer, { afterEvents: 3, wait: 0 }, "rst"), P.join(""), "ECONNRESET"],
      ["closed inside a chunk", Reply.cut(answer, { afterBytes: 13 }, "fin"), P[0] + chunk("data", 9), "fin"],
      [
        "reset inside a chunk",
        Reply.cut(answer, { afterBytes: 13, wait: 0 }, "rst"),
        P[0] + chunk("data", 9),
        "ECONNRESET"
      ],
      ["closed between chunks", Reply.cut(answer, { afterBytes: 18 }, "fin"), P.slice(0, 2).join(""), "fin"],
      ["ended too early", Reply.cut(answer, { afterEvents: 3 }, "close"), P.join("") + END, "fin"],
      ["ended inside a line", Reply.cut(answer, { afterBytes: 13 }, "close"), `${P[0]}${chunk("data")}${END}`, "fin"],
      ["empty", Reply.cut(Reply.stream([]), { afterEvents: 0 }, "close"), END, "fin"],
      [
        "delimited by the close, and truncated",
        Reply.cut(Reply.stream(events, { framing: "close" }), { afterEvents: 2 }, "fin"),
        events.slice(0, 2).join(""),
        "fin"
      ],
      ["delimited by the close", Reply.stream(events, { framing: "close" }), events.join(""), "fin"],
      [
        "content-length too long",
        Reply.cut(Reply.stream(events, { framing: { contentLength: 100_000 } }), { afterEvents: 2 }, "fin"),
        events.slice(0, 2).join(""),
        "fin"
      ],
      [
        "reset after the terminal event",
        Reply.cut(answer, { afterEvents: Number.POSITIVE_INFINITY, wait: 0 }, "rst"),
        chunks,
        "ECONNRESET"
      ],
      ["reset while idle", Reply.thenClose(answer, "rst", 30), chunks + END, "ECONNRESET"],
      ["closed while idle", Reply.thenClose(answer, "fin", 30), chunks + END, "fin"],
      [
        "cut within a group",
        Reply.cut(Reply.stream(events, { eventsPerChunk: 4 }), { afterEvents: 2 }, "fin"),
        chunk(events.slice(0, 2).join(""), 36),
        "fin"
      ],
      [
        "cut after a pause",
        Reply.cut(Reply.stream(events, { every: 1 }), { afterEvents: 2 }, "close"),
        P[0]! + P[1] + END,
        "fin"
      ]
    ]

    for (const [fault, reply, body, ended] of cases) {
      it.scopedLive(fault, () =>
        Effect.gen(function* () {
          const result = yield* readToEnd([reply])
          expect(bodyOf(result.text)).toBe(body)
          expect(result.ended).toBe(ended)
        })
      )
    }

    it.scopedLive("exactly the events before a reset arrive, every time", () =>
      Effect.gen(function* () {
        for (let n = 0; n <= 4; n++) {
          for (let i = 0; i < 10; i++) {
            const { ended, text } = yield* readToEnd([Reply.cut(answer, { afterEvents: n, wait: 0 }, "rst")])
            expect(bodyOf(text)).toBe(
              events
                .slice(0, n)
                .map((event) => chunk(event))
                .join("")
            )
            expect(ended).toBe("ECONNRESET")
          }
        }
      })
    )

    it.scopedLive("reset in the write callback: what was sent arrives, and the body is never whole", () =>
      Effect.gen(function* () {
        const reply = Reply.cut(answer, { afterEvents: 3 }, "rst")
        expect(bodyOf((yield* readToEnd([reply])).text)).toBe(P.join(""))
        const server = yield* FaultServer.make([reply])
        const dispatcher = yield* agent
        const { error } = yield* Effect.flip(fetchText(dispatcher, server.url))
        expect(["ECONNRESET", "UND_ERR_SOCKET"]).toContain((error as NodeJS.ErrnoException).code)
      })
    )

    it.scopedLive("only the second request on a connection", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make((request) =>
          request.indexOnConnection > 1 ? Reply.closeBeforeHead("rst") : answer
        )
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        yield* client.sees(END)
        yield* client.send(MESSAGES)
        expect(yield* client.ended).toBe("ECONNRESET")
        expect((yield* server.requests).map((request) => request.indexOnConnection)).toEqual([1, 2])
      })
    )
  })

  describe("holds", () => {
    it.scopedLive("a stream at a gate, and goes on", () =>
      Effect.gen(function* () {
        const gate = yield* FaultServer.gate()
        const server = yield* FaultServer.make([Reply.hold(answer, { afterEvents: 2 }, gate)])
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        yield* gate.reached
        const held = yield* client.sees("data: 2")
        expect(bodyOf(held)).toBe(
          events
            .slice(0, 2)
            .map((event) => chunk(event))
            .join("")
        )
        yield* gate.open
        expect(bodyOf(yield* client.sees(END))).toBe(chunks + END)
      })
    )

    it.scopedLive("with heartbeats until the gate opens", () =>
      Effect.gen(function* () {
        const gate = yield* FaultServer.gate()
        const server = yield* FaultServer.make([
          Reply.hold(answer, { afterEvents: 2 }, gate, { stallWith: "comment", every: 2 })
        ])
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        const beat = chunk(": keepalive\n\n")
        yield* client.sees(beat + beat)
        yield* gate.open
        expect(bodyOf(yield* client.sees(END)).replaceAll(beat, "")).toBe(chunks + END)
      })
    )

    it.scopedLive("a body of known length, in the middle", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([
          Reply.cut(Reply.status(503, { body: "overloaded" }), { afterBytes: 5 }, "stall")
        ])
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        const text = yield* client.sees("overl")
        expect(text).toContain("content-length: 10\r\n")
        expect(bodyOf(text)).toBe("overl")
      })
    )

    it.scopedLive("a break back until the gate opens", () =>
      Effect.gen(function* () {
        const gate = yield* FaultServer.gate()
        const server = yield* FaultServer.make([Reply.cut(answer, { afterEvents: 1, wait: gate }, "rst")])
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        yield* client.sees("data: 1")
        yield* gate.reached
        yield* gate.open
        expect(yield* client.ended).toBe("ECONNRESET")
      })
    )

    it.scopedLive("the connection open when it stalls", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make((request) =>
          request.index === 1
            ? Reply.cut(answer, { afterEvents: 2 }, { stallWith: "ping", every: 2 })
            : request.index === 2
              ? Reply.cut(answer, { afterEvents: 1 }, "stall")
              : Reply.stallBeforeHead
        )
        const beating = yield* connect(server.port)
        yield* beating.send(MESSAGES)
        yield* beating.sees(chunk(Wire.ping) + chunk(Wire.ping))
        const silent = yield* connect(server.port)
        yield* silent.send(MESSAGES)
        yield* silent.sees("data: 1")
        const mute = yield* connect(server.port)
        yield* mute.send(MESSAGES)
        yield* server.awaitStats((stats) => stats.requests === 3)
        expect((yield* server.stats).connectionsOpen).toBe(3)
        expect(yield* mute.received).toBe("")
      })
    )

    it.scoped("by Effect's clock", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.cut(answer, { afterEvents: 1, wait: "1 hour" }, "fin")])
        const client = yield* connect(server.port)
        yield* client.send(MESSAGES)
        yield* client.sees("data: 1")
        const ended = yield* Effect.fork(client.ended)
        yield* TestClock.adjust("1 hour")
        expect(yield* Fiber.join(ended)).toBe("fin")
      })
    )
  })
})
