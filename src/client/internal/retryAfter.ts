/**
 * How long a provider asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date.
 */

/** Milliseconds from `now`; undefined where the provider did not say, or said something that is no time to come. */
export const parse = (headers: Headers, now: number): number | undefined => {
  const millis = Number(headers.get("retry-after-ms") ?? Number.NaN)
  if (millis > 0 && Number.isFinite(millis)) return millis
  const text = headers.get("retry-after")
  if (text === null) return undefined
  const seconds = Number(text)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - now
  return wait > 0 ? wait : undefined
}
