/**
 * The bytes of one answer, read on demand. What has arrived is delivered before the failure that follows it, and a read
 * that waits can be interrupted at once.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * The bytes of one answer, read on demand.
 *
 * @since 0.1.0
 * @category models
 */
export interface ByteSource {
  /** The chunks that have arrived, at least one; none at the clean end. Fails where the connection does. */
  readonly read: Effect.Effect<ReadonlyArray<Uint8Array>, unknown>
  /** True once there is nothing left to read, and the end was a clean one. */
  readonly ended: () => boolean
  /** Gives up the rest and the connection under it. */
  readonly destroy: () => void
}

/** Both are about sockets, not about any caller's patience, so they run on the real clock whatever clock is in use. */
const DRAIN_BYTES = 64 * 1024
const DRAIN_TIME = Duration.millis(100)
const realClock = Clock.make()

/**
 * Reads what is left after the proven end, so that the connection can serve the next request, and gives it up where the
 * server does not end the body soon.
 */
export const drain = (source: ByteSource): Effect.Effect<void> => {
  const rest = (left: number): Effect.Effect<boolean, unknown> =>
    Effect.flatMap(source.read, (chunks) => {
      if (chunks.length === 0) return Effect.succeed(true)
      const after = chunks.reduce((bytes, chunk) => bytes - chunk.length, left)
      return after < 0 ? Effect.succeed(false) : rest(after)
    })
  return rest(DRAIN_BYTES).pipe(
    Effect.timeoutTo({ duration: DRAIN_TIME, onSuccess: (ended) => ended, onTimeout: () => false }),
    Effect.withClock(realClock),
    // Started by finalizers, where a timeout has no power over what it does not find interruptible.
    Effect.interruptible,
    Effect.orElseSucceed(() => false),
    Effect.onExit((exit) =>
      Effect.sync(() => {
        if (exit._tag === "Failure" || !exit.value) source.destroy()
      })
    ),
    Effect.asVoid,
    Effect.uninterruptible
  )
}

/** The most of an error's body that is kept. */
const ERROR_BODY_CHARACTERS = 64 * 1024

/** The status already says what to do; how it is explained is not worth a long wait. */
const ERROR_BODY_TIME = Duration.seconds(1)

/**
 * The start of an error's body, as text; of a body that breaks off or stalls, what came before. What is left is not
 * read.
 */
export const errorText = (source: ByteSource): Effect.Effect<string> => {
  const decoder = new TextDecoder()
  let text = ""
  const more: Effect.Effect<void, unknown> = Effect.flatMap(source.read, (chunks) => {
    for (const chunk of chunks) text += decoder.decode(chunk, { stream: true })
    return chunks.length === 0 || text.length >= ERROR_BODY_CHARACTERS ? Effect.void : more
  })
  return more.pipe(
    Effect.timeoutOption(ERROR_BODY_TIME),
    Effect.withClock(realClock),
    Effect.ignore,
    Effect.map(() => (text + decoder.decode()).slice(0, ERROR_BODY_CHARACTERS))
  )
}

/** A web stream, as every `fetch` gives one. */
export const fromWeb = (body: ReadableStream<Uint8Array> | null): ByteSource => {
  if (body === null) return { read: Effect.succeed([]), ended: () => true, destroy: () => {} }
  const reader = body.getReader()
  let ended = false
  return {
    read: Effect.async((resume) => {
      reader.read().then(
        ({ done, value }) => {
          ended = done
          resume(Effect.succeed(done ? [] : [value]))
        },
        (error) => resume(Effect.fail(error))
      )
    }),
    ended: () => ended,
    destroy: () => {
      reader.cancel().catch(() => {})
    }
  }
}
