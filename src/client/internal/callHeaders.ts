/** The headers of one call: checked like those of the client, and sent beside them. */
import * as Headers from "@effect/platform/Headers"
import * as Either from "effect/Either"
import { type Fault, invalidRequest } from "../../model/internal/fault.js"
import { problemOfHeaders } from "./checkAddress.js"

/** The caller's headers, or what is wrong with them. Messages never contain the values of headers. */
export const checked = (input: Headers.Input | undefined): Either.Either<Headers.Headers | undefined, Fault> => {
  if (input === undefined) return Either.right(undefined)
  // For programs without types: anything but a list of names and values throws.
  const headers = typeof input === "object" ? Either.try(() => Headers.fromInput(input)) : Either.left(undefined)
  if (Either.isLeft(headers)) return invalid("is not a record of headers: give { name: value }")
  const problem = problemOfHeaders(headers.right, "credential")
  return problem === undefined ? Either.right(headers.right) : invalid(problem)
}

const invalid = (problem: string): Either.Either<never, Fault> =>
  Either.left(invalidRequest("headers", `the call's \`headers\` ${problem}`))

/** A list of names, to which a call adds its own. All other headers have one value. */
const LIST = "anthropic-beta"

/** The client's headers, replaced or extended by those of the call. */
export const beside = (own: Headers.Headers, call: Headers.Headers | undefined): Readonly<Record<string, string>> => {
  if (call === undefined) return own
  const lists = [own[LIST], call[LIST]].filter((list) => list !== undefined)
  return { ...own, ...call, ...(lists.length === 2 && { [LIST]: union(lists) }) }
}

const union = (lists: ReadonlyArray<string>): string => {
  const names = lists.flatMap((list) => list.split(",")).map((name) => name.trim())
  return [...new Set(names)].filter((name) => name !== "").join(",")
}
