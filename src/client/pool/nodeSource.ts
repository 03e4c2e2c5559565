/**
 * A byte source over a Node stream.
 */
import type { Readable } from "node:stream"
import * as Effect from "effect/Effect"
import type { ByteSource } from "./byteSource.js"

/**
 * Above this many unread bytes the socket is paused, so a slow consumer slows the server instead of filling the heap.
 */
const HIGH_WATER = 64 * 1024

export const fromReadable = (readable: Readable): ByteSource => {
  let queue: Array<Uint8Array> = []
  let queued = 0
  let ended = false
  let failure: unknown
  let waiter: (() => void) | undefined
  const wake = (): void => waiter?.()
  // Flowing mode delivers each chunk as it is parsed off the socket; a reset in the same turn would discard a chunk in
  // the stream's own buffer.
  readable.on("data", (chunk: Uint8Array) => {
    queue.push(chunk)
    queued += chunk.length
    if (queued >= HIGH_WATER) readable.pause()
    wake()
  })
  readable.on("end", () => {
    ended = true
    wake()
  })
  readable.on("error", (error) => {
    failure ??= error
    wake()
  })
  readable.on("close", () => {
    if (!ended) failure ??= new Error("the connection closed before the end of the answer")
    wake()
  })
  /** What is available, if anything. */
  const take = (): Effect.Effect<ReadonlyArray<Uint8Array>, unknown> | undefined => {
    if (queued > 0) {
      // One piece: decoding one costs as much as decoding all, and a server may write each event separately.
      const chunks = queue.length === 1 ? queue : [Buffer.concat(queue, queued)]
      queue = []
      queued = 0
      if (readable.isPaused()) readable.resume()
      return Effect.succeed(chunks)
    }
    return ended ? Effect.succeed([]) : failure === undefined ? undefined : Effect.fail(failure)
  }
  const read: ByteSource["read"] = Effect.suspend(
    () =>
      take() ??
      // Not cleared by an interruption: waking a reader that is gone does nothing.
      Effect.async((resume) => {
        // Taken when the fiber runs, not now: this includes whatever the same turn of the event loop still brings.
        waiter = () => {
          waiter = undefined
          resume(read)
        }
      })
  )
  return {
    read,
    ended: () => ended && queued === 0,
    destroy: () => {
      readable.destroy()
    }
  }
}
