/**
 * Turns what an SDK, undici or a socket throws into a fault. Codes take precedence over words, and the chain of causes
 * is searched.
 */
import { type ConnectReason, type Fault, invalidRequest, malformed } from "../../model/internal/fault.js"
import { classify } from "../../protocol/internal/classify.js"
import { NotAnswered, Refused, UNKNOWN_ENCODING } from "./answer.js"
import * as RetryAfter from "./retryAfter.js"

const reasons: Readonly<Record<string, ConnectReason>> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "refused",
  EHOSTDOWN: "refused",
  ENETUNREACH: "refused",
  ENETDOWN: "refused",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  ETIMEDOUT: "timeout",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  UND_ERR_SOCKET: "reset",
  UND_ERR_PRX_TLS: "proxy",
  UND_ERR_SECURE_PROXY: "proxy",
  UND_ERR_ABORTED: "proxy"
}

const descriptions: Readonly<Record<ConnectReason, string>> = {
  refused: "the connection was refused",
  dns: "the host name was not found",
  tls: "TLS could not be set up",
  proxy: "the proxy did not connect",
  timeout: "connecting timed out",
  reset: "the connection was reset before the answer began",
  closed: "the provider's layer is closed",
  client: "the client could not be made",
  other: "the request could not be sent"
}

const looksLikeTls =
  /^(INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|CRL_|ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_CA|EPROTO)/

/** Reasons whose sentence needs the error's own message. */
const needDetail = new Set<ConnectReason>(["tls", "proxy", "other"])

/** One error of a chain of causes, as far as it is known. */
export interface Thrown {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

/** An error and its causes, the outermost first. */
export const chain = (error: unknown): ReadonlyArray<Thrown> => {
  const links: Array<Thrown> = []
  let link: unknown = error
  while (typeof link === "object" && link !== null && links.length < 6) {
    const thrown: Thrown = link
    links.push(thrown)
    // Node tries several addresses at once and reports all failures together.
    const several = Array.isArray(thrown.errors) ? thrown.errors[0] : undefined
    link = thrown instanceof NotAnswered ? thrown.reason : (thrown.cause ?? several)
  }
  return links
}

/** Anything can be thrown. */
const textOf = (message: unknown): string => (typeof message === "string" ? message : "")

const codeOf = (links: ReadonlyArray<Thrown>): string | undefined => {
  for (const { code } of [...links].reverse()) if (typeof code === "string" && code !== "") return code
  return undefined
}

/** Only names, codes and messages are kept: an SDK's error contains headers, and a socket's contains the socket. */
const withoutSecrets = (links: ReadonlyArray<Thrown>): Error | undefined => {
  let cause: Error | undefined
  for (const { code, message, name } of [...links].reverse()) {
    const error = new Error(textOf(message).slice(0, 500), cause === undefined ? {} : { cause })
    error.name = typeof name === "string" ? name : "Error"
    cause = typeof code === "string" ? Object.assign(error, { code }) : error
  }
  return cause
}

interface StatusError {
  readonly status: number
  readonly headers?: unknown
  readonly error?: unknown
  readonly message: string
}

const isStatusError = (u: unknown): u is StatusError =>
  u instanceof Error && "status" in u && typeof u.status === "number"

/** The headers of an answer with an error status, as the SDK keeps them on its error. */
export const headersOf = (error: unknown): Headers =>
  isStatusError(error) && error.headers instanceof Headers ? error.headers : new Headers()

/** The request did not get a successful answer. */
export const ofOpening = (error: unknown, now: number): Fault => {
  if (isStatusError(error)) {
    const headers = headersOf(error)
    if (error.status < 400) return redirected(error.status, headers)
    return classify({
      status: error.status,
      body: error.error ?? bodyOf(error),
      requestId: requestIdOf(headers),
      retryAfterMillis:
        RetryAfter.parse(headers, now) ?? (error.status === 429 ? RetryAfter.reset(headers, now) : undefined)
    })
  }
  const links = chain(error)
  const refused = refusalIn(links)
  if (refused !== undefined) return refused
  const code = codeOf(links)
  if (code === UNKNOWN_ENCODING) return malformed(textOf(links.at(-1)?.message), withoutSecrets(links))
  const reason: ConnectReason =
    code === undefined
      ? links.some(({ message }) => /timed? ?out/i.test(textOf(message)))
        ? "timeout"
        : "other"
      : ((Object.hasOwn(reasons, code) ? reasons[code] : undefined) ?? (looksLikeTls.test(code) ? "tls" : "other"))
  const detail = needDetail.has(reason) ? textOf(links.at(-1)?.message) : ""
  return {
    _tag: "ConnectionFailed",
    reason,
    code,
    description: detail === "" ? descriptions[reason] : `${descriptions[reason]}: ${detail.slice(0, 300)}`,
    cause: withoutSecrets(links)
  }
}

/** The SDKs put the status before a body that is not JSON, and have their own words for an empty one. */
const bodyOf = ({ message, status }: StatusError): string => {
  const said = message.startsWith(`${status} `) ? message.slice(String(status).length + 1) : message
  return said === "status code (no body)" ? "" : said
}

/** Redirects are not followed: their target would receive the key. */
const redirected = (status: number, headers: Headers): Fault => {
  // Its query and its credentials are secret.
  const location = headers
    .get("location")
    ?.replace(/[?#].*/s, "")
    .replace(/\/\/[^/]*@/, "//")
  const where = location === undefined ? "" : ` to ${location.slice(0, 300)}`
  return {
    _tag: "MalformedStream",
    status,
    requestId: requestIdOf(headers),
    description: `the provider answered with a redirect${where}, which is not followed`
  }
}

/** The fault of a request that the pool itself refused. */
const refusalIn = (links: ReadonlyArray<Thrown>): Fault | undefined => {
  const refused = links.find((link) => link instanceof Refused)
  return refused && { ...invalidRequest("pool", textOf(refused.message)), cause: refused }
}

/** No client could be built at all. */
export const ofConnecting = (error: { readonly _tag: string; readonly message: string }): Fault =>
  error._tag === "RenewableClosed"
    ? { _tag: "ConnectionFailed", reason: "closed", description: descriptions.closed }
    : { _tag: "ConnectionFailed", reason: "client", description: error.message }

/** The answer broke off. */
export const ofReading = (error: unknown): Fault => {
  const links = chain(error)
  const refused = refusalIn(links)
  if (refused !== undefined) return refused
  const code = codeOf(links)
  if (code?.startsWith("Z_") || code?.startsWith("ERR__ERROR")) {
    return malformed(`the answer is not compressed as its content-encoding says, ${code}`, withoutSecrets(links))
  }
  const what =
    code === "ECONNRESET" || code === "UND_ERR_SOCKET" || code === undefined ? "was closed" : `failed, ${code}`
  return {
    _tag: "StreamDropped",
    code,
    description: `the connection ${what} in the middle of the answer`,
    cause: withoutSecrets(links)
  }
}

/** The vendor's id of a request: the one thing its support asks for. */
export const requestIdOf = (headers: Headers): string | undefined => {
  for (const name of ["request-id", "x-request-id", "x-generation-id"]) {
    const value = headers.get(name)
    if (value !== null) return value.slice(0, 200)
  }
  return undefined
}
