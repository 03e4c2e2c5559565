/**
 * How long a provider asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date; for an exhausted limit,
 * until its reset.
 */

/** The largest value in milliseconds: JSON, in which errors are stored, has no Infinity. */
const MOST = Number.MAX_SAFE_INTEGER

/** Milliseconds from `now`; undefined if the provider did not say, or gave something that is not a future time. */
export const parse = (headers: Headers, now: number): number | undefined => {
  const millis = Number(headers.get("retry-after-ms") ?? Number.NaN)
  if (millis > 0 && Number.isFinite(millis)) return Math.min(millis, MOST)
  const text = headers.get("retry-after")
  if (text === null) return undefined
  const seconds = Number(text)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - now
  return wait > 0 ? Math.min(wait, MOST) : undefined
}

/**
 * Until the exhausted limits are reset, as documented by Anthropic (`anthropic-ratelimit-*-reset`, a date), OpenAI and
 * Groq (`x-ratelimit-reset-*`, such as `6m0s`).
 */
export const reset = (headers: Headers, now: number): number | undefined => {
  let longest = 0
  for (const [name, value] of headers) {
    const [, limit] = /^anthropic-ratelimit-(.+)-remaining$/.exec(name) ?? []
    const [, other] = /^x-ratelimit-remaining-(.+)$/.exec(name) ?? []
    if (value.trim() === "" || Number(value) !== 0) continue
    if (limit !== undefined) {
      longest = Math.max(longest, Date.parse(headers.get(`anthropic-ratelimit-${limit}-reset`) ?? "") - now || 0)
    } else if (other !== undefined) {
      longest = Math.max(longest, millisOf(headers.get(`x-ratelimit-reset-${other}`) ?? "") ?? 0)
    }
  }
  return longest > 0 ? Math.min(longest, MOST) : undefined
}

/** `1d2h3m4.5s`, `120ms`: each unit at most once, and at least one. */
const millisOf = (text: string): number | undefined => {
  const found = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/.exec(text.trim())
  if (found === null || text.trim() === "") return undefined
  const [, days = 0, hours = 0, minutes = 0, seconds = 0, millis = 0] = found.map((part) => Number(part ?? 0))
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000 + millis
}
