/**
 * Refuses quirks that the client's protocol does not read: they would be ignored.
 */
import * as Effect from "effect/Effect"
import type { ProtocolId } from "../../protocol/Protocol.js"
import { type Quirks, readers } from "../../protocol/Quirks.js"
import type { InvalidOptions } from "../InvalidOptions.js"

const known = new Map<string, ReadonlyArray<ProtocolId>>(Object.entries(readers))

export const checkQuirks = (
  quirks: Quirks | undefined,
  protocol: ProtocolId,
  invalid: (option: string, problem: string) => InvalidOptions
): Effect.Effect<void, InvalidOptions> => {
  for (const [name, value] of Object.entries(quirks ?? {})) {
    const by = known.get(name) ?? []
    if (value === undefined || by.includes(protocol)) continue
    const read = by.length === 0 ? "by no protocol" : `over ${by.join(" and ")} only`
    return invalid(`quirks.${name}`, `is read ${read}, and this client speaks ${protocol}: leave it out`)
  }
  return Effect.void
}
