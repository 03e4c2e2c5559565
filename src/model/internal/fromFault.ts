/** Turns a fault and its context into the error that the caller gets. */
import type { Credential } from "../ModelResponse.js"
import * as ProviderError from "../ProviderError.js"
import type { Common } from "./errorFields.js"
import type { Fault } from "./fault.js"

/** The context of a fault. */
export interface Context
  extends Pick<
    Common,
    "provider" | "protocol" | "model" | "attempt" | "generation" | "delivered" | "attempts" | "partial" | "checkpoint"
  > {
  readonly credential?: Credential | undefined
  readonly requestId?: string | undefined
  readonly stoppedBy?: Common["stoppedBy"]
}

/** The fault in an error that was made outside the loop. */
export const toFault = (error: ProviderError.ProviderError): Fault => {
  const {
    attempt: _,
    attempts,
    checkpoint,
    credential,
    delivered,
    generation,
    model,
    partial,
    protocol,
    provider,
    ...fault
  } = error
  return fault
}

/** In characters: servers write these, and a message repeats them. */
const MOST_DESCRIPTION = 1_000
const MOST_WORD = 200

export const fromFault = (fault: Fault, context: Context): ProviderError.ProviderError => {
  // Whether output may be continued is internal to the loop.
  const { _tag, contradicts: _, ...rest } = fault
  const props = {
    ...context,
    ...rest,
    description: fault.description.slice(0, MOST_DESCRIPTION),
    code: fault.code?.slice(0, MOST_WORD),
    requestId: (fault.requestId ?? context.requestId)?.slice(0, MOST_WORD)
  }
  // Each class has the name of its tag. Each tag's own fields are in `rest` by the type of Fault; TypeScript cannot follow
  // that through the lookup.
  // biome-ignore lint/performance/noDynamicNamespaceImportAccess: any class may be needed, so none can be left out
  const Class = ProviderError[_tag] as unknown as new (
    props: object,
    options: { disableValidation: true }
  ) => ProviderError.ProviderError
  return new Class(props, { disableValidation: true })
}
