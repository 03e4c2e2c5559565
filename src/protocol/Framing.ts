/**
 * How the bytes of a body are cut into the events of a stream: as server-sent events, as lines of JSON, or in a way of
 * your own.
 *
 * @since 0.1.0
 */
import type { Fault } from "../model/internal/fault.js"
import * as JsonLines from "./internal/jsonLines.js"
import * as Sse from "./internal/sse.js"

/**
 * One event of a stream, as it is written: its name, where the framing has names and the event has one, and its data.
 *
 * @since 0.1.0
 * @category models
 */
export interface Frame {
  readonly event?: string | undefined
  readonly data: string
}

/**
 * What a body is. Servers answer with status 200 and a document where they refuse a request; a document is read as the
 * error that it describes.
 *
 * @since 0.1.0
 * @category models
 */
export type Beginning = "stream" | "document"

/**
 * Reads one stream. It never throws, and what it gives does not depend on how the bytes are cut into pieces.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reader {
  /** The frames that these bytes complete. Together: one callback per frame would cost more than the frames. */
  readonly push: (bytes: Uint8Array) => ReadonlyArray<Frame>
  /** The body is over. Gives a last frame that lacks its end mark, if nothing of the frame itself can be missing. */
  readonly end: () => ReadonlyArray<Frame>
  /** Why nothing more is given. It comes after the frames that were given. */
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
   * What a body is, by how it begins: `head` is at most the first 1024 bytes, one character per byte, without a byte order
   * mark and leading white space. Undefined where more bytes can change the decision; with `more` false there are no more.
   */
  readonly begins: (head: string, contentType: string | null | undefined, more: boolean) => Beginning | undefined
  /** A reader that keeps no frame of more than so many characters: a longer one is its fault. */
  readonly reader: (maxLength: number) => Reader
}

/**
 * Server-sent events. A body is a document if it begins with `{`, `[`, `"` or `<`, and a stream if it begins with a field or
 * a comment; else its content type decides. Of a last event without its blank line, only complete JSON and `[DONE]` count.
 *
 * @since 0.1.0
 * @category framings
 */
export const serverSentEvents: Framing = Sse.serverSentEvents

/**
 * Newline-delimited JSON: an object on each line. Lines end with LF or CRLF, and blank ones say nothing. A body is a stream
 * if its first line is an object, however it is labelled; else it is a document: text, a page, or JSON over several lines.
 * An error in one line is a frame like any other, so a protocol reads errors wherever they come. Of a last line without its
 * end, only a complete object counts.
 *
 * @since 0.1.0
 * @category framings
 */
export const jsonLines: Framing = JsonLines.jsonLines
