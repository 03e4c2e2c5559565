/** Checks where requests go and the headers that they carry, before anything is sent. */
import type * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import type { InvalidOptions } from "../InvalidOptions.js"

/** Makes the error of an option. */
type Invalid = (option: string, problem: string) => InvalidOptions

/** What the SDKs add to a base URL: a base URL of one vendor is often mistaken for another's. */
const endpoints = ["/chat/completions", "/messages", "/responses"]

/** Returns the base URL without a trailing slash. */
export const checkBaseUrl = (
  text: string,
  path: string | undefined,
  invalid: Invalid
): Effect.Effect<string, InvalidOptions> => {
  if (!URL.canParse(text)) return invalid("baseUrl", "is not a URL: it must begin with https: or http: and a host")
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return invalid("baseUrl", `must begin with https: or http:, and begins with ${url.protocol}`)
  }
  if (url.username !== "" || url.password !== "") {
    return invalid("baseUrl", "has credentials in it: the key goes into `apiKey`")
  }
  if (url.search !== "" || url.hash !== "") return invalid("baseUrl", "may not have a query or a fragment")
  const address = url.href.replace(/(?<!\/)\/+$/, "")
  const endpoint = [path ?? "", ...endpoints].find((end) => end !== "" && address.endsWith(end))
  return endpoint === undefined
    ? Effect.succeed(address)
    : invalid("baseUrl", `ends in \`${endpoint}\`, which is added to it: leave that out`)
}

/** Headers that contain a key. */
const forbiddenHeaders = [
  "authorization",
  "x-api-key",
  "api-key",
  "cf-aig-authorization",
  "cookie",
  "proxy-authorization"
]

/** Headers of the connection or of the body's encoding, which HTTP clients set themselves (RFC 9110, RFC 9112). */
const reservedHeaders = [
  "connection",
  "content-encoding",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
]

export const checkHeaders = (
  headers: Headers.Headers,
  invalid: Invalid
): Effect.Effect<Headers.Headers, InvalidOptions> => {
  const problem = problemOfHeaders(headers, "apiKey")
  return problem === undefined ? Effect.succeed(headers) : invalid("headers", problem)
}

/** What is wrong with headers, as a sentence without its subject and without a value; `key` is where a key belongs. */
export const problemOfHeaders = (headers: Headers.Headers, key: string): string | undefined => {
  for (const [name, value] of Object.entries(headers)) {
    if (forbiddenHeaders.includes(name)) return `may not set \`${name}\`: the key goes into \`${key}\``
    if (reservedHeaders.includes(name)) return `may not set \`${name}\`: HTTP sets it itself, so leave it out`
    // For programs without types: null would remove a header of the SDK.
    if (typeof value !== "string") return `has a header whose value is not a text, ${JSON.stringify(name)}`
    // Commands that were copied from a vendor's page contain it.
    if (name === "content-type" && !/^application\/json\b/i.test(value)) {
      return "may not set `content-type`: the body is JSON, so leave it out"
    }
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      return `has a header with characters that cannot be sent, ${JSON.stringify(name)}`
    }
  }
  return undefined
}
