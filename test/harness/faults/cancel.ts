/**
 * Interruption at every point of a stream's life: its connection is closed, nothing is opened or sent after it, and the
 * stream beside it on the same connections goes on.
 */
import * as Net from "node:net"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Option, Schedule, type Scope, Stream } from "effect"
import { ConnectionPool, type InvalidOptions, type Protocol, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { protocols } from "../../support/protocols.js"
import { apiKey } from "../../support/request.js"

/** What takes longer than this is not freed at all. */
const HANG = "5 seconds"

/** Each point is measured so often, and the best counts: the machine may be busy, the library may not. */
const ROUNDS = 3

interface Point {
  readonly name: string
  /** What the interrupted stream meets. */
  readonly reply: (events: ReadonlyArray<string>) => Reply.Reply
  /** When it is interrupted: at once, once its request is there, or at its first or last event, which is not let go. */
  readonly when: "at once" | "sent" | "first event" | "last event"
  /** Requests that it may make before. Default: 1. */
  readonly requests?: number
  /** A connection that may be kept, since its answer was whole. */
  readonly keeps?: true
  /** Where the second generation of the client cannot be built before the test is over. */
  readonly slowRenewal?: true
}

const cut =
  (how: Parameters<typeof Reply.cut>[2], after?: { readonly events?: number; readonly bytes?: number }) =>
  (events: ReadonlyArray<string>) =>
    Reply.cut(
      Reply.stream(events),
      after?.bytes === undefined ? { afterEvents: after?.events ?? 5 } : { afterBytes: after.bytes },
      how
    )

const points: ReadonlyArray<Point> = [
  { name: "before it begins", reply: cut("stall"), when: "at once", requests: 0 },
  { name: "waiting for the head", reply: () => Reply.stallBeforeHead, when: "sent" },
  { name: "after the head", reply: cut("stall", { events: 0 }), when: "sent" },
  { name: "in mid-event", reply: cut("stall", { bytes: 40 }), when: "sent" },
  { name: "stalled in mid-text", reply: cut("stall"), when: "first event" },
  { name: "with nothing but pings", reply: cut({ stallWith: "ping", every: 1 }), when: "sent" },
  { name: "with nothing but comments", reply: cut({ stallWith: "comment", every: 1 }), when: "sent" },
  { name: "while it flows", reply: (events) => Reply.stream(events, { every: 20 }), when: "first event" },
  {
    name: "in the body of an error",
    reply: () => Reply.cut(Reply.status(503, { body: "x".repeat(100) }), { afterBytes: 5 }, "stall"),
    when: "sent"
  },
  { name: "waiting after a drop", reply: () => Reply.closeBeforeHead("fin"), when: "sent" },
  { name: "waiting after a status", reply: () => Reply.status(500), when: "sent", keeps: true },
  { name: "while the client is renewed", reply: () => Reply.closeBeforeHead("fin"), when: "sent", slowRenewal: true },
  {
    name: "while the rest is drained",
    reply: cut("stall", { events: Number.POSITIVE_INFINITY }),
    when: "last event"
  }
]

export interface Cancelled {
  readonly point: string
  readonly protocol: Protocol.ProtocolId
  /** From the interruption until its fiber had ended and the server had seen its connection close. */
  readonly millis: number
  /** What was wrong; empty where nothing was. */
  readonly problem: string
}

const vendor = (protocol: Protocol.ProtocolId, url: string) =>
  Vendors.custom({ id: "vendor", protocol, baseUrl: `${url}/v1` })

/** Builds its first pool at once, and no other before the gate opens. */
const slowPools = (gate: Deferred.Deferred<void>) => {
  let built = 0
  return Layer.scoped(
    ConnectionPool.ConnectionPool,
    Effect.suspend(
      (): Effect.Effect<ConnectionPool.Service, InvalidOptions.InvalidOptions, Scope.Scope> =>
        built++ === 0 ? ConnectionPool.make() : Effect.zipRight(Deferred.await(gate), ConnectionPool.make())
    )
  )
}

/** Interrupts, and says what it took until `freed`, and what was wrong with it. */
const interrupt = (fiber: Fiber.RuntimeFiber<void, unknown>, freed: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const before = performance.now()
    const exit = yield* Effect.timeoutOption(Fiber.interrupt(fiber), HANG)
    const closed = yield* Effect.timeoutOption(freed, HANG)
    const millis = performance.now() - before
    if (Option.isNone(exit)) return { millis, problem: "the fiber did not end" }
    if (Exit.isSuccess(exit.value) || !Cause.isInterruptedOnly(exit.value.cause)) {
      return {
        millis,
        problem: `it was not interrupted but ${Exit.match(exit.value, { onFailure: Cause.pretty, onSuccess: String })}`
      }
    }
    return { millis, problem: Option.isNone(closed) ? "its connection stayed open" : "" }
  })

