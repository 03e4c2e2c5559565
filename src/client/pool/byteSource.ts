/**
 * The bytes of one answer, read on demand. What arrived before a failure is delivered before it, and a waiting read can
 * be interrupted at once.
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
  /** The chunks that have arrived, at least one; none at the clean end. Fails if the connection does. */
  readonly read: Effect.Effect<ReadonlyArray<Uint8Array>, unknown>
  /** True once everything was read and the end was clean. */
  readonly ended: () => boolean
  /** Gives up the rest and the connection under it. */
  readonly destroy: () => void
}

/** Both limits are about sockets, so they use the real clock, whatever clock is in use. */
const DRAIN_BYTES = 64 * 1024
const DRAIN_TIME = Duration.millis(100)
const realClock = Clock.make()

/**
 * Reads the rest after the proven end, so that the connection can serve the next request. Gives it up if the server
 * does not end the body soon.
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
    // Runs in finalizers, where a timeout cannot interrupt an uninterruptible effect.
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

/** The most that is kept of an error's body. */
const ERROR_BODY_CHARACTERS = 64 * 1024

/** The status already says what to do; its explanation is not worth a long wait. */
const ERROR_BODY_TIME = Duration.seconds(1)

/** The start of an error's body, as text; if the body breaks off or stalls, what came before. The rest is not read. */
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
