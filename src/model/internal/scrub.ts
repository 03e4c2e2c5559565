/**
 * Takes a secret out of what is told of a request: a server may send back the key that it was shown, anywhere.
 */

/** Shorter ones are placeholders for local servers, and words that any message may have. */
const LEAST = 8

/** Messages are clipped, and then end in the beginning of a key. Below this many characters there is no secret in it. */
const LEAST_BEGINNING = 8

/** A server's JSON can be nested deeper than a function can follow it. */
const DEEPEST = 100

const REDACTED = "[redacted]"

/** Gives every value back without the secret: the same one where it was not in it, else a copy. */
export type Scrub = <A>(value: A) => A

const unchanged: Scrub = (value) => value

export const scrubber = (secret: string): Scrub => {
  if (secret.length < LEAST) return unchanged
  const forms = [...new Set([secret, encodeURIComponent(secret)])].map((form) => ({
    form,
    beginning: form.slice(0, LEAST_BEGINNING)
  }))

  const ofText = (text: string): string => {
    let out = text
    for (const { beginning, form } of forms) {
      for (let at = out.indexOf(beginning); at >= 0; at = out.indexOf(beginning, at + REDACTED.length)) {
        let end = at + beginning.length
        while (end - at < form.length && out[end] === form[end - at]) end++
        out = `${out.slice(0, at)}${REDACTED}${out.slice(end)}`
      }
    }
    return out
  }

  const ofError = (error: Error, depth: number): Error => {
    const message = ofText(error.message)
    const cause = of(error.cause, depth + 1)
    const code = "code" in error ? of(error.code, depth + 1) : undefined
    // Its stack repeats its message, so a changed one is made anew.
    if (message === error.message && cause === error.cause && (!("code" in error) || code === error.code)) return error
    const copy = new Error(message, cause === undefined ? {} : { cause })
    copy.name = error.name
    return code === undefined ? copy : Object.assign(copy, { code })
  }

  const of = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return ofText(value)
    if (typeof value !== "object" || value === null) return value
    if (depth > DEEPEST) return "[too deep]"
    if (value instanceof Error) return ofError(value, depth)
    if (Array.isArray(value)) {
      const items = value.map((item) => of(item, depth + 1))
      return items.some((item, i) => item !== value[i]) ? items : value
    }
    const entries = Object.entries(value)
    const clean = entries.map(([name, item]) => [ofText(name), of(item, depth + 1)] as const)
    // From entries: a name may be `__proto__`.
    return clean.some(([name, item], i) => name !== entries[i]?.[0] || item !== entries[i]?.[1])
      ? Object.fromEntries(clean)
      : value
  }

  // What comes out has the shape of what went in: only texts were changed.
  return <A>(value: A): A => of(value, 0) as A
}

/** The keys that one request was sent with. An attempt that goes on has text that came for the key of another one. */
export class Secrets {
  private readonly scrubs = new Map<string, Scrub>()

  add(secret: string): void {
    if (!this.scrubs.has(secret)) this.scrubs.set(secret, scrubber(secret))
  }

  /** Takes all of them out. */
  readonly hide: Scrub = (value) => {
    let out = value
    for (const scrub of this.scrubs.values()) out = scrub(out)
    return out
  }
}
