/**
 * What limits on retries must be, for those who have no types and those whose numbers come from elsewhere.
 */
import { problemOf as problemOfTime } from "../../client/internal/checkTime.js"
import type { Limits } from "../StreamRetry.js"

/**
 * The first limit that is none, and what is wrong with it as a sentence without its subject. What is not a number would
 * limit nothing. `Duration.infinity` is a time: it says that there is no bound.
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
