/**
 * Holds back the beginning of a body until its framing knows what it is, and reads the text of a body that is not a
 * stream.
 */
import type { Beginning, Framing } from "../Framing.js"

/** In bytes: what may precede the deciding bytes, mostly blank lines that keep a connection alive. */
const MOST_HELD = 1024

const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf"

const none = new Uint8Array(0)

/** One character per byte. */
const latin1 = new TextDecoder("latin1")

/** The beginning of one body. It holds bytes back until they decide how to read it. */
export class Opening {
  /** Undefined as long as bytes are held back. */
  beginning: Beginning | undefined = undefined
  private held: Uint8Array = none

  constructor(
    private readonly framing: Framing,
    private readonly contentType: string | null | undefined
  ) {}

  /** The bytes to read now: nothing, or everything that was held back and these bytes. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.beginning !== undefined) return bytes
    this.held = this.held.length === 0 ? bytes : joined(this.held, bytes)
    return this.decided(this.held.length < MOST_HELD)
  }

  /** The body has ended. */
  end(): Uint8Array {
    return this.beginning === undefined ? this.decided(false) : none
  }

  private decided(more: boolean): Uint8Array {
    const head = latin1.decode(this.held.subarray(0, MOST_HELD))
    if (more && BYTE_ORDER_MARK.startsWith(head)) return none
    const text = head.startsWith(BYTE_ORDER_MARK) ? head.slice(BYTE_ORDER_MARK.length) : head
    // A framing that never decides must not hold the whole body back.
    this.beginning = this.framing.begins(text.trimStart(), this.contentType, more) ?? (more ? undefined : "stream")
    if (this.beginning === undefined) return none
    const bytes = this.held
    this.held = none
    return bytes
  }
}

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

/** In characters: the most that is read of a document, to say what it was. */
const MOST_DOCUMENT = 64 * 1024

/** The text of an answer that is one document. */
export class Document {
  text = ""
  private readonly utf8 = new TextDecoder()

  /** False once enough has been read. */
  push(bytes: Uint8Array): boolean {
    this.text += this.utf8.decode(bytes, { stream: true })
    return this.text.length < MOST_DOCUMENT
  }
}
