/**
 * What is seen from outside where a fallback moves on: one line in the log, which Effect also makes an event of the span that
 * is open.
 */
import * as Effect from "effect/Effect"
import type { ProviderError } from "../../../model/ProviderError.js"
import type { Member } from "./plan.js"

export const movesOn = (id: string, error: ProviderError, from: Member, to: Member): Effect.Effect<void> =>
  Effect.logInfo(`${id}: ${from.name} failed, so ${to.name} is asked: ${error.message}`).pipe(
    Effect.annotateLogs({
      "effect_redial.fallback": id,
      "effect_redial.fallback.from": from.name,
      "effect_redial.fallback.to": to.name,
      "error.type": error._tag
    })
  )
