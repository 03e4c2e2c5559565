/**
 * What a client warns of, each thing once: a program that sends a thousand requests needs no thousand lines.
 */
import * as Effect from "effect/Effect"

/** Puts a warning before what is run, where there is one. Everything else stays as it is and costs nothing. */
export const make = (provider: string) => {
  const told = new Set<string>()
  return <Args extends ReadonlyArray<unknown>, A, E>(
    words: string | undefined,
    run: (...args: Args) => Effect.Effect<A, E>
  ): ((...args: Args) => Effect.Effect<A, E>) => {
    if (words === undefined || told.has(words)) return run
    const warn = Effect.suspend(() => {
      // Requests that were written at the same time are sent one after the other.
      if (told.has(words)) return Effect.void
      told.add(words)
      return Effect.annotateLogs(Effect.logWarning(words), "gen_ai.provider.name", provider)
    })
    return (...args) => Effect.zipRight(warn, run(...args))
  }
}
