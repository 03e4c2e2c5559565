/**
 * Does the steps of one reply, in order, on one connection.
 */
import * as Effect from "effect/Effect"
import * as Gate from "./gate.js"
import * as Http from "./http.js"
import type { Reply } from "./reply.js"
import type { Head } from "./step.js"

/** What a reply may do to a connection. */
export interface Wire {
  /** Resolves when the kernel has taken the bytes; never, if the connection is gone. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<void>
  /** Resolves when what was written is on its way, so that a reset cannot overtake it. */
  readonly sent: Effect.Effect<void>
  readonly fin: Effect.Effect<void>
  readonly rst: Effect.Effect<void>
}

type Framing = "chunked" | "length" | "close"

const header = (head: Head, name: string): string | undefined =>
  Object.entries(head.headers).find(([key]) => key.toLowerCase() === name)?.[1]

const framingOf = (head: Head): Framing =>
  header(head, "transfer-encoding")?.toLowerCase() === "chunked"
    ? "chunked"
    : header(head, "content-length") === undefined
      ? "close"
      : "length"

const nextTurn = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

/**
 * Returns when the connection is ready for the next request. A reply that closes its connection, or stalls, never
 * returns: the end of the connection interrupts it.
 */
export const play = (reply: Reply, keepAlive: boolean, wire: Wire): Effect.Effect<void> =>
  Effect.gen(function* () {
    let framing: Framing = "length"
    let closeAtEnd = !keepAlive
    let written = false
    // Two writes never share a turn of the event loop, so that a client in this very process sees them one by one. What
    // follows a write in any other way follows it at once.
    const write = (bytes: Uint8Array) =>
      Effect.suspend(() => {
        const before = written ? nextTurn : Effect.void
        written = true
        return Effect.zipRight(before, wire.write(bytes))
      })
    const frame = (bytes: Uint8Array, announced: number) =>
      framing === "chunked" ? Http.chunk(bytes, announced) : bytes
    for (const [i, step] of reply.steps.entries()) {
      switch (step._tag) {
        case "Head": {
          framing = framingOf(step)
          closeAtEnd ||= framing === "close" || header(step, "connection")?.toLowerCase() === "close"
          yield* write(Http.responseHead(step.status, step.headers))
          break
        }
        case "Body": {
          // An empty chunk would say that the body is over.
          if (step.bytes.length === 0) break
          const bytes = frame(step.bytes, step.announced)
          const last = framing === "chunked" && reply.steps[i + 1]?._tag === "End"
          yield* write(last ? Buffer.concat([bytes, Http.CHUNKED_END]) : bytes)
          break
        }
        case "Raw": {
          yield* write(step.bytes)
          break
        }
        case "End": {
          const previous = reply.steps[i - 1]
          const ended = previous?._tag === "Body" && previous.bytes.length > 0
          if (framing === "chunked" && !ended) yield* write(Http.CHUNKED_END)
          if (closeAtEnd) {
            yield* wire.fin
            return yield* Effect.never
          }
          break
        }
        case "Wait": {
          yield* Gate.pass(step.wait)
          // One turn to get out of the turn that wrote, one in which a client in this process reads.
          yield* nextTurn
          yield* nextTurn
          break
        }
        case "Heartbeat": {
          const beat = Effect.suspend(() => write(frame(step.bytes, step.bytes.length)))
          const beats = Effect.forever(Effect.zipRight(Effect.sleep(step.every), beat))
          yield* step.until === undefined ? beats : Effect.raceFirst(step.until.pass, beats)
          break
        }
        case "Fin": {
          yield* wire.fin
          return yield* Effect.never
        }
        case "Rst": {
          // It costs a look at the kernel's tables, so it is done where the script takes its time.
          if (reply.steps[i - 1]?._tag === "Wait") yield* wire.sent
          yield* wire.rst
          return yield* Effect.never
        }
        case "Stall":
          return yield* Effect.never
      }
    }
  })
