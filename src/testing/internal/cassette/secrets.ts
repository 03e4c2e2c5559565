/**
 * Keeps secrets out of a cassette. Headers are kept by a list of harmless names; the values of those that show a key are
 * remembered, and taken out of whatever else is written, since a server may send them back.
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import { finderOf, isSecret } from "../../../model/internal/scrub.js"
import { type Finder, replaced, type Span, union } from "../../../model/internal/secretText.js"
import type { Chunk, Exchange, Sent } from "./exchange.js"

/** Names of headers, and of the parts of a query, that show a key. */
const telling = /auth|key|token|secret|cookie|password|signature/i

/** A prefix of a path that belongs to no API has a secret in it if it looks like this. */
const random = /^(?=.*\d)(?=.*[a-z])[\w.~-]{16,}$/i

export const isTelling = (name: string): boolean => telling.test(name)

const MARK = "[redacted]"
const FILL = "*".charCodeAt(0)

export class Secrets {
  private readonly finders = new Map<string, Finder>()

  constructor(known: ReadonlyArray<string> = []) {
    for (const secret of known) this.add(secret)
  }

  /** Remembers a secret, in each form in which a server may repeat it. */
  add(secret: string): void {
    if (!isSecret(secret)) return
    const inJson = JSON.stringify(secret).slice(1, -1)
    const texts = [
      secret,
      Either.getOrElse(Encoding.encodeUriComponent(secret), () => secret),
      inJson,
      // Some servers write JSON in ASCII only.
      inJson.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    ]
    // Bodies are searched with one unit for each byte.
    const forms = [...texts, ...texts.map((form) => Buffer.from(form, "utf8").toString("latin1"))]
    for (const form of forms) if (!this.finders.has(form)) this.finders.set(form, finderOf(form))
  }

  /** The value of a header that shows a key, or of a part of a query. */
  addShown(value: string): void {
    const words = value.split(" ")
    const token = words.at(-1) ?? value
    this.add(token)
    if (words[0]?.toLowerCase() !== "basic") return
    const pair = Either.getOrElse(Encoding.decodeBase64String(token), () => "")
    this.add(pair)
    this.add(pair.slice(pair.indexOf(":") + 1))
  }

  /** What stands in a path before the part that a protocol adds to the base URL. */
  addPrefix(prefix: string): void {
    for (const segment of prefix.split("/")) if (random.test(segment)) this.add(segment)
  }

  text(text: string): string {
    const spans = this.spansIn(text)
    return spans.length === 0 ? text : replaced(text, spans, MARK)
  }

  sent(sent: Sent): Sent {
    return {
      method: sent.method,
      path: this.text(sent.path),
      headers: this.headers(sent.headers),
      body: this.json(sent.body)
    }
  }

  exchange(exchange: Exchange): Exchange {
    const { ending, request, response } = exchange
    return {
      request: this.sent(request),
      ...(response && { response: { ...response, headers: this.headers(response.headers) } }),
      body: this.chunks(exchange.body),
      ending:
        ending.kind === "drop"
          ? { ...ending, error: ending.error.map((link) => ({ ...link, message: this.text(link.message) })) }
          : ending
    }
  }

  private headers(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, this.text(value)]))
  }

  private json(value: unknown): unknown {
    if (typeof value === "string") return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.json(item))
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [this.text(name), this.json(item)]))
  }

  /** Overwrites each byte of a secret: the chunks keep their sizes. A secret may begin in one and end in another. */
  private chunks(chunks: ReadonlyArray<Chunk>): ReadonlyArray<Chunk> {
    if (this.finders.size === 0) return chunks
    const whole = Buffer.concat(chunks.map(({ bytes }) => bytes))
    // One unit for each byte.
    const spans = this.spansIn(whole.toString("latin1"))
    if (spans.length === 0) return chunks
    for (const { from, to } of spans) whole.fill(FILL, from, to)
    let from = 0
    return chunks.map(({ at, bytes }) => {
      const clean = new Uint8Array(whole.subarray(from, from + bytes.length))
      from += bytes.length
      return { at, bytes: clean }
    })
  }

  private spansIn(text: string): ReadonlyArray<Span> {
    let spans: ReadonlyArray<Span> = []
    for (const find of this.finders.values()) spans = union(spans, find(text))
    return spans
  }
}
