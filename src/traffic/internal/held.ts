/**
 * How long a vendor's answer asks everybody to wait: `retry-after`, and the reset of each limit of which nothing remains.
 * The words are those of `client/internal/retryAfter.ts`, which also reads them for the retries of one request.
 */
import * as RetryAfter from "../../client/internal/retryAfter.js"

/** No reset that is later than this is believed: in milliseconds, 10 minutes. */
export const MOST = 600_000

/** In milliseconds from `now`, which is in milliseconds since the epoch; 0 where nobody is to wait. */
export const heldBy = (kept: Readonly<Record<string, string>> | undefined, now: number): number => {
  if (kept === undefined) return 0
  const headers = new Headers(kept)
  return bounded(Math.max(RetryAfter.parse(headers, now) ?? 0, RetryAfter.reset(headers, now) ?? 0))
}

export const bounded = (millis: number): number => Math.min(Math.max(0, millis), MOST)