const once = (point: Point, protocol: Protocol.ProtocolId): Effect.Effect<Omit<Cancelled, "point" | "protocol">> =>
  Effect.scoped(
    Effect.gen(function* () {
      const events = Wire.answer(protocol, { text: Array.from({ length: 40 }, (_, i) => `t${i} `) })
      const gate = yield* FaultServer.gate()
      const building = yield* Deferred.make<void>()
      const server = yield* FaultServer.make(({ model }) =>
        model === "sibling" ? Reply.hold(Reply.stream(events), { afterEvents: 6 }, gate) : point.reply(events)
      )
      const provider = yield* Provider.make(vendor(protocol, server.url), {
        apiKey,
        retry: Schedule.spaced(point.slowRenewal ? "1 millis" : "5 minutes"),
        ...(point.slowRenewal ? { pool: slowPools(building) } : {})
      })
      const sibling = yield* Effect.fork(provider.generate({ model: "sibling", prompt: "go" }))
      yield* gate.reached

      const reached = yield* Deferred.make<void>()
      const fiber = yield* provider.stream({ model: "victim", prompt: "go" }).pipe(
        Stream.runForEach((event) =>
          point.when === "first event" || (point.when === "last event" && event._tag === "Finish")
            ? Effect.zipRight(Deferred.succeed(reached, undefined), Effect.never)
            : Effect.void
        ),
        Effect.fork
      )
      const requests = 1 + (point.requests ?? 1)
      if (point.when !== "at once") yield* server.awaitStats((stats) => stats.requests === requests)
      if (point.when === "sent") yield* Effect.sleep("30 millis")
      if (point.when === "first event" || point.when === "last event") yield* Deferred.await(reached)
      // In the middle of the 100 ms that the rest of an answer is waited for.
      if (point.when === "last event") yield* Effect.sleep("40 millis")

      const open = point.keeps ? 2 : 1
      const { millis, problem } = yield* interrupt(
        fiber,
        server.awaitStats((stats) => stats.connectionsOpen <= open)
      )
      const then = yield* server.stats
      yield* Effect.zipRight(gate.open, Deferred.succeed(building, undefined))
      const beside = yield* Effect.exit(sibling)
      // Whatever would come late has had its chance.
      yield* Effect.sleep("30 millis")
      const after = yield* server.stats
      if (problem !== "") return { millis, problem }
      if (Exit.isFailure(beside) || beside.value.attempts.length !== 1)
        return { millis, problem: "its sibling suffered" }
      if (after.requests !== requests || after.connectionsOpened !== then.connectionsOpened) {
        return { millis, problem: `${after.requests} requests on ${after.connectionsOpened} connections` }
      }
      return { millis, problem: "" }
    })
  ).pipe(Effect.catchAllCause((cause) => Effect.succeed({ millis: 0, problem: Cause.pretty(cause) })))

/** A server that accepts connections and never says a word: TLS and tunnels wait for it while they are set up. */
const mute = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly open: () => number; readonly close: () => void }>((resume) => {
    const sockets = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => sockets.delete(socket))
      socket.resume()
    })
    server.listen(0, "127.0.0.1", () =>
      resume(
        Effect.succeed({
          // A server that listens on TCP has such an address.
          port: (server.address() as Net.AddressInfo).port,
          open: () => sockets.size,
          close: () => {
            for (const socket of sockets) socket.destroy()
            server.close()
          }
        })
      )
    )
  }),
  ({ close }) => Effect.sync(close)
)

/** Polls, since a bare socket tells nobody. */
const until = (is: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (is() ? Effect.void : Effect.zipRight(Effect.sleep("1 millis"), until(is))))

const connecting = (
  how: "TLS" | "a tunnel",
  protocol: Protocol.ProtocolId
): Effect.Effect<Omit<Cancelled, "point" | "protocol">> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { open, port } = yield* mute
      const provider = yield* Provider.make(
        vendor(protocol, how === "TLS" ? `https://127.0.0.1:${port}` : "https://127.0.0.1:9"),
        { apiKey, pool: how === "TLS" ? {} : { proxy: `http://127.0.0.1:${port}` } }
      )
      const fiber = yield* Effect.fork(Stream.runDrain(provider.stream({ model: "victim", prompt: "go" })))
      yield* until(() => open() === 1)
      const { millis, problem } = yield* interrupt(
        fiber,
        until(() => open() === 0)
      )
      yield* Effect.sleep("30 millis")
      return { millis, problem: problem === "" && open() > 0 ? "another connection was opened" : problem }
    })
  ).pipe(Effect.catchAllCause((cause) => Effect.succeed({ millis: 0, problem: Cause.pretty(cause) })))

const measured = (
  point: string,
  protocol: Protocol.ProtocolId,
  round: Effect.Effect<Omit<Cancelled, "point" | "protocol">>
): Effect.Effect<Cancelled> =>
  Effect.map(Effect.replicateEffect(round, ROUNDS), (rounds) => ({
    point,
    protocol,
    millis: Math.round(Math.min(...rounds.map(({ millis }) => millis))),
    problem: rounds.find(({ problem }) => problem !== "")?.problem ?? ""
  }))

export const cancelled: Effect.Effect<ReadonlyArray<Cancelled>> = Effect.all(
  protocols.flatMap((protocol) => [
    ...points.map((point) => measured(point.name, protocol, once(point, protocol))),
    measured("setting up TLS", protocol, connecting("TLS", protocol)),
    measured("setting up a tunnel", protocol, connecting("a tunnel", protocol))
  ]),
  { concurrency: 2 }
)

export const figures = (all: ReadonlyArray<Cancelled>) => ({
  points: all.length,
  slowestMs: Math.max(0, ...all.map(({ millis }) => millis)),
  leaked: all.filter(({ problem }) => problem !== "").length
})

export const lines = (all: ReadonlyArray<Cancelled>): ReadonlyArray<string> => [
  "\n  interrupted                  protocol                 freed",
  ...all.map(({ millis, point, problem, protocol }) =>
    [problem === "" ? " " : "!", point.padEnd(28), protocol.padEnd(19), `${millis} ms`.padStart(10), problem].join(" ")
  )
]
