/**
 * The time that passes, in milliseconds: of a clock that nobody sets, unlike that of the day.
 */
import type * as Clock from "effect/Clock"

export const millisOf = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6
