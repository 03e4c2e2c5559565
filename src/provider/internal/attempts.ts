/** The attempts of several providers, in one list. */
import { unsafeMake } from "../../model/internal/proven.js"
import type { Attempt, ModelResponse } from "../../model/ModelResponse.js"

/** All attempts: the earlier ones, and those that a provider reports, which may include the earlier ones. */
export const after = (before: ReadonlyArray<Attempt>, told: ReadonlyArray<Attempt>): ReadonlyArray<Attempt> => {
  if (before.every((attempt, at) => isSame(attempt, told[at]))) return told
  const last = before.at(-1)?.attempt ?? 0
  return [...before, ...told.map((attempt, at) => ({ ...attempt, attempt: last + 1 + at }))]
}

const isSame = (a: Attempt, b: Attempt | undefined): boolean => a.attempt === b?.attempt && a.startedAt === b.startedAt

/** A response that also has the attempts that were made before it. */
export const withAttempts = (response: ModelResponse, before: ReadonlyArray<Attempt>): ModelResponse => {
  const attempts = after(before, response.attempts)
  return attempts === response.attempts ? response : unsafeMake({ ...response, attempts })
}
