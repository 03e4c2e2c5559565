/** The warnings of a client, each logged once, not once per request. */
import * as Effect from "effect/Effect"

/** Logs a warning first, if there is one. Otherwise it costs nothing. */
export const make = (provider: string) => {
  const told = new Set<string>()
  return <Args extends ReadonlyArray<unknown>, A, E>(
    words: string | undefined,
    run: (...args: Args) => Effect.Effect<A, E>
  ): ((...args: Args) => Effect.Effect<A, E>) => {
    if (words === undefined || told.has(words)) return run
    const warn = Effect.suspend(() => {
      // Requests that were encoded at the same time are sent one after the other.
      if (told.has(words)) return Effect.void
      told.add(words)
      return Effect.annotateLogs(Effect.logWarning(words), "gen_ai.provider.name", provider)
    })
    return (...args) => Effect.zipRight(warn, run(...args))
  }
}
