/**
 * One accepted connection: its bytes become requests, and each request is answered in turn.
 */
import type { Socket } from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type { Malformed, Parsed } from "./http.js"
import * as Http from "./http.js"
import type { Observed, ReceivedRequest } from "./observed.js"
import { Outgoing } from "./outgoing.js"
import { play, type Wire } from "./play.js"
import * as Reply from "./reply.js"

const wireOf = (socket: Socket, id: number, observed: Observed, outgoing = new Outgoing(socket)): Wire => ({
  // A failed write needs no answer of its own: the connection is closing, and that interrupts the reply.
  write: (bytes) =>
    Effect.async((resume) => {
      outgoing.wrote(bytes.length)
      socket.write(bytes, (error) => {
        if (error === null || error === undefined) resume(Effect.void)
      })
    }),
  fin: Effect.sync(() => {
    observed.closing(id, "server")
    socket.end()
  }),
  sent: outgoing.sent,
  rst: Effect.sync(() => {
    observed.closing(id, "server")
    socket.resetAndDestroy()
  })
})

const refuse = ({ reason, status }: Malformed): Reply.Reply =>
  Reply.status(status, { headers: { connection: "close" }, body: `FaultServer: ${reason}` })

const failed = (error: unknown): Reply.Reply =>
  Reply.status(500, { body: { error: { type: "fault_server_error", message: `The script threw: ${String(error)}` } } })

const ask = (script: (request: ReceivedRequest) => Reply.Reply, request: ReceivedRequest): Reply.Reply => {
  try {
    return script(request)
  } catch (error) {
    return failed(error)
  }
}

/** Runs until the connection is gone. */
export const serve = (
  socket: Socket,
  script: (request: ReceivedRequest) => Reply.Reply,
  observed: Observed
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const id = observed.opened()
    const wire = wireOf(socket, id, observed)
    const requests = yield* Queue.unbounded<{ readonly reply: () => Reply.Reply; readonly keepAlive: boolean }>()
    const parse = Http.requestParser()
    const take = (parsed: Parsed | Malformed) => {
      if (parsed._tag === "Malformed") return requests.unsafeOffer({ reply: () => refuse(parsed), keepAlive: false })
      const request = observed.received(id, parsed)
      return requests.unsafeOffer({ reply: () => ask(script, request), keepAlive: parsed.keepAlive })
    }
    socket.setNoDelay(true)
    socket.on("data", (bytes: Buffer) => parse(bytes).forEach(take))
    socket.on("end", () => observed.closing(id, "client"))
    socket.on("error", () => observed.closing(id, "client"))
    const gone = yield* Deferred.make<void>()
    socket.once("close", () => {
      observed.gone(id)
      Deferred.unsafeDone(gone, Exit.void)
    })
    const answers = Effect.forever(
      Effect.flatMap(requests.take, ({ keepAlive, reply }) => Effect.suspend(() => play(reply(), keepAlive, wire)))
    )
    yield* Effect.raceFirst(Deferred.await(gone), answers)
  })
