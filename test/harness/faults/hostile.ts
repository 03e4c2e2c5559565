/**
 * Servers that send for ever: whatever they pour, the stream ends with a typed error and memory stays bounded.
 */
import * as Net from "node:net"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { gzipSync } from "node:zlib"
import { Effect, Either, Redacted, Schedule, type Scope, Stream } from "effect"
import { type Protocol, Provider, Vendors } from "effect-redial"
import { Wire } from "effect-redial/testing"
import { protocols } from "../../support/protocols.js"

/** More than this is never sent; a client without bounds would keep it all. */
const POUR = 300 * 1024 * 1024

/** The most that the heap may grow by: the longest answer, and what is under way to it. */
const MOST_GROWTH = 160 * 1024 * 1024

interface Pour {
  readonly name: string
  readonly protocol: Protocol.ProtocolId
  readonly head: string
  readonly begin?: string
  /** Sent again and again, with the count of times before. */
  readonly piece: (count: number) => string | Buffer
  /** Less than usual, where each byte is dear to read. */
  readonly most?: number
  readonly expect: string
}

export interface Poured {
  readonly name: string
  readonly outcome: string
  readonly expected: string
  readonly detail: string
  /** What the server got rid of. */
  readonly megabytes: number
  readonly growthMegabytes: number
  readonly millis: number
}

const ok = (headers = "content-type: text/event-stream\r\n"): string =>
  `HTTP/1.1 200 OK\r\n${headers}connection: close\r\n`
const stream = `${ok()}\r\n`

/** The events of an answer up to its first piece, and that piece many times over. */
const endless = (
  name: string,
  protocol: Protocol.ProtocolId,
  answer: Wire.Answer,
  mark: string,
  times: number,
  mostly: string
): Pour => {
  const events = Wire.answer(protocol, answer)
  const at = events.findIndex((event) => event.includes(mark))
  const piece = (events[at] ?? "").replace(mark, mostly).repeat(times)
  return {
    name: `${name}, ${protocol}`,
    protocol,
    head: stream,
    begin: events.slice(0, at).join(""),
    piece: () => piece,
    expect: "MalformedStream"
  }
}

const filler = "x".repeat(64 * 1024)
/** A megabyte many times over, each time as a member of its own. */
const bomb = (text: string): Buffer =>
  Buffer.concat(Array<Buffer>(POUR / 1024 / 1024).fill(gzipSync(text.repeat((1024 * 1024) / text.length))))
const oneLine = bomb("a")
const comments = bomb(`: ${"a".repeat(1020)}\n\n`)
const gzipped = `${ok("content-type: text/event-stream\r\ncontent-encoding: gzip\r\n")}\r\n`
const once = (bytes: Buffer) => (count: number) => (count === 0 ? bytes : "")

const call = { id: "c", name: "f", arguments: { a: "MARK" } }

const pours: ReadonlyArray<Pour> = [
  ...protocols.map((protocol) =>
    endless("large deltas", protocol, { text: ["MARK", "b"] }, "MARK", 8, "y".repeat(8_000))
  ),
  {
    name: "small deltas",
    protocol: "chat-completions",
    head: stream,
    piece: () => Wire.event({ choices: [{ delta: { content: "yy" } }] }).repeat(1_000),
    most: 12 * 1024 * 1024,
    expect: "StreamTruncated"
  },
  endless("tool arguments", "responses", { toolCalls: [call] }, "MARK", 10, "y".repeat(4_000)),
  {
    name: "blocks",
    protocol: "anthropic-messages",
    head: stream,
    begin: Wire.answer("anthropic-messages", { text: "a" })[0] ?? "",
    piece: (count) =>
      Wire.event({ type: "content_block_start", index: count, content_block: { type: "odd" } }) +
      Wire.event({ type: "content_block_stop", index: count }),
    expect: "MalformedStream"
  },
  {
    name: "choices",
    protocol: "chat-completions",
    head: stream,
    piece: (count) =>
      Wire.event({ choices: Array.from({ length: 1_000 }, (_, i) => ({ index: count * 1_000 + i, delta: {} })) }),
    expect: "MalformedStream"
  },
  {
    name: "items",
    protocol: "responses",
    head: stream,
    piece: (count) =>
      Wire.event({
        type: "response.output_item.added",
        output_index: count,
        item: { type: "message", id: `m${count}`, content: [] }
      }),
    expect: "MalformedStream"
  },
  {
    name: "one line",
    protocol: "responses",
    head: stream,
    begin: "data: ",
    piece: () => filler,
    expect: "MalformedStream"
  },
  {
    name: "one comment",
    protocol: "chat-completions",
    head: stream,
    begin: ": ",
    piece: () => filler,
    expect: "MalformedStream"
  },
  {
    name: "comments",
    protocol: "anthropic-messages",
    head: stream,
    piece: () => `: ${"and another one ".repeat(500)}\n\n`,
    expect: "StreamTruncated"
  },
  {
    name: "pings",
    protocol: "anthropic-messages",
    head: stream,
    piece: () => Wire.ping.repeat(1_000),
    expect: "MalformedStream"
  },
  {
    name: "headers",
    protocol: "responses",
    head: ok(),
    piece: (count) => `x-header-${count}: ${"y".repeat(500)}\r\n`,
    expect: "ConnectionFailed"
  },
  {
    name: "one header",
    protocol: "responses",
    head: `${ok()}x-header: `,
    piece: () => filler,
    expect: "ConnectionFailed"
  },
  {
    name: "informational answers",
    protocol: "responses",
    head: "",
    piece: () => "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(100),
    most: 12 * 1024 * 1024,
    expect: "ConnectionFailed"
  },
  {
    name: "trailers",
    protocol: "chat-completions",
    head: `${ok("content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n")}\r\n`,
    begin: "0\r\n",
    piece: (count) => `x-trailer-${count}: ${"y".repeat(500)}\r\n`,
    expect: "StreamDropped"
  },
  { name: "gzip, one line", protocol: "responses", head: gzipped, piece: once(oneLine), expect: "MalformedStream" },
  { name: "gzip, comments", protocol: "responses", head: gzipped, piece: once(comments), expect: "StreamTruncated" },
  {
    name: "the body of an error",
    protocol: "anthropic-messages",
    head: "HTTP/1.1 500 Oops\r\nconnection: close\r\n\r\n",
    piece: () => filler,
    expect: "ServerError"
  },
  {
    name: "a page",
    protocol: "chat-completions",
    head: `${ok("content-type: text/html\r\n")}\r\n`,
    piece: () => filler,
    expect: "MalformedStream"
  },
  {
    name: "after the end",
    protocol: "anthropic-messages",
    head: stream,
    begin: Wire.answer("anthropic-messages", { text: "a" }).join(""),
    piece: () => filler,
    expect: "ok"
  }
]

