/**
 * Knows when bytes that were written to a connection are on their way, so that a reset does not overtake them.
 *
 * A kernel sends no more than about ten segments before the first of them is acknowledged, and a client that is busy, on a
 * connection that was used before, acknowledges late. A reset throws away what still waits. Only Linux tells how much of
 * what was written is not acknowledged; elsewhere nothing is waited for.
 */
import { readFile } from "node:fs/promises"
import type { Socket } from "node:net"
import * as Effect from "effect/Effect"

/** So many segments are sent at once, whatever the connection: the smallest congestion window of Linux. */
const SEGMENTS = 10

/** No segment of a loopback interface is smaller than this, where there is so much to send. */
const SEGMENT_BYTES = 32 * 1024

/** The first wait between two looks; each further one is twice as long. */
const LOOK_MILLIS = 5

/** A client that reads nothing never takes what is more than its window: it gets its reset all the same. */
const PATIENCE_MILLIS = 500

export class Outgoing {
  /** The sizes of the last writes. */
  private readonly writes: Array<number> = []
  private written = 0

  constructor(private readonly socket: Socket) {}

  wrote(bytes: number): void {
    this.written += bytes
    this.writes.push(bytes)
    if (this.writes.length > SEGMENTS) this.writes.shift()
  }

  /** Returns at once where little was written. */
  readonly sent: Effect.Effect<void> = Effect.suspend(() => {
    const underway = this.underway()
    const look = (wait: number, left: number): Effect.Effect<void> =>
      Effect.flatMap(this.unacknowledged, (bytes) =>
        bytes <= underway || left <= 0 ? Effect.void : Effect.zipRight(after(wait), look(2 * wait, left - wait))
      )
    return this.written <= underway ? Effect.void : look(LOOK_MILLIS, PATIENCE_MILLIS)
  })

  /** What the last segments hold, which are sent without an acknowledgement of those before them. */
  private underway(): number {
    let bytes = 0
    let segments = 0
    for (const size of this.writes.toReversed()) {
      segments += Math.ceil(size / SEGMENT_BYTES)
      if (segments > SEGMENTS) break
      bytes += size
    }
    return bytes
  }

  private readonly unacknowledged: Effect.Effect<number> = Effect.promise(async () => {
    const { localPort = 0, remoteFamily, remotePort = 0 } = this.socket
    const table = await readFile(remoteFamily === "IPv6" ? "/proc/net/tcp6" : "/proc/net/tcp", "latin1").catch(() => "")
    const ours = table.split("\n").find((line) => {
      const [, local = "", remote = ""] = line.trim().split(" ")
      return local.endsWith(`:${hex(localPort)}`) && remote.endsWith(`:${hex(remotePort)}`)
    })
    // The columns: number, local address, remote address, state, `unacknowledged:unread`.
    return Number.parseInt(ours?.trim().split(" ")[4] ?? "0", 16)
  })
}

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0")

/** By the clock on the wall: a test clock does not move the kernel. */
const after = (millis: number): Effect.Effect<void> =>
  Effect.async((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(timer))
  })
