/** Checks times among the options, for programs without types and for computed numbers. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { InvalidOptions } from "../InvalidOptions.js"

/** What is wrong with it, as a sentence without its subject. `Duration.infinity` is valid. */
export const problemOf = (time: unknown, least: "zero" | "more" = "zero"): string | undefined => {
  // Effect treats NaN and negative numbers as zero.
  if (typeof time === "number" && !(time >= 0)) return `is ${time}: it must be a number of milliseconds from 0 on`
  const duration = Duration.decodeUnknown(time)
  if (duration._tag === "None") return 'is not a duration: give a number of milliseconds, or "90 seconds"'
  return least === "more" && Duration.toMillis(duration.value) <= 0 ? "must be more than zero" : undefined
}

/** Refuses the first invalid time. Undefined ones are not set. */
export const checkTimes = (
  times: Readonly<Record<string, unknown>>,
  invalid: (option: string, problem: string) => InvalidOptions,
  least?: "zero" | "more"
): Effect.Effect<void, InvalidOptions> => {
  for (const [option, time] of Object.entries(times)) {
    const problem = time === undefined ? undefined : problemOf(time, least)
    if (problem !== undefined) return invalid(option, problem)
  }
  return Effect.void
}
