/**
 * HTTP/1.1 by hand: requests from bytes, however they are cut, and heads and chunks to bytes. Written out because a
 * server library mends exactly what a `FaultServer` must be able to break.
 */
import { STATUS_CODES } from "node:http"

export interface Parsed {
  readonly _tag: "Parsed"
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
  /** Whether the client is willing to use the connection again. */
  readonly keepAlive: boolean
}

/** What came is not a request; nothing more can be read from this connection. */
export interface Malformed {
  readonly _tag: "Malformed"
  readonly status: number
  readonly reason: string
}

interface RequestHead extends Omit<Parsed, "_tag" | "body"> {}

const MAX_HEAD_BYTES = 64 * 1024
const MAX_BODY_BYTES = 64 * 1024 * 1024

const malformed = (status: number, reason: string): Malformed => ({ _tag: "Malformed", status, reason })

const parseHead = (text: string): RequestHead | Malformed => {
  const [first = "", ...lines] = text.split("\r\n")
  const line = /^([A-Z]+) (\S+) HTTP\/1\.([01])$/.exec(first)
  if (line === null) return malformed(400, "this is not an HTTP/1.1 request; TLS and HTTP/2 are not spoken here")
  const [, method = "", path = "", minor] = line
  const headers: Record<string, string> = {}
  for (const header of lines) {
    const colon = header.indexOf(":")
    if (colon <= 0) return malformed(400, "a header line has no name")
    const name = header.slice(0, colon).toLowerCase()
    const value = header.slice(colon + 1).trim()
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined
    headers[name] = before === undefined ? value : `${before}, ${value}`
  }
  const connection = headers.connection?.toLowerCase()
  return { method, path, headers, keepAlive: minor === "1" ? connection !== "close" : connection === "keep-alive" }
}

/**
 * Takes bytes as they come, and returns the requests that they complete. After a `Malformed` it returns nothing more.
 */
export const requestParser = (): ((bytes: Buffer) => ReadonlyArray<Parsed | Malformed>) => {
  // Joined only when a step needs it, so that a large body costs one copy and not one per packet.
  let pieces: Array<Buffer> = []
  let available = 0
  let needed = 1
  let head: RequestHead | undefined
  let step: (bytes: Buffer) => Parsed | Malformed | undefined
  let chunks: Array<Buffer> = []
  let chunkedBytes = 0

  const keep = (rest: Buffer, next: typeof step, need: number): undefined => {
    pieces = rest.length === 0 ? [] : [rest]
    available = rest.length
    step = next
    needed = need
  }

  const finish = (body: Buffer, rest: Buffer): Parsed => {
    // Set by readHead, which comes before every body.
    const done: Parsed = { _tag: "Parsed", ...head!, body: body.toString("utf8") }
    keep(rest, readHead, 1)
    return done
  }

  const readHead: typeof step = (bytes) => {
    // A client may put an empty line before a request.
    let start = 0
    while (bytes[start] === 13 && bytes[start + 1] === 10) start += 2
    const end = bytes.indexOf("\r\n\r\n", start, "latin1")
    if (end < 0) {
      if (bytes.length > MAX_HEAD_BYTES) return malformed(431, `the headers are longer than ${MAX_HEAD_BYTES} bytes`)
      return keep(bytes, readHead, bytes.length + 1)
    }
    const parsed = parseHead(bytes.toString("latin1", start, end))
    if ("_tag" in parsed) return parsed
    head = parsed
    const rest = bytes.subarray(end + 4)
    if (/\bchunked\b/i.test(parsed.headers["transfer-encoding"] ?? "")) {
      chunks = []
      chunkedBytes = 0
      return keep(rest, readChunk, 1)
    }
    const length = Number(parsed.headers["content-length"] ?? 0)
    if (!Number.isInteger(length) || length < 0) return malformed(400, "the content-length is not a number")
    if (length > MAX_BODY_BYTES) return malformed(413, `the body is longer than ${MAX_BODY_BYTES} bytes`)
    if (length === 0) return finish(Buffer.alloc(0), rest)
    return keep(rest, (body) => finish(body.subarray(0, length), body.subarray(length)), length)
  }

  const readChunk: typeof step = (bytes) => {
    const line = bytes.indexOf("\r\n", 0, "latin1")
    if (line < 0) {
      if (bytes.length > 1024) return malformed(400, "a chunk of the body has no size")
      return keep(bytes, readChunk, bytes.length + 1)
    }
    const hex = /^[0-9a-f]+/i.exec(bytes.toString("latin1", 0, line))
    if (hex === null) return malformed(400, "a chunk of the body has no size")
    const size = Number.parseInt(hex[0], 16)
    if (size > 0) {
      chunkedBytes += size
      if (chunkedBytes > MAX_BODY_BYTES) return malformed(413, `the body is longer than ${MAX_BODY_BYTES} bytes`)
      const from = line + 2
      if (bytes.length < from + size + 2) return keep(bytes, readChunk, from + size + 2)
      chunks.push(bytes.subarray(from, from + size))
      return keep(bytes.subarray(from + size + 2), readChunk, 1)
    }
    // Trailers are read over: the body ends at an empty line.
    const end = bytes.indexOf("\r\n\r\n", line, "latin1")
    return end < 0 ? keep(bytes, readChunk, bytes.length + 1) : finish(Buffer.concat(chunks), bytes.subarray(end + 4))
  }

  step = readHead
  return (bytes) => {
    const results: Array<Parsed | Malformed> = []
    pieces.push(bytes)
    available += bytes.length
    while (available >= needed) {
      const result = step(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, available))
      if (result === undefined) continue
      results.push(result)
      if (result._tag === "Malformed") {
        needed = Number.POSITIVE_INFINITY
        pieces = []
        step = () => undefined
      }
    }
    if (needed === Number.POSITIVE_INFINITY) pieces = []
    return results
  }
}

export const responseHead = (status: number, headers: Readonly<Record<string, string>>): Buffer => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`, "latin1")
}

export const CHUNKED_END = Buffer.from("0\r\n\r\n")

const CRLF = Buffer.from("\r\n")

/** One HTTP chunk; without its own end where it announces more than there is. */
export const chunk = (bytes: Uint8Array, announced: number): Buffer => {
  const size = Buffer.from(`${announced.toString(16)}\r\n`)
  return Buffer.concat(announced > bytes.length ? [size, bytes] : [size, bytes, CRLF])
}
