/**
 * What is needed to continue a broken answer later, in another process, or at another provider: what was delivered, the
 * attempts so far, and the cursor if a server keeps the answer.
 *
 * Every `ProviderError` of a request that was sent has one, and `ModelEvent.fold` makes one from events. Encode it with
 * the schema to store it, and pass it as `from` to continue:
 *
 * @example
 * ```ts
 * import { Checkpoint, Provider } from "effect-redial"
 * import { Effect, Schema, Stream } from "effect"
 *
 * const request = { model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }
 *
 * // Text that follows what was stored: not one character comes twice.
 * const rest = (stored: string) =>
 *   Stream.unwrap(
 *     Effect.map(Schema.decode(Schema.parseJson(Checkpoint.Checkpoint))(stored), (from) =>
 *       Provider.streamText(request, { from })
 *     )
 *   )
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Folding } from "./internal/folding.js"
import type { ModelEvent } from "./ModelEvent.js"
import { Attempt, Seam } from "./ModelResponse.js"
import { PartialResponse } from "./PartialResponse.js"

/**
 * Where a server keeps an answer. OpenAI's Responses keep answers of requests with `background: true`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Cursor = Schema.Struct({
  /** The provider and the protocol that can fetch it. */
  provider: Schema.String,
  protocol: Schema.String,
  /** The vendor's id of the response. */
  id: Schema.String,
  /** The number of the last event received, if known. */
  after: Schema.optional(Schema.Number)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Cursor = typeof Cursor.Type

/**
 * A point in an answer. Its `text`, `blocks` and `delivered` are exactly what the consumer has.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Checkpoint = Schema.Struct({
  ...PartialResponse.fields,
  /** The attempts so far, in order. */
  attempts: Schema.Array(Attempt),
  /** The seams of the text so far; empty if one attempt wrote all of it. */
  seams: Schema.Array(Seam),
  cursor: Schema.optional(Cursor),
  /**
   * True if the answer is proven to be whole: there is nothing to continue, and `from` is refused. Absent otherwise.
   */
  finished: Schema.optional(Schema.Literal(true))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Checkpoint = typeof Checkpoint.Type

/**
 * Stores checkpoints while events pass. Before a chunk of events is emitted, a checkpoint that includes it is passed to
 * `store`. The stream waits for `store`, and fails if it fails. So a program never shows more than it stored. If it is
 * killed, the next one continues from the last checkpoint; a chunk that was stored but not shown is in the checkpoint's
 * `text`.
 *
 * Each checkpoint holds the whole answer so far, so storing every chunk of a very long answer adds up. With `every`,
 * the chunks in between are emitted before they are stored: a program that is killed then may have shown a little more
 * than the checkpoint contains, and shows that again. The last checkpoint is stored at the end, even if the stream
 * fails.
 *
 * @example
 * ```ts
 * import { Checkpoint, Provider } from "effect-redial"
 * import { Effect, Schema, Stream } from "effect"
 *
 * declare const write: (json: string) => Effect.Effect<void>
 *
 * const encode = Schema.encode(Schema.parseJson(Checkpoint.Checkpoint))
 *
 * const events = Provider.stream({ model: "claude-sonnet-5-5", prompt: "Hello" }, { delivery: "resume" }).pipe(
 *   Checkpoint.save((checkpoint) => Effect.flatMap(Effect.orDie(encode(checkpoint)), write), { every: "1 second" })
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const save: {
  <E2, R2>(
    store: (checkpoint: Checkpoint) => Effect.Effect<unknown, E2, R2>,
    options?: SaveOptions
  ): <A extends ModelEvent, E, R>(events: Stream.Stream<A, E, R>) => Stream.Stream<A, E | E2, R | R2>
  <A extends ModelEvent, E, R, E2, R2>(
    events: Stream.Stream<A, E, R>,
    store: (checkpoint: Checkpoint) => Effect.Effect<unknown, E2, R2>,
    options?: SaveOptions
  ): Stream.Stream<A, E | E2, R | R2>
} = dual(
  (args) => Predicate.hasProperty(args[0], Stream.StreamTypeId),
  <A extends ModelEvent, E, R, E2, R2>(
    events: Stream.Stream<A, E, R>,
    store: (checkpoint: Checkpoint) => Effect.Effect<unknown, E2, R2>,
    { every = 0, from }: SaveOptions = {}
  ): Stream.Stream<A, E | E2, R | R2> =>
    Stream.suspend(() => {
      const folding = new Folding(from)
      const pause = Duration.toMillis(every)
      let next = Number.NEGATIVE_INFINITY
      let behind = false
      const rest = Effect.suspend(() => (behind ? store(folding.checkpoint()) : Effect.void))
      const ended = events.pipe(
        // The error of the stream says more than a failure to store the last checkpoint.
        Stream.catchAll((error) => Stream.fromEffect(Effect.zipRight(Effect.ignore(rest), Effect.fail(error)))),
        Stream.concat(Stream.drain(Stream.fromEffect(rest)))
      )
      return Stream.mapChunksEffect(ended, (chunk) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          for (const event of chunk) folding.apply(event)
          behind = now < next && !folding.isFinished
          if (behind) return Effect.succeed(chunk)
          next = now + pause
          return Effect.as(store(folding.checkpoint()), chunk)
        })
      )
    })
)

/**
 * When `save` stores.
 *
 * @since 0.1.0
 * @category models
 */
export interface SaveOptions {
  /** The least time between two checkpoints. Default: none, one checkpoint per chunk. */
  readonly every?: Duration.DurationInput | undefined
  /** The checkpoint that the stream itself continues. Default: none. */
  readonly from?: Checkpoint | undefined
}
