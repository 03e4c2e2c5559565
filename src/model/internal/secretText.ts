/** Finds a secret in a text, and beginnings of it, in one pass: linear time for every text and every secret. */

/** Where something starts, and where it ends, exclusive. */
export interface Span {
  readonly from: number
  to: number
}

/** Finds every stretch of a text that consists of beginnings of the secret, each of `least` characters or more. */
export type Finder = (text: string) => ReadonlyArray<Span>

const none: ReadonlyArray<Span> = []

/**
 * Beginnings may overlap: after `abab`, a secret that begins `ababc` may start two characters earlier than a simple search
 * would resume. This is the search of Knuth, Morris and Pratt, which never goes back in the text.
 */
export const finder = (secret: string, least: number): Finder => {
  const beginning = secret.slice(0, least)
  const fallbacks = fallbacksOf(secret)
  return (text) => {
    const first = text.indexOf(beginning)
    if (first < 0) return none
    const spans: Array<Span> = []
    let length = 0
    for (let at = first; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      // At the end of the secret this compares with NaN, so the search falls back.
      while (length > 0 && secret.charCodeAt(length) !== unit) length = fallbacks[length - 1]!
      if (secret.charCodeAt(length) === unit) length++
      if (length >= least) cover(spans, at + 1 - length, at + 1)
    }
    return spans
  }
}

/** For each beginning of the secret: the length of the longest shorter beginning that it ends in. */
const fallbacksOf = (secret: string): ReadonlyArray<number> => {
  const fallbacks = [0]
  let length = 0
  for (let at = 1; at < secret.length; at++) {
    while (length > 0 && secret[length] !== secret[at]) length = fallbacks[length - 1]!
    if (secret[length] === secret[at]) length++
    fallbacks.push(length)
  }
  return fallbacks
}

/** Adds a span that ends no earlier than those before it. Spans that overlap or touch become one. */
const cover = (spans: Array<Span>, from: number, to: number): void => {
  let start = from
  for (let last = spans.at(-1); last !== undefined && last.to >= start; last = spans.at(-1)) {
    start = Math.min(start, last.from)
    spans.pop()
  }
  spans.push({ from: start, to })
}

/** Merges two lists of spans, in order and without overlaps. */
export const union = (a: ReadonlyArray<Span>, b: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  const spans: Array<Span> = []
  for (const { from, to } of [...a, ...b].sort((x, y) => x.to - y.to)) cover(spans, from, to)
  return spans
}

/** The text with `mark` in place of each span. */
export const replaced = (text: string, spans: ReadonlyArray<Span>, mark: string): string => {
  let out = ""
  let after = 0
  for (const { from, to } of spans) {
    out += text.slice(after, from) + mark
    after = to
  }
  return out + text.slice(after)
}
