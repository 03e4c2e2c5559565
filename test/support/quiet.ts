/**
 * Runs a program that redials by the thousand without a line for each: the scripts write figures to standard output.
 */
import { Effect, LogLevel } from "effect"
import { Telemetry } from "effect-redial"

const levels = Telemetry.logs({ redials: LogLevel.None, failures: LogLevel.None })

export const quiet: <A, E, R>(program: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.provide(levels)
