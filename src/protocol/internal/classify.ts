/** Turns an error that a provider reported, with a status or inside a stream, into a fault. */
import * as Fault from "../../model/internal/fault.js"
import { byWord, byWording, heals, hopeless, type ReportedTag, sentences } from "./errorWords.js"
import { array, type JsonObject, number, object, parse, string } from "./json.js"

/**
 * An error as a provider reports it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reported {
  /** Absent for an error inside a stream. */
  readonly status?: number | undefined
  /** Parsed JSON, or the text of anything else. */
  readonly body: unknown
  readonly requestId?: string | undefined
  readonly retryAfterMillis?: number | undefined
}

/** In characters, from either end of a message. The cause is stated there; in between are inputs and traces. */
const MOST_MESSAGE = 2_048

/** In characters, from the start of a page of HTML: its title is there. */
const MOST_PAGE = 16 * 1024

/** In characters. No code is longer. */
const MOST_CODE = 200

/** The common form of all error bodies. */
interface Details {
  /** Bounded, because patterns run over it. */
  readonly message: string
  /** Codes and types in lower case, the most specific first. */
  readonly words: ReadonlyArray<string>
  readonly code: string | undefined
  readonly status: number | undefined
  readonly field: string | undefined
  readonly requestId: string | undefined
}

/**
 * Whether an object of JSON says that it is an error, whatever the status: it has `error`, or a type that says so.
 *
 * @since 0.1.0
 * @category faults
 */
export const isError = (body: Readonly<Record<string, unknown>>): boolean =>
  Boolean(body.error) || body.object === "error" || body.type === "error" || failedBase(body) !== undefined

/**
 * Classifies an error of a provider by its status, its codes and its words: `RateLimited`, `Overloaded`,
 * `ContextOverflow`, `ModelNotFound` and so on. It reads the bodies of any vendor and gateway, also as text. An
 * unspecific error inside a stream is a `ServerError`. The cost is linear, and bounded for long bodies.
 *
 * @example
 * ```ts
 * import { Protocol } from "effect-redial"
 *
 * const fault = Protocol.classify({ body: { error: "model 'm' not found" }, status: 404 })
 * // fault._tag is "ModelNotFound"
 * ```
 *
 * @since 0.1.0
 * @category faults
 */
export const classify = ({ body: raw, requestId, retryAfterMillis, status }: Reported): Fault.Fault => {
  const body = typeof raw === "string" ? (parse(raw) ?? raw) : raw
  const details = read(body)
  const outer = outermost(body)
  if (status !== undefined && status < 400 && !(outer && isError(outer))) {
    return {
      ...Fault.malformed(describe("the provider answered with something that is not a stream", details)),
      status
    }
  }
  const tag = status === undefined || status < 400 ? inBand(details) : byStatus(status, details)
  const facts = {
    description: describe(sentences[tag], details),
    status,
    code: details.code,
    retryAfterMillis,
    requestId: requestId ?? details.requestId
  }
  return tag === "InvalidRequest" ? { _tag: tag, ...facts, field: details.field } : { _tag: tag, ...facts }
}

const inBand = (details: Details): ReportedTag => {
  const known = byWords(details) ?? byWording(details.message)
  if (known !== undefined && known !== "InvalidRequest") return known
  if (known === undefined && details.status !== undefined) return byStatus(details.status, details)
  return known === undefined ? "ServerError" : refine(known, details)
}

const byStatus = (status: number, details: Details): ReportedTag => {
  const known = byWords(details)
  switch (status) {
    case 401:
      return "AuthenticationFailed"
    case 402:
      return "QuotaExhausted"
    case 403:
      return among(refuses, refine("PermissionDenied", details), "PermissionDenied")
    case 404:
      return "ModelNotFound"
    case 408:
    case 409:
    case 424:
      return "ServerError"
    case 413:
      return details.message === "" || refine("InvalidRequest", details) === "ContextOverflow"
        ? "ContextOverflow"
        : "InvalidRequest"
    case 429:
      if (hopeless.test(details.message)) return "InvalidRequest"
      return among(limits, known ?? byWording(details.message), "RateLimited")
    case 498:
    case 503:
    case 529:
      return "Overloaded"
    default:
      if (status >= 500) return known === "Overloaded" ? known : "ServerError"
      return refine("InvalidRequest", details)
  }
}

/** What a 403 may mean besides a missing permission. */
const refuses: ReadonlyArray<ReportedTag> = ["ContextOverflow", "QuotaExhausted", "ContentRefused"]

/** What a 429 may mean besides too many requests. */
const limits: ReadonlyArray<ReportedTag> = ["QuotaExhausted", "Overloaded"]

