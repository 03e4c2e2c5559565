/** Refuses quirks that the client's protocol does not read: they would be ignored. */
import * as Effect from "effect/Effect"
import type { InvalidOptions } from "../InvalidOptions.js"

export const checkQuirks = (
  quirks: object | undefined,
  protocol: { readonly id: string; readonly quirks?: object | undefined },
  invalid: (option: string, problem: string) => InvalidOptions
): Effect.Effect<void, InvalidOptions> => {
  const read = Object.keys(protocol.quirks ?? {})
  for (const [name, value] of Object.entries(quirks ?? {})) {
    if (value === undefined || read.includes(name)) continue
    const others = read.length === 0 ? "which has no quirks" : `which reads ${read.join(", ")}`
    return invalid(`quirks.${name}`, `is not read over ${protocol.id}, ${others}: leave it out`)
  }
  return Effect.void
}