/** A server on loopback that pours into every connection until it is closed or all is out. */
const pouring = (
  pour: Pour
): Effect.Effect<{ readonly port: number; readonly sent: () => number }, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<{ readonly server: Net.Server; readonly sent: () => number; readonly sockets: Set<Net.Socket> }>(
        (resume) => {
          let sent = 0
          const sockets = new Set<Net.Socket>()
          const server = Net.createServer((socket) => {
            sockets.add(socket)
            socket.on("error", () => {})
            socket.once("data", () => {
              socket.write(pour.head + (pour.begin ?? ""), "latin1")
              let count = 0
              const more = (): void => {
                while (!socket.destroyed && sent < (pour.most ?? POUR)) {
                  const piece = pour.piece(count++)
                  if (piece.length === 0) break
                  sent += piece.length
                  if (!socket.write(piece)) return void socket.once("drain", more)
                }
                socket.end()
              }
              more()
            })
          })
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, sent: () => sent, sockets })))
        }
      ),
      ({ server, sockets }) =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          server.close()
        })
    ),
    // A server that listens on TCP has such an address.
    ({ sent, server }) => ({ port: (server.address() as Net.AddressInfo).port, sent })
  )

setFlagsFromString("--expose-gc")
// What the flag brings; contexts made after it have it.
const collect = runInNewContext("gc") as () => void

const inUse = (): number => {
  collect()
  const { external, heapUsed } = process.memoryUsage()
  return external + heapUsed
}

const run = (pour: Pour): Effect.Effect<Poured> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { port, sent } = yield* pouring(pour)
      const provider = yield* Provider.make(
        Vendors.custom({ id: "hostile", protocol: pour.protocol, baseUrl: `http://127.0.0.1:${port}/v1` }),
        { apiKey: Redacted.make("test-key"), retry: Schedule.stop }
      )
      // The SDK is loaded before anything is measured.
      const before = inUse()
      let most = before
      let looked = performance.now()
      const look = Effect.sync(() => {
        most = Math.max(most, inUse())
        looked = performance.now()
      })
      yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep("500 millis"), look)))
      const started = performance.now()
      // A flood leaves timers no turn, so it is looked at between events too.
      const result = yield* provider.stream({ model: "m", prompt: "go" }).pipe(
        Stream.runForEach(() => (performance.now() - looked > 500 ? look : Effect.void)),
        Effect.either
      )
      const millis = performance.now() - started
      yield* look
      return {
        name: pour.name,
        outcome: Either.isLeft(result) ? result.left._tag : "ok",
        detail: Either.isLeft(result) ? result.left.message : "",
        expected: pour.expect,
        megabytes: Math.round(sent() / 1024 / 1024),
        growthMegabytes: Math.round((most - before) / 1024 / 1024),
        millis: Math.round(millis)
      }
    })
  ).pipe(Effect.orDie)

/** One after the other, or their memory would be mixed. */
export const hostile: Effect.Effect<ReadonlyArray<Poured>> = Effect.forEach(pours, run)

const isBad = ({ expected, growthMegabytes, outcome }: Poured): boolean =>
  outcome !== expected || growthMegabytes > MOST_GROWTH / 1024 / 1024

export const figures = (poured: ReadonlyArray<Poured>) => ({
  pours: poured.length,
  megabytes: poured.reduce((sum, { megabytes }) => sum + megabytes, 0),
  mostGrowthMegabytes: Math.max(0, ...poured.map(({ growthMegabytes }) => growthMegabytes)),
  bad: poured.filter(isBad).length
})

export const lines = (poured: ReadonlyArray<Poured>): ReadonlyArray<string> => [
  "\n  poured without end                 sent  growth       time  outcome",
  ...poured.map((pour) =>
    [
      isBad(pour) ? "!" : " ",
      pour.name.padEnd(30),
      `${pour.megabytes} MB`.padStart(8),
      `${pour.growthMegabytes} MB`.padStart(7),
      `${pour.millis} ms`.padStart(10),
      ` ${pour.outcome}`,
      isBad(pour) ? `, not ${pour.expected}: ${pour.detail}` : ""
    ].join(" ")
  )
]
