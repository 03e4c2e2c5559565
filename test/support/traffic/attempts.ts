/**
 * Attempts as a provider would ask for them, and how they end, for tests that need no provider.
 */
import type { Admission, ModelRequest, ModelResponse } from "effect-redial"
import { ProviderError } from "effect-redial"

export const attempt = (request: Partial<ModelRequest.ModelRequest> = {}): Admission.AttemptInfo => ({
  provider: "test",
  protocol: "chat-completions",
  model: "m",
  attempt: 1,
  request: { model: "m", prompt: [{ role: "user", content: "Hi" }], ...request }
})

const record: ModelResponse.Attempt = {
  attempt: 1,
  provider: "test",
  model: "m",
  startedAt: 0,
  endedAt: 0,
  delivered: "nothing"
}

export const succeeded = (usage?: ModelResponse.Attempt["usage"]): Admission.Outcome => ({
  _tag: "Succeeded",
  attempt: { ...record, usage }
})

export const limited = (
  headers: Readonly<Record<string, string>>,
  retryAfterMillis?: number,
  blame: Admission.Blame = "provider"
): Admission.Outcome => ({
  _tag: "Failed",
  attempt: { ...record, headers },
  error: new ProviderError.RateLimited({ ...(retryAfterMillis !== undefined && { retryAfterMillis }) }),
  blame
})

export const abandoned: Admission.Outcome = { _tag: "Abandoned" }

/** The most of the amounts whose times lie in any closed stretch of this length. The times do not go back. */
export const mostWithin = (
  taken: ReadonlyArray<{ readonly at: number; readonly amount: number }>,
  length: number
): number => {
  let most = 0
  let sum = 0
  let from = 0
  for (const { amount, at } of taken) {
    sum += amount
    while (taken[from]!.at < at - length) sum -= taken[from++]!.amount
    most = Math.max(most, sum)
  }
  return most
}
