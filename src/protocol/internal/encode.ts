/** What writing a request has in common over all protocols. */
import * as Either from "effect/Either"
import { type Fault, invalidRequest } from "../../model/internal/fault.js"
import type { ModelRequest, ProviderOptions } from "../../model/ModelRequest.js"
import type * as Prompt from "../../model/Prompt.js"
import { isVendorTool, type Tool, type VendorTool } from "../../model/Tool.js"
import type { Shared } from "../Quirks.js"
import { type JsonObject, object, string } from "./json.js"

/** A part of a request in the protocol's own terms, or why it cannot be expressed. */
export type Encoded<A> = Either.Either<A, Fault>

export const invalid = (field: string, problem: string): Encoded<never> =>
  Either.left(invalidRequest(field, `the request's \`${field}\` ${problem}`))

/** Refuses the first set field that the protocol cannot express. */
export const onlyWithout = (
  request: ModelRequest,
  protocol: string,
  fields: ReadonlyArray<keyof ModelRequest>
): Encoded<void> => {
  const set = fields.find((field) => request[field] !== undefined)
  return set === undefined ? Either.void : invalid(set, `is not supported over ${protocol}: leave it out`)
}

/** Refuses the first set field that its vendor is known to refuse. */
export const onlySupported = (request: ModelRequest, { unsupported = [] }: Shared): Encoded<void> => {
  const set = unsupported.find((field) => request[field] !== undefined)
  return set === undefined ? Either.void : invalid(set, "is refused by this provider: leave it out")
}

/** What options may not set over any protocol, and what to do instead. */
export const commonlyRefused: Readonly<Record<string, string>> = {
  model: "the request names it: set the request's `model`",
  stream: "the library decides it: leave it out"
}

/** Why options may not contain the conversation. */
export const promptRefused = "an answer that breaks could not be continued: put it into the request's `prompt`"

/**
 * The caller's own fields for this protocol, which may not set what the library decides. A request may have fields for
 * several protocols, because it may be routed. If it has fields only for others, they would be ignored.
 */
export const ownOptions = <P extends keyof ProviderOptions>(
  request: ModelRequest,
  protocol: P,
  /** Each field that may not be set, with the reason and what to do. */
  refused: Readonly<Record<string, string>>
): Encoded<ProviderOptions[P]> => {
  const options: ProviderOptions[P] = request.providerOptions?.[protocol]
  const others = Object.entries(request.providerOptions ?? {}).flatMap(([name, own]) =>
    own === undefined ? [] : [name]
  )
  if (options === undefined && others.length > 0) {
    const problem = `has fields for ${others.join(" and ")} only, and the provider speaks ${protocol}: leave them out, or`
    return invalid("providerOptions", `${problem} say \`"${protocol}": {}\` beside them`)
  }
  // The types exclude these already; this is for programs without types.
  const given = new Map(Object.entries(options ?? {}))
  for (const [key, why] of Object.entries(refused)) {
    if (given.get(key) !== undefined) return invalid("providerOptions", `sets \`${key}\`, but ${why}`)
  }
  return Either.right(options && said(options))
}

/** Without undefined fields: they would override the request when merged last. */
export const said = <A extends object>(options: A): A =>
  // Only optional fields are left out.
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as A

/** Refuses system text in the options beside that of the request, which it would replace. */
export const onlyOneSystem = (field: string, own: unknown, given: unknown): Encoded<void> =>
  own === undefined || given === undefined
    ? Either.void
    : invalid("providerOptions", `sets \`${field}\`, which would replace the request's own system text: say it once`)

/**
 * The tools in the protocol's terms: those of the request, then those of the options. A vendor's tool is written
 * unchanged, and refused over other protocols.
 */
