/**
 * Whether an answer is server-sent events or one document, by how it begins. Servers send errors as JSON under
 * `text/event-stream`, and events under `application/json`, so the content type only decides where the bytes do not.
 */

export type Framing = "events" | "document"

/** In bytes: what may come before anything that decides, mostly blank lines that keep a connection alive. */
const MOST_HELD = 1024

const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf"

const fields = ["data", "event", "id", "retry"]

/** Pure: the beginning of a body, one character per byte. Undefined as long as more bytes can change the decision. */
const decide = (head: string, contentType: string | null | undefined, more: boolean): Framing | undefined => {
  if (more && BYTE_ORDER_MARK.startsWith(head)) return undefined
  const text = (head.startsWith(BYTE_ORDER_MARK) ? head.slice(BYTE_ORDER_MARK.length) : head).trimStart()
  if (text === "") return more ? undefined : byType(contentType)
  // JSON that matters, or a page. No field of an event begins like this.
  if ('{["<'.includes(text.charAt(0))) return "document"
  if (text.startsWith(":")) return "events"
  for (const field of fields) {
    if (text.startsWith(field) && ":\r\n".includes(text.charAt(field.length))) {
      return more && text.length === field.length ? undefined : "events"
    }
    if (more && field.startsWith(text)) return undefined
  }
  return byType(contentType)
}

const byType = (contentType: string | null | undefined): Framing =>
  contentType === undefined || contentType === null || contentType.toLowerCase().includes("event-stream")
    ? "events"
    : "document"

const none = new Uint8Array(0)

/** One character per byte. */
const latin1 = new TextDecoder("latin1")

/** The beginning of one body. It holds bytes back until they decide how to read it. */
export class Opening {
  /** Undefined as long as bytes are held back. */
  framing: Framing | undefined = undefined
  private held: Uint8Array = none

  constructor(private readonly contentType: string | null | undefined) {}

  /** Gives what is to be read from here on: nothing, or all that was held back and these bytes. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.framing !== undefined) return bytes
    this.held = this.held.length === 0 ? bytes : joined(this.held, bytes)
    return this.decided(this.held.length < MOST_HELD)
  }

  /** The body is over. */
  end(): Uint8Array {
    return this.framing === undefined ? this.decided(false) : none
  }

  private decided(more: boolean): Uint8Array {
    const head = latin1.decode(this.held.subarray(0, MOST_HELD))
    this.framing = decide(head, this.contentType, more)
    if (this.framing === undefined) return none
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

  /** False once enough of it is there. */
  push(bytes: Uint8Array): boolean {
    this.text += this.utf8.decode(bytes, { stream: true })
    return this.text.length < MOST_DOCUMENT
  }
}