const among = (allowed: ReadonlyArray<ReportedTag>, found: ReportedTag | undefined, otherwise: ReportedTag) =>
  found !== undefined && allowed.includes(found) ? found : otherwise

/** The tag of a refused request whose reason only its code or its wording tells. */
const refine = (otherwise: ReportedTag, details: Details): ReportedTag => {
  const known = byWords(details)
  if (known !== undefined && known !== "InvalidRequest") return known
  const said = byWording(details.message)
  // Anything can be overloaded: a function, an operator. An overloaded provider says so by its status or its code.
  return said === undefined || said === "Overloaded" ? otherwise : said
}

const byWords = ({ message, words }: Details): ReportedTag | undefined => {
  let bad: ReportedTag | undefined
  for (const word of words) {
    const tag = byWord.get(word)
    if (tag === "QuotaExhausted" && heals.test(message)) return "RateLimited"
    // The only type that Anthropic Messages has for a 429, even if the vendor's message speaks of money.
    if (word === "rate_limit_error" && byWording(message) === "QuotaExhausted") return "QuotaExhausted"
    // Vendors put this type beside a code that says more.
    if (tag === "InvalidRequest") bad = tag
    else if (tag !== undefined) return tag
  }
  return bad
}

/** Gemini puts its errors into an array. */
const outermost = (body: unknown): JsonObject | undefined => object(array(body)?.[0] ?? body)

const read = (body: unknown): Details => {
  if (typeof body === "string") return plain(body)
  const outer = outermost(body)
  if (outer === undefined) return plain("")
  const error = object(outer.error) ?? failedBase(outer) ?? outer
  const message =
    string(error.message) ??
    string(error.status_msg) ??
    string(outer.error) ??
    string(outer.message) ??
    string(outer.detail) ??
    ""
  const codes = [object(error.details)?.error_code, error.code, error.type, error.status, outer.code].flatMap((code) =>
    typeof code === "number" ? [String(code)] : (string(code)?.slice(0, MOST_CODE) ?? [])
  )
  return {
    message: bounded(message),
    words: codes.map((code) => code.toLowerCase()),
    code: codes[0],
    status: [error.code, error.status, error.status_code].map(httpStatus).find((status) => status !== undefined),
    field: string(error.param)?.slice(0, MOST_CODE),
    requestId: string(outer.request_id)
  }
}

/** The head and the tail, on separate lines: no pattern matches across them. */
const bounded = (message: string): string => {
  const text = message.trim()
  return text.length <= 2 * MOST_MESSAGE ? text : `${text.slice(0, MOST_MESSAGE)}\n${text.slice(-MOST_MESSAGE)}`
}

const titleOf = (page: string): string | undefined =>
  /<title>([^<]{1,1000})</i.exec(page.slice(0, MOST_PAGE))?.[1]?.trim()

const plain = (text: string): Details => ({
  message: text.trimStart().startsWith("<") ? (titleOf(text) ?? "a page of HTML") : bounded(text),
  words: [],
  code: undefined,
  status: undefined,
  field: undefined,
  requestId: undefined
})

/** MiniMax reports failures beside the content, with its own codes. */
const failedBase = (body: Readonly<Record<string, unknown>>): JsonObject | undefined => {
  const base = object(body.base_resp)
  if (base === undefined) return undefined
  switch (number(base.status_code) ?? 0) {
    case 0:
      return undefined
    case 1002:
      return { ...base, code: "rate_limit_exceeded" }
    case 1004:
      return { ...base, code: "invalid_api_key" }
    case 1008:
      return { ...base, code: "insufficient_balance" }
    case 2013:
      return { ...base, code: "invalid_request" }
    default:
      return { ...base, code: String(base.status_code) }
  }
}

const httpStatus = (code: unknown): number | undefined => {
  const value = typeof code === "string" && /^\d{3}$/.test(code) ? Number(code) : number(code)
  return value !== undefined && value >= 400 && value < 600 ? value : undefined
}

/** Some vendors repeat the key that they refuse. */
const secret = /\b(?:(?:sk|pk|gsk|xai|nvapi|key)[-_]|AIza|Bearer )[\w.*-]{6,}/g

export const scrub = (text: string): string => text.replace(secret, "[redacted]")

const describe = (sentence: string, { message }: Details): string => {
  // Cut before and after, so that a key at the later cut is whole when the pattern looks for it.
  const said = scrub(message.slice(0, 1000)).replace(/\s+/g, " ").slice(0, 300)
  return said === "" ? sentence : `${sentence}: "${said}"`
}
