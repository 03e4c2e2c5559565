/**
 * Bytes into server-sent events, incrementally and in bounded memory.
 */
import { createParser } from "eventsource-parser"
import * as Fault from "../../model/internal/fault.js"
import type { Beginning, Frame, Framing, Reader } from "../Framing.js"
import { parse } from "./json.js"
import { makeUtf8 } from "./utf8.js"

/** What the parser's buffer may contain besides the data itself. */
const framing = "event: \r\n".length

const LF = 10
const CR = 13

const BLANK_LINE = Uint8Array.of(LF, LF)

/** No prefix of these is one of these, so the end of the body has cut nothing off. */
const isWhole = ({ data }: Frame): boolean => data === "[DONE]" || (/^\s*[{[]/.test(data) && parse(data) !== undefined)

/**
 * Never throws. An event that is pending when the body ends is dropped, because its blank line never came, unless its
 * data is a complete object or array of JSON, or `[DONE]`. After a fault nothing more is delivered.
 */
const reader = (max: number): Reader => {
  const utf8 = makeUtf8()
  let events: Array<Frame> = []
  let fault: Fault.Fault | undefined
  let over = false
  let afterCR = false

  const tooLong = (length: number): boolean => {
    if (over || length <= max) return over
    over = true
    fault = Fault.tooLong(max)
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
      // Not a field of the format, but servers write `error: ...` when they fail in the middle of a stream.
      if (error.field === "error") events.push({ event: "error", data: error.value ?? "" })
    }
  })
  // The parser looks for a wrongly decoded byte order mark only in its first input: the cut of the body must not
  // matter.
  parser.feed("")

  // A chunk's last CR ends its line at once, like CRLF; a following LF is dropped. Otherwise the parser would wait for
  // what follows, and the event with it.
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
      // As bytes: half a character at the end becomes U+FFFD, and is not JSON.
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

const fields = ["data", "event", "id", "retry"]

/**
 * Servers send errors as JSON under `text/event-stream`, and events under `application/json`: the bytes decide first.
 */
const begins: Framing["begins"] = (text, contentType, more) => {
  if (text === "") return more ? undefined : byType(contentType)
  // JSON or a page. No field of an event begins like this.
  if ('{["<'.includes(text.charAt(0))) return "document"
  if (text.startsWith(":")) return "stream"
  for (const field of fields) {
    if (text.startsWith(field) && ":\r\n".includes(text.charAt(field.length))) {
      return more && text.length === field.length ? undefined : "stream"
    }
    if (more && field.startsWith(text)) return undefined
  }
  return byType(contentType)
}

const byType = (contentType: string | null | undefined): Beginning =>
  contentType === undefined || contentType === null || contentType.toLowerCase().includes("event-stream")
    ? "stream"
    : "document"

export const serverSentEvents: Framing = { begins, reader }
