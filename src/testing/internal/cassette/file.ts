/**
 * The file of a cassette: JSON that a person can read, edit and compare. Each chunk stands on a line of its own, as text
 * where it is valid UTF-8 and else in base64. It holds no dates: a new recording of the same answers changes only times.
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type Chunk, Exchange } from "./exchange.js"

const FORMAT = "effect-redial/cassette"

/** Counts up when a release writes what the ones before it cannot read. */
const VERSION = 1

// A byte order mark is a part of the bytes, and a decoder would swallow it.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const bytesOf = new TextEncoder()

type WrittenChunk = { readonly at: number; readonly text: string } | { readonly at: number; readonly base64: string }

const WrittenChunk = Schema.Union(
  Schema.Struct({ at: Schema.NonNegativeInt, text: Schema.String }),
  Schema.Struct({ at: Schema.NonNegativeInt, base64: Schema.Uint8ArrayFromBase64 })
)

const written = ({ at, bytes }: Chunk): WrittenChunk => {
  try {
    return { at, text: utf8.decode(bytes) }
  } catch {
    return { at, base64: Encoding.encodeBase64(bytes) }
  }
}

const read = (chunk: typeof WrittenChunk.Type): Chunk => ({
  at: chunk.at,
  bytes: "text" in chunk ? bytesOf.encode(chunk.text) : chunk.base64
})

const File = Schema.Struct({
  exchanges: Schema.Array(Schema.Struct({ ...Exchange.fields, body: Schema.Array(WrittenChunk) }))
})

/** A field of an exchange, as the lines of an object at its depth in the file. */
const field = (name: string, value: unknown): string =>
  `      ${JSON.stringify(name)}: ${JSON.stringify(value, undefined, 2).replaceAll("\n", "\n      ")}`

const body = (chunks: ReadonlyArray<Chunk>): string => {
  const lines = chunks.map((chunk) => `        ${JSON.stringify(written(chunk))}`)
  return lines.length === 0 ? `      "body": []` : `      "body": [\n${lines.join(",\n")}\n      ]`
}

const exchange = (one: Exchange): string =>
  [
    field("request", one.request),
    ...(one.response === undefined ? [] : [field("response", one.response)]),
    body(one.body),
    field("ending", one.ending)
  ].join(",\n")

/** The text of a file. */
export const write = (exchanges: ReadonlyArray<Exchange>): string => {
  const all = exchanges.map((one) => `    {\n${exchange(one)}\n    }`).join(",\n")
  return `{\n  "format": "${FORMAT}",\n  "version": ${VERSION},\n  "exchanges": [\n${all}\n  ]\n}\n`
}

/** Why a file cannot be used, as a sentence without its subject. */
export interface Unusable {
  readonly reason: "Corrupt" | "Version"
  readonly problem: string
}

const corrupt = (problem: string): Unusable => ({ reason: "Corrupt", problem })

const decode = Schema.decodeUnknownEither(File)

/** The exchanges of a file. */
export const parse = (text: string): Either.Either<ReadonlyArray<Exchange>, Unusable> =>
  Either.flatMap(json(text), (value) => {
    if (typeof value !== "object" || value === null || !("format" in value) || value.format !== FORMAT) {
      return Either.left(corrupt("is not a cassette: it has no `format` of one"))
    }
    const version = "version" in value ? value.version : undefined
    if (version !== VERSION) {
      const problem = `has version ${JSON.stringify(version)} of the format, and this release reads version ${VERSION}`
      return Either.left({ reason: "Version", problem })
    }
    return Either.mapBoth(decode(value), {
      onLeft: (error) => corrupt(`is not valid: ${firstOf(error)}`),
      onRight: ({ exchanges }) => exchanges.map((one) => ({ ...one, body: one.body.map(read) }))
    })
  })

const json = (text: string): Either.Either<unknown, Unusable> =>
  Either.try({
    try: (): unknown => JSON.parse(text),
    // The message of the engine repeats the text.
    catch: () => corrupt(text.trim() === "" ? "is empty" : "is not valid JSON: it may be cut off")
  })

/** The first problem, and where it is. */
const firstOf = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  return issue === undefined ? "it has another form" : `${issue.path.join(".")}: ${issue.message.slice(0, 200)}`
}
