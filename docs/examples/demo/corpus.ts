/**
 * Reads a directory of recorded streams: `manifest.json` lists them, each file is the body of one answer.
 */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import type { Protocol } from "effect-redial"
import { Mistake } from "./mistake.js"

const Manifest = Schema.parseJson(
  Schema.Array(
    Schema.Struct({
      file: Schema.String,
      protocol: Schema.String,
      /** Of the recorded answer; absent where it was 200. */
      status: Schema.optional(Schema.Number),
      /** Whether the vendor's own SDK could read it. */
      expect: Schema.optional(Schema.Struct({ ok: Schema.Boolean })),
      features: Schema.optional(Schema.Array(Schema.String))
    })
  )
)

/** The manifest says so of recordings whose last statements have another text than their deltas. */
const CONTRADICTS = "text!=deltas"

export interface Recording {
  readonly file: string
  readonly protocol: Protocol.ProtocolId
  readonly body: Uint8Array
  /** Whether a stream of it can be read: the vendor's SDK does, and its end does not contradict its deltas. */
  readonly readable: boolean
}

const read = (path: string): Effect.Effect<Buffer, Mistake> =>
  Effect.tryPromise({
    try: () => readFile(path),
    catch: (error) =>
      new Mistake({ message: `Cannot read ${path}: ${error instanceof Error ? error.message : error}`, usage: false })
  })

const isSpoken = (protocol: string): protocol is Protocol.ProtocolId =>
  protocol === "anthropic-messages" || protocol === "chat-completions" || protocol === "responses"

/** The streams of the protocols that the demo speaks. */
export const load = (directory: string): Effect.Effect<ReadonlyArray<Recording>, Mistake> =>
  Effect.gen(function* () {
    const path = join(directory, "manifest.json")
    const entries = yield* Schema.decode(Manifest)((yield* read(path)).toString("utf8")).pipe(
      Effect.mapError(({ message }) => new Mistake({ message: `${path} is no manifest: ${message}`, usage: false }))
    )
    const recordings = yield* Effect.forEach(
      entries.filter(({ protocol, status = 200 }) => status === 200 && isSpoken(protocol)),
      ({ expect, features = [], file, protocol }) =>
        Effect.map(
          read(join(directory, file)),
          (body): ReadonlyArray<Recording> =>
            isSpoken(protocol)
              ? [{ file, protocol, body, readable: expect?.ok === true && !features.includes(CONTRADICTS) }]
              : []
        ),
      { concurrency: 16 }
    )
    return recordings.flat()
  })
