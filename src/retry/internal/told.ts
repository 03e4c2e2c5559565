/** What a request tells its consumer: the end of the answer, what is void, or the error. */

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

/** Whether the attempt's events are those of the whole answer, and not only of its rest. */
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

/** An attempt that only continued the text does not know about calls before it. */
const finishReasonOf = ({ finishReason, toolCalls }: ModelResponse.ModelResponse, whole: boolean): FinishReason =>
  !whole && toolCalls.length > 0 && finishReason.reason === "stop"
    ? { ...finishReason, reason: "tool-calls" }
    : finishReason

/** What is void from now on. Undefined if nothing is, or if the consumer has not seen it. */
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

/** Why an answer in a checkpoint becomes void although no attempt has failed yet. */
export const begunAnew: ModelResponse.ErrorSummary = {
  tag: "StreamDropped",
  description: "the answer was not continued",
  message: "The answer in the checkpoint starts over."
}

/** The context of the request, and what was delivered before anything of it becomes void. */
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
  // Text that the vendor itself has contradicted must not be continued.
  ...(fault?.contradicts && { checkpoint: undefined })
})

/** The error that ends the request, with all attempts. */
export const failure = (fault: Fault, whose: Context, answer: Answer): ProviderError => {
  const attempts = [...answer.attempts]
  const { checkpoint } = whose
  return fromFault(fault, { ...whose, attempts, checkpoint: checkpoint && { ...checkpoint, attempts } })
}
