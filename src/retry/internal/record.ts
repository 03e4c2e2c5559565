/** The record of an ended attempt, for the response or the error. */
import type * as ModelResponse from "../../model/ModelResponse.js"
import type { Delivered, PartialResponse } from "../../model/PartialResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import type { Usage } from "../../model/Usage.js"
import type { Attempt } from "./attempt.js"

/** What is known of an attempt from its request. */
export interface Whose {
  readonly provider: string
  readonly model: string
  readonly endedAt: number
  readonly route: ModelResponse.Route | undefined
}

const common = (attempt: Attempt, { endedAt, model, provider, route }: Whose) => ({
  attempt: attempt.number,
  provider,
  model,
  generation: attempt.generation(),
  credential: attempt.credential(),
  requestId: attempt.requestId(),
  headers: attempt.headers(),
  startedAt: attempt.startedAt,
  endedAt,
  route
})

/** An attempt that broke. */
export const broken = (
  attempt: Attempt,
  error: ProviderError.ProviderError,
  of: Whose & { readonly delivered: Delivered }
): ModelResponse.Attempt => {
  const usage = attempt.decoder()?.usage()
  return {
    ...common(attempt, of),
    requestId: error.requestId ?? attempt.requestId(),
    error: summary(error),
    delivered: of.delivered,
    ...(usage !== undefined && isKnown(usage) && { usage, usageIsPartial: true })
  }
}

/** The same attempt, once a later one writes the same content again. */
export const withDiscarded = (attempt: ModelResponse.Attempt, discarded: PartialResponse): ModelResponse.Attempt =>
  discarded.delivered === "nothing" ? attempt : { ...attempt, discarded }

/** The attempt whose end was proven. */
export const complete = (attempt: Attempt, usage: Usage, of: Whose): ModelResponse.Attempt => ({
  ...common(attempt, of),
  delivered: attempt.decoder()?.fold.delivered() ?? "nothing",
  usage
})

const isKnown = (usage: Usage): boolean => Object.values(usage).some((tokens) => tokens !== undefined)

export const summary = (error: ProviderError.ProviderError): ModelResponse.ErrorSummary => ({
  tag: error._tag,
  description: error.description,
  message: error.message
})
