/**
 * How long this process could not do anything, since the machine or itself was busy.
 */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { Effect, type Scope } from "effect"

/** Begins to watch; gives the longest pause so far, in milliseconds. */
export const pauses: Effect.Effect<() => number, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const watch = monitorEventLoopDelay({ resolution: 10 })
      watch.enable()
      return watch
    }),
    (watch) => Effect.sync(() => watch.disable())
  ),
  (watch) => () => Math.round(watch.max / 1e6)
)
