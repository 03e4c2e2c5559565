/** Checks limits on retries, for programs without types and for computed numbers. */
import { problemOf as problemOfTime } from "../../client/internal/checkTime.js"
import type { Limits } from "../StreamRetry.js"

/**
 * The first invalid limit, and what is wrong with it as a sentence without its subject. A value that is not a number
 * would limit nothing. `Duration.infinity` is valid: it means no limit.
 */
export const problemOf = ({
  maxAttempts = 1,
  maxContinued = 0,
  maxElapsed,
  maxRetryAfter
}: Limits = {}): readonly [field: string, problem: string] | undefined => {
  const below = (given: number, least: number) => `is ${given}: it must be a number from ${least} on`
  if (!(maxAttempts >= 1)) return ["maxAttempts", below(maxAttempts, 1)]
  if (!(maxContinued >= 0)) return ["maxContinued", below(maxContinued, 0)]
  for (const [field, time] of Object.entries({ maxElapsed, maxRetryAfter })) {
    const problem = time === undefined ? undefined : problemOfTime(time)
    if (problem !== undefined) return [field, problem]
  }
  return undefined
}
