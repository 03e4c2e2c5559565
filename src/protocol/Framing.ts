/**
 * Cuts the bytes of a body into the events of a stream: server-sent events, lines of JSON, or your own framing.
 *
 * @since 0.1.0
 */
import type { Fault } from "../model/internal/fault.js"
import * as JsonLines from "./internal/jsonLines.js"
import * as Sse from "./internal/sse.js"

/**
 * One event of a stream as written: its data, and its name if the framing has names and the event has one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Frame {
  readonly event?: string | undefined
  readonly data: string
}

/**
 * What a body is. Servers may refuse a request with status 200 and a document; it is read as the error that it
 * describes.
 *
 * @since 0.1.0
 * @category models
 */
export type Beginning = "stream" | "document"

/**
 * Reads one stream. It never throws, and its frames do not depend on how the bytes are cut into pieces.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reader {
  /** The frames that these bytes complete, as a list: one callback per frame would cost more than the frames. */
  readonly push: (bytes: Uint8Array) => ReadonlyArray<Frame>
  /** The body has ended. Gives a last frame that lacks its end mark, if nothing of the frame itself can be missing. */
  readonly end: () => ReadonlyArray<Frame>
  /** Why no more frames are given. It follows the frames that were given. */
  readonly fault: Fault | undefined
}

/**
 * Cuts a body into frames.
 *
 * @since 0.1.0
 * @category models
 */
export interface Framing {
  /**
   * What a body is, by its beginning. `head` is at most the first 1024 bytes, one character per byte, without a byte
   * order mark and leading white space. Undefined if more bytes can change the decision; with `more` false there are no
   * more.
   */
  readonly begins: (head: string, contentType: string | null | undefined, more: boolean) => Beginning | undefined
  /** A reader that keeps no frame of more than that many characters: a longer one is its fault. */
  readonly reader: (maxLength: number) => Reader
}

/**
 * Server-sent events. A body is a document if it begins with `{`, `[`, `"` or `<`, and a stream if it begins with a
 * field or a comment; otherwise its content type decides. A last event without its blank line counts only if it is
 * complete JSON or `[DONE]`.
 *
 * @since 0.1.0
 * @category framings
 */
export const serverSentEvents: Framing = Sse.serverSentEvents

/**
 * Newline-delimited JSON: an object on each line. Lines end with LF or CRLF, and blank ones are skipped. A body is a
 * stream if its first line is an object, whatever its content type; otherwise it is a document: text, a page, or JSON
 * over several lines. An error in one line is a frame like any other, so a protocol reads errors wherever they come. A
 * last line without its end counts only if it is a complete object.
 *
 * @since 0.1.0
 * @category framings
 */
export const jsonLines: Framing = JsonLines.jsonLines
