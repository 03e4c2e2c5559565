/**
 * What is needed to continue a broken answer later, in another process, or at another provider: what was delivered, the
 * attempts that it took, and where a server keeps the answer, the place to go on from.
 *
 * Every `ProviderError` of a request that was sent has one, and `ModelEvent.fold` makes one from events. Encode it with the
 * schema to store it, and give it back as `from`:
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
 * @since 0.2.0
 */
import * as Schema from "effect/Schema"
import { Attempt, Seam } from "./ModelResponse.js"
import { PartialResponse } from "./PartialResponse.js"

/**
 * Where a server keeps an answer. OpenAI's Responses do for requests with `background: true`.
 *
 * @since 0.2.0
 * @category schemas
 */
export const Cursor = Schema.Struct({
  /** The provider and the protocol that can be asked for it. */
  provider: Schema.String,
  protocol: Schema.String,
  /** The vendor's id of the response. */
  id: Schema.String,
  /** The number of the last event that came, where it is known. */
  after: Schema.optional(Schema.Number)
})

/**
 * @since 0.2.0
 * @category models
 */
export type Cursor = typeof Cursor.Type

/**
 * A point in an answer. Its `text`, `blocks` and `delivered` are exactly what the consumer has. Only the checkpoint of an
 * error can differ: a key of the request that the server sent back is taken out of it.
 *
 * @since 0.2.0
 * @category schemas
 */
export const Checkpoint = Schema.Struct({
  ...PartialResponse.fields,
  /** The attempts that were made, in order. */
  attempts: Schema.Array(Attempt),
  /** Where the text was already put together from several attempts. */
  seams: Schema.Array(Seam),
  cursor: Schema.optional(Cursor)
})

/**
 * @since 0.2.0
 * @category models
 */
export type Checkpoint = typeof Checkpoint.Type
