/**
 * The errors that a fallback makes, or adds to.
 */

import type { Checkpoint } from "../../../model/Checkpoint.js"
import type { Fault } from "../../../model/internal/fault.js"
import { fromFault, toFault } from "../../../model/internal/fromFault.js"
import type { Attempt } from "../../../model/ModelResponse.js"
import type { Delivered } from "../../../model/PartialResponse.js"
import type { ProviderError } from "../../../model/ProviderError.js"
import * as Record from "../../../retry/internal/record.js"

/** The first event of a provider was late, so it was interrupted. */
export const tooLate = (millis: number): Fault => ({
  _tag: "StreamStalled",
  deadline: "firstEvent",
  silent: true,
  description: `no event came in ${Math.round(millis / 100) / 10} s, and another provider was left to be asked`
})

/** The error of a fault that the provider does not know of. Nobody knows what its attempts were and cost. */
export const noticed = (
  fault: Fault,
  of: {
    readonly provider: string
    readonly model: string
    readonly attempts: ReadonlyArray<Attempt>
    /** What can still be gone on with. */
    readonly from: Checkpoint | undefined
    readonly startedAt: number
    readonly endedAt: number
  }
): ProviderError => {
  const { attempts, endedAt, from, model, provider, startedAt } = of
  const attempt = (attempts.at(-1)?.attempt ?? 0) + 1
  const context = { provider, protocol: "none", model, attempt, generation: undefined, delivered: "nothing" } as const
  const error = Record.summary(fromFault(fault, { ...context, attempts, partial: undefined }))
  const record: Attempt = {
    attempt,
    provider,
    model,
    startedAt,
    endedAt,
    error,
    delivered: "nothing",
    usageIsPartial: true
  }
  return fromFault(fault, { ...context, attempts: [...attempts, record], partial: undefined, checkpoint: from })
}

const depth: { readonly [D in Delivered]: number } = { nothing: 0, reasoning: 1, text: 2, "tool-call": 3 }

/** An error with what all providers did, and with what the consumer has. */
export const whole = (
  error: ProviderError,
  of: {
    readonly attempts: ReadonlyArray<Attempt>
    readonly checkpoint: Checkpoint | undefined
    readonly partial: ProviderError["partial"]
    /** The error of the last provider. */
    readonly last: ProviderError
  }
): ProviderError => {
  const { attempts, checkpoint, last, partial } = of
  const { attempt, credential, generation, model, protocol, provider } = error
  const delivered = [error.delivered, last.delivered, checkpoint?.delivered ?? "nothing"].reduce((a, b) =>
    depth[b] > depth[a] ? b : a
  )
  const context = { provider, protocol, model, attempt, generation, credential, delivered }
  return fromFault(toFault(error), { ...context, attempts, partial: last.partial ?? partial, checkpoint })
}
