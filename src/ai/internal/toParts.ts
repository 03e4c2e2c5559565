/**
 * A stream of events as a stream of parts.
 *
 * The finish part is a chunk of its own: `@effect/ai` runs the handlers of the calls in a chunk before it takes the next
 * one, so their results stand before it.
 */
import type * as Response from "@effect/ai/Response"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import type * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Source } from "./parts.js"
import type { StreamParts } from "./streamParts.js"

type Part = Response.StreamPartEncoded

export const toParts = <E, E2>(
  events: Stream.Stream<ModelEvent, E>,
  parts: StreamParts,
  on: {
    /** Gives sources their ids. */
    readonly name: (sources: ReadonlyArray<Source>) => Effect.Effect<void>
    readonly failed: (error: E) => E2
    /** Called when the end is proven, before its parts are given. */
    readonly finished: (parts: StreamParts) => void
  }
): Stream.Stream<Part, E2> => {
  type Reading = Channel.Channel<Chunk.Chunk<Part>, Chunk.Chunk<ModelEvent>, E2, E, unknown, unknown>
  const reading: Reading = Channel.readWithCause({
    onInput: (chunk: Chunk.Chunk<ModelEvent>): Reading => {
      const out = parts.read(chunk)
      if (parts.finish !== undefined) {
        on.finished(parts)
        const last = Channel.write(Chunk.of<Part>(parts.finish))
        return Channel.zipRight(write(out), last)
      }
      // Never an empty chunk: a consumer's own timeout would take it for progress.
      return out.length === 0 ? reading : Channel.zipRight(write(out), reading)
    },
    onFailure: (cause) => Channel.failCause(Cause.map(cause, on.failed)),
    onDone: () => Channel.void
  })
  const write = (out: ReadonlyArray<Part>): Channel.Channel<Chunk.Chunk<Part>> => {
    const writing = Channel.write(Chunk.unsafeFromArray(out))
    return parts.sources.length === 0 ? writing : Channel.zipRight(Channel.fromEffect(on.name(parts.sources)), writing)
  }
  return Stream.fromChannel(Channel.pipeTo(Stream.toChannel(events), reading))
}
