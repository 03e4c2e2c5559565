/**
 * Bytes into server-sent events, incrementally and in bounded memory.
 *
 * @since 0.1.0
 */
import { createParser } from "eventsource-parser"
import * as Fault from "../model/internal/fault.js"
import { parse } from "./internal/json.js"
import type { ServerSentEvent } from "./Protocol.js"

/**
 * What one server-sent event may be.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  /** The largest event, in characters. Default: 16 Mi. */
  readonly maxEventLength?: number | undefined
}

/**
 * Reads one stream.
 *
 * @internal
 */
export interface Reader {
  /**
   * The events that these bytes complete. Handed over together: a callback per event would have the parser's loop, and each
   * function below it, compiled once more with all that follows in it, a third of the CPU of a process's first answers.
   */
  readonly push: (bytes: Uint8Array) => ReadonlyArray<ServerSentEvent>
  /** The body is over. Gives the event that it ends in without a blank line, if that event is certainly whole. */
  readonly end: () => ReadonlyArray<ServerSentEvent>
  /** Why nothing more is given: it comes after the events that were. */
  readonly fault: Fault.Fault | undefined
}

/** What the parser's buffer may hold besides the data itself. */
const framing = "event: \r\n".length

const LF = 10
const CR = 13
const BYTE_ORDER_MARK = 0xfeff

const BLANK_LINE = Uint8Array.of(LF, LF)

/** No beginning of these is one of these, so the end of the body has cut nothing off. */
const isWhole = ({ data }: ServerSentEvent): boolean =>
  data === "[DONE]" || (/^\s*[{[]/.test(data) && parse(data) !== undefined)

/**
 * Never throws. An event that is pending when the body ends is dropped, since its blank line never came, unless its data is
 * an object or an array of JSON, or `[DONE]`, and complete. After a fault nothing more is delivered.
 *
 * @internal
 */
export const make = (limits?: Limits): Reader => {
  const max = limits?.maxEventLength ?? 16 * 1024 * 1024
  const utf8 = makeUtf8()
  let events: Array<ServerSentEvent> = []
  let fault: Fault.Fault | undefined
  let over = false
  let afterCR = false

  const tooLong = (length: number): boolean => {
    if (over || length <= max) return over
    over = true
    fault = Fault.malformed(`the stream has an event of more than ${max} characters`)
    return true
  }

  const parser = createParser({
    maxBufferSize: max + framing,
    onEvent(event) {
      if (!tooLong(event.data.length)) events.push(event)
    },
    onComment: (comment) => void tooLong(comment.length),
    onError(error) {
      if (tooLong(error.type === "max-buffer-size-exceeded" ? Number.POSITIVE_INFINITY : (error.line?.length ?? 0)))
        return
      // Not a field of the format, but servers write `error: ...` where they fail in the middle of a stream.
      if (error.field === "error") events.push({ event: "error", data: error.value ?? "" })
    }
  })
  // The parser looks for a wrongly decoded byte order mark in its first input only: how the body is cut must not matter.
  parser.feed("")

  // A chunk's last CR ends its line at once, as CRLF; if LF does follow, it is dropped. Left alone, the parser would wait
  // for what follows, and the event with it.
  const feed = (text: string): void => {
    const from = afterCR && text.charCodeAt(0) === LF ? 1 : 0
    if (over || text === "") return
    afterCR = text.charCodeAt(text.length - 1) === CR
    if (from > 0 || afterCR) parser.feed(text.slice(from) + (afterCR ? "\n" : ""))
    else parser.feed(text)
  }

  return {
    push(bytes) {
      if (!over) feed(utf8(bytes))
      const out = events
      events = []
      return out
    },
    end() {
      if (over) return []
      // As bytes: half a character at the end comes out as U+FFFD, and is not JSON.
      feed(utf8(BLANK_LINE))
      over = true
      const out = events.filter(isWhole)
      events = []
      return out
    },
    get fault() {
      return fault
    }
  }
}

/**
 * Bytes to text: drops a byte order mark, holds back half a character, and writes U+FFFD for bytes that are not UTF-8.
 *
 * `TextDecoder` does all that by itself with `stream: true`, but then Node 20 takes a slow way, which also gives
 * strings of two bytes per character that take longer to parse: server-sent events of 100 bytes cost 0.25 microseconds
 * each with it and 0.14 without.
 */
const makeUtf8 = (): ((bytes: Uint8Array) => string) => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  let held: Uint8Array | undefined
  let begun = false

  return (bytes) => {
    let all = bytes
    if (held !== undefined) {
      all = new Uint8Array(held.length + bytes.length)
      all.set(held)
      all.set(bytes, held.length)
    }
    const whole = all.length - unfinished(all)
    held = whole === all.length ? undefined : all.slice(whole)
    const text = decoder.decode(whole === all.length ? all : all.subarray(0, whole))
    if (begun || text === "") return text
    begun = true
    return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
  }
}

/** How many bytes at the end are the start of a character that is not whole. */
const unfinished = (bytes: Uint8Array): number => {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
  }
  return 0
}
