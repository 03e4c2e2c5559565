/** The attempts of several providers, in one list. */
import { unsafeMake } from "../../model/internal/proven.js"
import type { Attempt, ModelResponse } from "../../model/ModelResponse.js"

/** All attempts: the earlier ones, and those that a provider reports, which may include the earlier ones. */
export const after = (before: ReadonlyArray<Attempt>, told: ReadonlyArray<Attempt>): ReadonlyArray<Attempt> => {
  if (begins(told, before)) return told
  const last = before.at(-1)?.attempt ?? 0
  return [...before, ...told.map((attempt, at) => ({ ...attempt, attempt: last + 1 + at }))]
}

/** The attempts that a provider reports, without the earlier ones. */
export const since = (before: ReadonlyArray<Attempt>, told: ReadonlyArray<Attempt>): ReadonlyArray<Attempt> =>
  begins(told, before) ? told.slice(before.length) : told

const begins = (told: ReadonlyArray<Attempt>, before: ReadonlyArray<Attempt>): boolean =>
  before.every((attempt, at) => isSame(attempt, told[at]))

const isSame = (a: Attempt, b: Attempt | undefined): boolean => a.attempt === b?.attempt && a.startedAt === b.startedAt

/** A response that also has the attempts that were made before it. */
export const withAttempts = (response: ModelResponse, before: ReadonlyArray<Attempt>): ModelResponse => {
  const attempts = after(before, response.attempts)
  return attempts === response.attempts ? response : unsafeMake({ ...response, attempts })
}
