/**
 * What is seen from outside where a fallback moves on: a metric each time, and a line in the log where a provider begins to be
 * skipped. In an outage all later requests move on too, and say nothing that the first one has not said.
 */
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { fellBack } from "../../../client/internal/meters.js"
import type { ProviderError } from "../../../model/ProviderError.js"
import { line } from "../../../retry/internal/logs.js"
import { current } from "../../../retry/Telemetry.js"
import type { Member } from "./plan.js"

export interface Moved {
  /** Of the fallback. */
  readonly id: string
  readonly error: ProviderError
  readonly from: Member
  /** Undefined where nobody is left to be asked. */
  readonly to: Member | undefined
  /** How long `from` is skipped, in milliseconds; undefined where it is not, or was before. */
  readonly skippedFor: number | undefined
}

export const moved = ({ error, from, id, skippedFor, to }: Moved): Effect.Effect<void> => {
  if (to !== undefined) fellBack(from.name, to.name)
  if (skippedFor === undefined) return Effect.void
  const then = to === undefined ? "and no other provider is asked" : `so ${to.name} is asked`
  const message = `${id}: ${from.name} failed, ${then}. It is skipped for ${skippedFor / 1_000} s. ${error.message}`
  const facts = {
    "effect_redial.fallback": id,
    "effect_redial.from": from.name,
    ...(to !== undefined && { "effect_redial.to": to.name }),
    "error.type": error._tag
  }
  return Effect.flatMap(Effect.option(Effect.currentParentSpan), (span) =>
    Effect.flatMap(FiberRef.get(current), ({ redials }) =>
      line(redials, span._tag === "Some" ? span.value : undefined, message, facts)
    )
  )
}
