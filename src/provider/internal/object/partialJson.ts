/**
 * A JSON text while it is written: what is certain of its value so far.
 *
 * The laws, for any split of the text into pieces: what is shown stays, and only the innermost value that is being
 * written grows. Numbers, `true`, `false` and `null` are shown when they are whole, and so are escapes and surrogate
 * pairs. The total cost is proportional to the text. There is one exception to the first law: if a field is written
 * twice, the later one counts, as in `JSON.parse`.
 *
 * The parser is `jsonriver`, which obeys these laws and mutates its value. A view copies what may still change, which
 * is the path to the innermost value, and shares the rest. The number of copied elements is bounded by the length of
 * the text: if a list is so long that copying it for each piece would be quadratic, some views are left out.
 */
import { parse } from "jsonriver"

/** How many elements of lists may be copied for each character. */
const copiesPerCharacter = 16

/** A field costs as much as this many elements. */
const fieldCost = 4

/**
 * From this length on, a piece that completes nothing waits until as much text again has come: a number may never end.
 */
const shortest = 64

export class PartialJson {
  private root: unknown
  private readonly complete = new WeakSet<object>()
  private readonly reader: AsyncIterable<string>
  /** The parser waits for text. */
  private give: ((text: string) => void) | undefined
  /** Called when the parser has read all text that it was given. */
  private idle: (() => void) | undefined
  private isBroken = false
  private hasChanged = false
  private waiting: Array<string> = []
  private waitingLength = 0
  /** The text that was read and completed nothing. */
  private unread = 0
  private credit = 0

  constructor() {
    this.reader = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise((resolve) => {
            this.give = (value) => resolve({ done: false, value })
            this.idle?.()
          })
      })
    }
    void this.run()
  }

  /**
   * Reads the next piece. After text that is not JSON nothing more is shown; the check of the whole reports what is
   * wrong.
   */
  async push(text: string): Promise<void> {
    if (this.isBroken || text === "") return
    this.credit += text.length * copiesPerCharacter
    this.waiting.push(text)
    this.waitingLength += text.length
    if (this.waitingLength < this.unread && this.unread >= shortest) return
    const all = this.waiting.join("")
    // Half an escape and half a character wait for the rest.
    const held = /(?:[\ud800-\udbff]|\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?$/.exec(all.slice(-11))
    const end = all.length - (held?.[0].length ?? 0)
    this.waiting = end < all.length ? [all.slice(end)] : []
    this.waitingLength = all.length - end
    if (end > 0) await this.read(all.slice(0, end))
  }

  /** What is certain now; undefined if it has not changed. */
  view(): { readonly value: unknown } | undefined {
    if (!this.hasChanged || this.credit <= 0) return undefined
    this.hasChanged = false
    return { value: this.copy() }
  }

  /** The current value, which is mutated. */
  get current(): unknown {
    return this.root
  }

  /** Whether a value in it will not change any more. Only what follows a string shows that it has ended. */
  isWhole(value: unknown): boolean {
    return typeof value === "object" && value !== null ? this.complete.has(value) : typeof value !== "string"
  }

  private async run(): Promise<void> {
    try {
      const completeCallback = (value: unknown) => {
        if (typeof value === "object" && value !== null) this.complete.add(value)
      }
      for await (const value of parse(this.reader, { completeCallback })) {
        this.root = value
        this.hasChanged = true
        this.unread = 0
      }
    } catch {
      this.isBroken = true
    }
    this.idle?.()
  }

  private read(text: string): Promise<void> {
    this.unread += text.length
    return new Promise((resolve) => {
      this.idle = resolve
      this.give?.(text)
    })
  }

  private copy(): unknown {
    const top = { value: this.root }
    let holder: object = top
    let key = "value"
    for (;;) {
      const open: unknown = Reflect.get(holder, key)
      if (typeof open !== "object" || open === null || this.complete.has(open)) return top.value
      // A spread also copies a field named `__proto__`; an assignment would not.
      const copied: object = Array.isArray(open) ? [...open] : { ...open }
      Object.defineProperty(holder, key, { value: copied, writable: true, enumerable: true, configurable: true })
      const keys = Array.isArray(open) ? [String(open.length - 1)] : Object.keys(copied)
      this.credit -= 1 + (Array.isArray(open) ? open.length : keys.length * fieldCost)
      const next = keys.findLast((name) => {
        const child: unknown = Reflect.get(copied, name)
        return typeof child === "object" && child !== null && !this.complete.has(child)
      })
      if (next === undefined) return top.value
      holder = copied
      key = next
    }
  }
}
