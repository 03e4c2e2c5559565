/**
 * Bytes into lines of JSON, incrementally and in bounded memory.
 *
 * The packages for this (`ndjson`, `split2`, `stream-json`) are Node streams, which do not fit between the bytes and a
 * pure decoder. What remains without the stream is a search for line feeds.
 */
import * as Fault from "../../model/internal/fault.js"
import type { Frame, Framing, Reader } from "../Framing.js"
import { object, parse } from "./json.js"
import { makeUtf8 } from "./utf8.js"

const isObject = (line: string): boolean => object(parse(line)) !== undefined

/**
 * Never throws. A line that the end of the body cuts is dropped, unless it is a complete object of JSON, which no
 * prefix of one is. After a fault nothing more is delivered.
 */
const reader = (max: number): Reader => {
  const utf8 = makeUtf8()
  /** The line that has not ended. */
  let begun = ""
  let fault: Fault.Fault | undefined
  let over = false

  const fail = (): void => {
    over = true
    begun = ""
    fault = Fault.tooLong(max)
  }

  const take = (line: string, frames: Array<Frame>): void => {
    const data = line.endsWith("\r") ? line.slice(0, -1) : line
    if (data.length > max) fail()
    else if (/\S/.test(data)) frames.push({ data })
  }

  return {
    push(bytes) {
      const frames: Array<Frame> = []
      if (over) return frames
      const text = utf8(bytes)
      let from = 0
      // Only new text is searched: a line in many pieces costs no more than one in one piece.
      for (let to = text.indexOf("\n"); to >= 0 && !over; to = text.indexOf("\n", from)) {
        take(begun + text.slice(from, to), frames)
        begun = ""
        from = to + 1
      }
      if (over) return frames
      begun += text.slice(from)
      // One more for the CR that may belong to the line's end.
      if (begun.length > max + 1) fail()
      return frames
    },
    end() {
      const frames: Array<Frame> = []
      if (over) return frames
      // As bytes: half a character at the end becomes U+FFFD.
      take(begun + utf8(Uint8Array.of(LF)).slice(0, -1), frames)
      over = true
      return frames.filter(({ data }) => isObject(data))
    },
    get fault() {
      return fault
    }
  }
}

const LF = 10

/** A stream and an error both begin with an object. The object of a stream is whole on its line. */
const begins: Framing["begins"] = (text, _contentType, more) => {
  if (text === "") return more ? undefined : "stream"
  if (!text.startsWith("{")) return "document"
  const end = text.indexOf("\n")
  if (end < 0) return more ? undefined : "stream"
  return isObject(text.slice(0, end)) ? "stream" : "document"
}

export const jsonLines: Framing = { begins, reader }
