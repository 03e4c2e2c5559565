/**
 * Removes a key from everything that people or machines are shown about a request: a server may send back the key that
 * it received, anywhere. The cost is bounded, whatever a server sends.
 *
 * Output that was delivered to the caller is never scrubbed: it is exactly what the model wrote.
 */
import { placeholders, publicLength } from "./publicKeys.js"
import { type Finder, finder, replaced, union } from "./secretText.js"

/** Shorter keys are placeholders for local servers, and words that any message may contain. */
const LEAST = 8

/** Messages are clipped and may end in the beginning of a key. This many secret characters reveal nothing. */
const HARMLESS = 3

/** In UTF-16 units. Of a longer text, the beginning is shown. */
const LONGEST_TEXT = 64 * 1024

/** In UTF-16 units, for all the texts of a value together. */
const MOST_TEXT = 16 * LONGEST_TEXT

/** The most values that are visited within a value. */
const MOST_VALUES = 10_000

/** A server's JSON can be nested deeper than the call stack allows. */
const DEEPEST = 100

const TOO_DEEP = "[too deep]"
const TOO_MUCH = "[too much]"

/**
 * Returns a value without the key: the same value if it does not contain the key and is within the bounds, otherwise a
 * copy. Scrubbing a copy again changes nothing.
 */
export type Scrub = <A>(value: A) => A

const unchanged: Scrub = (value) => value

export const scrubber = (key: string): Scrub => {
  if (!isSecret(key)) return unchanged
  const clean = cleanerOf(key)
  // The result has the shape of the input: only texts changed.
  return <A>(value: A): A => new Walk(clean).of(value, 0) as A
}

/** False for a key that is too short to be distinguished from ordinary words, and for a known placeholder. */
export const isSecret = (key: string): boolean => key.length >= LEAST && !placeholders.has(key)

/** Finds one written form of a key, and its beginnings. */
export const finderOf = (form: string): Finder =>
  // A beginning within a vendor's public prefix reveals nothing about the key.
  finder(form, Math.min(form.length, Math.max(LEAST, publicLength(form) + HARMLESS + 1)))

const cleanerOf = (key: string): ((text: string) => string) => {
  const finders = [...new Set([key, encodeURIComponent(key)])].map(finderOf)
  // The mark must not form a part of the key, neither by itself nor with the text around it.
  const mark = /[[\]]|^redacted/.test(key) ? "•••" : "[redacted]"
  return (text) => {
    const spans = finders.map((find) => find(text)).reduce(union)
    return spans.length === 0 ? text : replaced(text, spans, mark)
  }
}

/** One value, and how much of it may still be visited. */
class Walk {
  private values = MOST_VALUES
  private units = MOST_TEXT

  constructor(private readonly clean: (text: string) => string) {}

  of(value: unknown, depth: number): unknown {
    this.values--
    if (typeof value === "string") return this.ofText(value)
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value
    if (depth > DEEPEST) return TOO_DEEP
    if (value instanceof Error) return this.ofError(value, depth)
    return Array.isArray(value) ? this.ofArray(value, depth) : this.ofObject(value, depth)
  }

  private get spent(): boolean {
    return this.values <= 0 || this.units <= 0
  }

  private ofText(text: string): string {
    const most = Math.max(0, Math.min(LONGEST_TEXT, this.units))
    // Clipped before and after: a piece of a key at the cut is a beginning of it, and a mark may be longer than a key.
    const given = clip(text, most)
    const clean = clip(this.clean(given), most)
    // The longer of the two, so that scrubbing the copy gets at least as far.
    this.units -= Math.max(given.length, clean.length)
    return clean
  }

  private ofArray(items: ReadonlyArray<unknown>, depth: number): ReadonlyArray<unknown> {
    const clean: Array<unknown> = []
    let changed = false
    for (const item of items) {
      const rest = this.spent
      const result = rest ? TOO_MUCH : this.of(item, depth + 1)
      changed ||= result !== item
      clean.push(result)
      if (rest) break
    }
    return changed || clean.length < items.length ? clean : items
  }

  private ofObject(object: object, depth: number): object {
    const names = Object.keys(object)
    const clean: Array<readonly [string, unknown]> = []
    let changed = false
    for (const name of names) {
      if (this.spent) {
        changed ||= name !== TOO_MUCH
        clean.push([TOO_MUCH, true])
        break
      }
      const item: unknown = Reflect.get(object, name)
      const entry = [this.ofText(name), this.of(item, depth + 1)] as const
      changed ||= entry[0] !== name || entry[1] !== item
      clean.push(entry)
    }
    // From entries: a name may be `__proto__`.
    return changed || clean.length < names.length ? Object.fromEntries(clean) : object
  }

  /** A changed error keeps only these. Its stack repeats its message, so the copy has a new one. */
  private ofError(error: Error, depth: number): Error {
    let changed = false
    const clean = new Map<string, unknown>()
    // The fields of an error are mostly not enumerable.
    for (const name of new Set(["name", "message", ...Object.getOwnPropertyNames(error)])) {
      const given: unknown = Reflect.get(error, name)
      const result = this.spent ? undefined : this.of(given, depth + 1)
      clean.set(name, result)
      changed ||= result !== given
    }
    if (!changed) return error
    const cause = clean.get("cause")
    const copy = new Error(String(clean.get("message") ?? ""), cause === undefined ? {} : { cause })
    copy.name = String(clean.get("name") ?? "Error")
    const code = clean.get("code")
    return code === undefined ? copy : Object.assign(copy, { code })
  }
}

/** The beginning of a text, in whole characters. */
const clip = (text: string, most: number): string => {
  if (text.length <= most) return text
  const last = text.charCodeAt(most - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most)
}

/** The keys that one request was sent with. An attempt that continues an answer has text that came for another key. */
export class Secrets {
  private readonly scrubs = new Map<string, Scrub>()

  add(secret: string): void {
    if (!this.scrubs.has(secret)) this.scrubs.set(secret, scrubber(secret))
  }

  /** Removes all of them. */
  readonly hide: Scrub = (value) => {
    let out = value
    for (const scrub of this.scrubs.values()) out = scrub(out)
    return out
  }
}
