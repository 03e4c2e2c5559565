/** Decodes the `content-encoding` of an answer, piece by piece as it arrives. */
import { type Duplex, pipeline, type Readable } from "node:stream"
import * as zlib from "node:zlib"

// Z_SYNC_FLUSH at the end too: detecting a cut body is up to the protocol's proof, not to zlib.
const sync = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH }
const flush = zlib.constants.BROTLI_OPERATION_FLUSH

const decoders: ReadonlyMap<string, () => Duplex> = new Map([
  ["gzip", () => zlib.createGunzip(sync)],
  ["x-gzip", () => zlib.createGunzip(sync)],
  ["deflate", () => zlib.createInflate(sync)],
  ["br", () => zlib.createBrotliDecompress({ flush, finishFlush: flush })]
])

/** Codings of the IANA registry that cannot be decoded here. Without decoding, the bytes mean nothing. */
const opaque: ReadonlySet<string> = new Set(["aes128gcm", "compress", "x-compress", "dcb", "dcz", "exi", "zstd"])

/** No legitimate server applies more, and each costs memory. */
const MOST_CODINGS = 5

/** Undefined if the bytes cannot be decoded. */
export const decompressed = (body: Readable, encoding: string): Readable | undefined => {
  const codings = encoding
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => decoders.has(coding) || opaque.has(coding))
  if (codings.length > MOST_CODINGS || codings.some((coding) => opaque.has(coding))) return undefined
  // A word that names no coding says nothing about the bytes: `none` and `utf-8` stop proxies from compressing.
  return codings.reduceRight<Readable>((from, coding) => {
    const decoder = decoders.get(coding)?.()
    return decoder === undefined ? from : pipeline(from, decoder, () => {})
  }, body)
}
