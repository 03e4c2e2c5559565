/**
 * What writing a request has in common over all protocols.
 */
import * as Either from "effect/Either"
import { type Fault, invalidRequest } from "../../model/internal/fault.js"
import type { ModelRequest, ProviderOptions } from "../../model/ModelRequest.js"
import type * as Prompt from "../../model/Prompt.js"
import type { ProtocolId } from "../Protocol.js"
import type { Shared } from "../Quirks.js"

/** A part of a request in the protocol's own terms, or why there is none. */
export type Encoded<A> = Either.Either<A, Fault>

export const invalid = (field: string, problem: string): Encoded<never> =>
  Either.left(invalidRequest(field, `the request's \`${field}\` ${problem}`))

/** Refuses the first of the fields that the request sets and the protocol has no word for. */
export const onlyWithout = (
  request: ModelRequest,
  protocol: string,
  fields: ReadonlyArray<keyof ModelRequest>
): Encoded<void> => {
  const set = fields.find((field) => request[field] !== undefined)
  return set === undefined ? Either.void : invalid(set, `cannot be said over ${protocol}: leave it out`)
}

/** Refuses the first of the fields that the request sets and its vendor is known to refuse. */
export const onlySupported = (request: ModelRequest, { unsupported = [] }: Shared): Encoded<void> => {
  const set = unsupported.find((field) => request[field] !== undefined)
  return set === undefined ? Either.void : invalid(set, "is refused by this provider: leave it out")
}

/**
 * The caller's own fields for this protocol, without those that the library decides itself. A request may have fields for
 * several protocols, since it may be routed. One that has none for this protocol would have its fields ignored.
 */
export const ownOptions = <P extends ProtocolId & keyof ProviderOptions>(
  request: ModelRequest,
  protocol: P,
  refused: ReadonlyArray<string>
): Encoded<ProviderOptions[P]> => {
  const options: ProviderOptions[P] = request.providerOptions?.[protocol]
  const others = Object.entries(request.providerOptions ?? {}).flatMap(([name, own]) =>
    own === undefined ? [] : [name]
  )
  if (options === undefined && others.length > 0) {
    const problem = `has fields for ${others.join(" and ")} only, and the provider speaks ${protocol}: leave them out, or`
    return invalid("providerOptions", `${problem} say \`"${protocol}": {}\` beside them`)
  }
  // The types leave these out already; at run time, whoever has no types is told.
  const given = new Map(Object.entries(options ?? {}))
  const taken = refused.find((key) => given.get(key) !== undefined)
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

/** Whether text has anything to read in it: some vendors refuse text that has not. */
export const isVisible = (text: string): boolean => /\S/.test(text)

/** A file in the address itself, as OpenAI takes it. */
export const dataUrl = ({ base64, mediaType }: { readonly base64: string; readonly mediaType: string }): string =>
  `data:${mediaType};base64,${base64}`

/** Writes each item, up to the first that cannot be written. */
export const each = <A, B>(items: ReadonlyArray<A>, encode: (item: A) => Encoded<B>): Encoded<Array<B>> => {
  const encoded: Array<B> = []
  for (const item of items) {
    const one = encode(item)
    if (Either.isLeft(one)) return Either.left(one.left)
    encoded.push(one.right)
  }
  return Either.right(encoded)
}

/** System text as parts; what has nothing to read in it is no system text. */
export const systemParts = ({ system }: ModelRequest): ReadonlyArray<Prompt.TextPart> =>
  (typeof system === "string" ? [{ type: "text" as const, text: system }] : (system ?? [])).filter(({ text }) =>
    isVisible(text)
  )
