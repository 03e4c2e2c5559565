/**
 * What writing a request has in common over all protocols.
 */
import * as Either from "effect/Either"
import { type Fault, invalidRequest } from "../../model/internal/fault.js"
import type { ModelRequest } from "../../model/ModelRequest.js"
import type { ProtocolId } from "../Protocol.js"

export const invalid = (field: string, problem: string): Either.Either<never, Fault> =>
  Either.left(invalidRequest(field, `the request's \`${field}\` ${problem}`))

/** The caller's own fields for this protocol, without those that the library decides itself. */
export const ownOptions = (
  request: ModelRequest,
  protocol: ProtocolId,
  refused: ReadonlyArray<string>
): Either.Either<Readonly<Record<string, unknown>>, Fault> => {
  const options = request.providerOptions?.[protocol] ?? {}
  const taken = refused.find((key) => Object.hasOwn(options, key))
  return taken === undefined
    ? Either.right(options)
    : invalid("providerOptions", `sets \`${taken}\`, which is decided by the library: leave it out`)
}

/** A choice that needs tools where there are none; `auto` and `none` then say nothing and are left out. */
export const choosesNothing = ({ toolChoice, tools }: ModelRequest): boolean =>
  (tools === undefined || tools.length === 0) &&
  toolChoice !== undefined &&
  toolChoice !== "auto" &&
  toolChoice !== "none"
