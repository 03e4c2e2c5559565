/**
 * What a request tells its consumer: the end of the answer, what became void, or the error that it fails with.
 */

import type { FinishReason } from "../../model/FinishReason.js"
import type { Fault } from "../../model/internal/fault.js"
import { type Context, fromFault } from "../../model/internal/fromFault.js"
import { unsafeMake } from "../../model/internal/proven.js"
import type { Finish, Superseded } from "../../model/ModelEvent.js"
import type * as ModelResponse from "../../model/ModelResponse.js"
import type { ProviderError } from "../../model/ProviderError.js"
import { type Answer, nothing } from "./answer.js"
import type { Attempt } from "./attempt.js"
import type { Next, Options, Route } from "./continuation/routes.js"

/** Whether the attempt's events are those of a whole answer, and not only of its rest. */
export const isWhole = ({ continued }: Route): boolean => continued?.isWhole ?? true

/** The proven end, with all attempts and seams. */
export const finish = (response: ModelResponse.ModelResponse, answer: Answer, route: Route): Finish => ({
  _tag: "Finish",
  response: unsafeMake({
    ...response,
    finishReason: finishReasonOf(response, isWhole(route)),
    attempts: [...answer.attempts],
    seams: [...answer.seams]
  })
})

/** An attempt that only went on with the text does not know of calls that were made before it. */
const finishReasonOf = ({ finishReason, toolCalls }: ModelResponse.ModelResponse, whole: boolean): FinishReason =>
  !whole && toolCalls.length > 0 && finishReason.reason === "stop"
    ? { ...finishReason, reason: "tool-calls" }
    : finishReason

/** What is void from now on. Undefined where nothing is, or the consumer has not heard of it. */
export const superseded = (
  next: Next,
  answer: Answer,
  error: ModelResponse.ErrorSummary,
  retryAt: number
): Superseded | undefined => {
  const isTold = next.fromIndex === 0 ? answer.restart() : answer.isTold
  if (!isTold || next.fromIndex === undefined) return undefined
  const { discarded = nothing, fromIndex } = next
  return { _tag: "Superseded", attempt: answer.nextNumber - 1, fromIndex, error, discarded, retryAt }
}

/** Why an answer becomes void that a checkpoint holds, where no attempt has failed yet. */
export const begunAnew: ModelResponse.ErrorSummary = {
  tag: "StreamDropped",
  description: "the answer was not continued",
  message: "The answer that the checkpoint holds is begun anew."
}

/** Whose request it is, and what was delivered before anything of it becomes void. */
export const context = (
  { client, request }: Options,
  answer: Answer,
  attempt: Attempt | undefined,
  fault?: Fault
): Context => ({
  provider: client.provider,
  protocol: client.protocol,
  model: request.model,
  attempt: attempt?.number ?? 0,
  generation: attempt?.generation(),
  credential: attempt?.credential(),
  requestId: attempt?.requestId(),
  attempts: answer.attempts,
  ...answer.soFar(),
  // Nobody is to go on with text that the vendor itself has contradicted.
  ...(fault?.contradicts && { checkpoint: undefined })
})

/** The error that ends the request, with all attempts. */
export const failure = (fault: Fault, whose: Context, answer: Answer): ProviderError => {
  const attempts = [...answer.attempts]
  const { checkpoint } = whose
  return fromFault(fault, { ...whose, attempts, checkpoint: checkpoint && { ...checkpoint, attempts } })
}