export const encodeTools = <A extends object>(
  { tools = [] }: ModelRequest,
  protocol: string,
  encode: (tool: Tool) => Encoded<A>,
  more: ReadonlyArray<A> | null | undefined
): Encoded<Array<A>> =>
  Either.gen(function* () {
    const encoded = yield* each(tools, (tool) => (isVendorTool(tool) ? ownTool<A>(tool, protocol) : encode(tool)))
    const names = new Set(tools.map(({ name }) => name))
    const again = more?.map(nameOf).find((name) => name !== undefined && names.has(name))
    if (again !== undefined) {
      yield* invalid("providerOptions", `has a tool "${again}" in \`tools\` that the request has, too: leave out one`)
    }
    return [...encoded, ...(more ?? [])]
  })

/** The name of a tool on the wire, if it has one. */
const nameOf = (tool: object): string | undefined => {
  const { custom, function: called, name } = object(tool) ?? {}
  return string(name) ?? string(object(called)?.name) ?? string(object(custom)?.name)
}

const ownTool = <A extends object>({ definition, name, protocol: own }: VendorTool, protocol: string): Encoded<A> =>
  own === protocol
    ? // The protocol's own constructor typed the definition.
      Either.right(definition as A)
    : invalid("tools", `has "${name}", a tool of ${own}, and the provider speaks ${protocol}: leave it out here`)

/** The definition of the vendor's tool with this name. */
export const vendorToolNamed = ({ tools = [] }: ModelRequest, name: string): object | undefined => {
  const tool = tools.find((tool) => tool.name === name)
  return tool !== undefined && isVendorTool(tool) ? tool.definition : undefined
}

/** Refuses a choice that needs tools if there are none; `auto` and `none` are then meaningless and left out. */
export const onlyWithTools = ({ toolChoice }: ModelRequest, tools: ReadonlyArray<unknown>): Encoded<void> =>
  tools.length > 0 || toolChoice === undefined || toolChoice === "auto" || toolChoice === "none"
    ? Either.void
    : invalid("toolChoice", "requires a tool, but there are none")

/**
 * The answer of a program to a call that is not modelled, as written on the wire; undefined if it belongs to another
 * protocol, to which it goes back.
 */
export const ownPart = (
  part: Prompt.ProviderPart,
  protocol: string,
  called: string
): Encoded<JsonObject | undefined> => {
  if (isOfAnother(part, protocol)) return Either.right(undefined)
  const { name, value } = part
  const block = object(value)
  return block?.type === name
    ? Either.right(block)
    : invalid("prompt", `has a part "${name}" in a tool message whose \`value\` is not a \`${name}\` of ${called}`)
}

/** Refuses a document whose citations a protocol cannot express. */
export const onlyUncited = ({ citations }: Prompt.DocumentPart, protocol: string): Encoded<void> =>
  citations === true
    ? invalid("prompt", `has a document with \`citations\`, which ${protocol} cannot give: leave it out`)
    : Either.void

/** Whether a part came over another protocol, so that this one does not know it. */
export const isOfAnother = (part: Prompt.AssistantPart, protocol: string): boolean =>
  "protocol" in part && part.protocol !== undefined && part.protocol !== protocol

/** Whether text is not blank: some vendors refuse blank text. */
export const isVisible = (text: string): boolean => /\S/.test(text)

/** A file as a data URL, as OpenAI takes it. */
export const dataUrl = ({ base64, mediaType }: { readonly base64: string; readonly mediaType: string }): string =>
  `data:${mediaType};base64,${base64}`

/** Writes each item, up to the first that cannot be expressed. */
export const each = <A, B>(items: ReadonlyArray<A>, encode: (item: A) => Encoded<B>): Encoded<Array<B>> => {
  const encoded: Array<B> = []
  for (const item of items) {
    const one = encode(item)
    if (Either.isLeft(one)) return Either.left(one.left)
    encoded.push(one.right)
  }
  return Either.right(encoded)
}

/** System text as parts; blank text is left out. */
export const systemParts = ({ system }: ModelRequest): ReadonlyArray<Prompt.TextPart> =>
  (typeof system === "string" ? [{ type: "text" as const, text: system }] : (system ?? [])).filter(({ text }) =>
    isVisible(text)
  )
