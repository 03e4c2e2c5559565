/** The error of a request that was never sent. */
import type { Fault } from "../../model/internal/fault.js"
import { fromFault } from "../../model/internal/fromFault.js"
import type { ProviderError } from "../../model/ProviderError.js"

export const unsent = (
  fault: Fault,
  request: { readonly provider: string; readonly protocol?: string; readonly model: string }
): ProviderError =>
  fromFault(fault, {
    provider: request.provider,
    protocol: request.protocol ?? "none",
    model: request.model,
    attempt: 0,
    generation: undefined,
    delivered: "nothing",
    attempts: [],
    partial: undefined
  })
