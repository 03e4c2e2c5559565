/**
 * What a cassette holds: requests, and what came of each, with its bytes and times. Times are whole milliseconds since
 * the request was sent.
 */
import * as Schema from "effect/Schema"

const Millis = Schema.NonNegativeInt

const Headers = Schema.Record({ key: Schema.String, value: Schema.String })

const Sent = Schema.Struct({
  method: Schema.String,
  /** The end of the path: what comes before it belongs to a base URL, which may hold a secret. */
  path: Schema.String,
  headers: Headers,
  /** JSON as a value, any other text as a string, `null` where there was none. */
  body: Schema.Unknown
})

/** Kept as bytes: a chunk may end in the middle of a character. */
const Chunk = Schema.Struct({ at: Millis, bytes: Schema.Uint8ArrayFromSelf })

const Link = Schema.Struct({
  name: Schema.String,
  code: Schema.optional(Schema.String),
  message: Schema.String
})

/**
 * - `end`: the body ended cleanly
 * - `drop`: the connection failed; `error` is the failure, followed by its causes
 * - `silence`: nothing more came while the program waited
 * - `left`: the program read no further
 */
const Ending = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("end"), at: Millis }),
  Schema.Struct({ kind: Schema.Literal("drop"), at: Millis, error: Schema.Array(Link) }),
  Schema.Struct({ kind: Schema.Literal("silence", "left"), at: Millis })
)

/** One request and its answer. */
export const Exchange = Schema.Struct({
  request: Sent,
  /** Absent where the connection failed, or nothing came, before the head of an answer. */
  response: Schema.optional(Schema.Struct({ at: Millis, status: Schema.Int, headers: Headers })),
  body: Schema.Array(Chunk),
  ending: Ending
})

export type Exchange = typeof Exchange.Type
export type Sent = typeof Sent.Type
export type Chunk = typeof Chunk.Type
export type Link = typeof Link.Type
export type Ending = typeof Ending.Type

/** Names a request in messages: `POST /v1/messages (claude-sonnet-5-5)`. */
export const titleOf = ({ body, method, path }: Sent): string => {
  const model = typeof body === "object" && body !== null && "model" in body ? body.model : undefined
  return `${method} ${path}${typeof model === "string" ? ` (${model.slice(0, 80)})` : ""}`
}
