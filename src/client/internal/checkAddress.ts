/**
 * Checks what is said of where requests go and of the headers that they carry, before anything is sent.
 */
import type * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import type { InvalidOptions } from "../InvalidOptions.js"

/** Makes the error of an option. */
type Invalid = (option: string, problem: string) => InvalidOptions

/** Gives the base URL back without a slash at its end. */
export const checkBaseUrl = (text: string, invalid: Invalid): Effect.Effect<string, InvalidOptions> => {
  if (!URL.canParse(text)) return invalid("baseUrl", "is not a URL: it must begin with https: or http: and a host")
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return invalid("baseUrl", `must begin with https: or http:, and begins with ${url.protocol}`)
  }
  if (url.username !== "" || url.password !== "") {
    return invalid("baseUrl", "has credentials in it: the key goes into `apiKey`")
  }
  if (url.search !== "" || url.hash !== "") return invalid("baseUrl", "may not have a query or a fragment")
  return Effect.succeed(url.href.replace(/(?<!\/)\/+$/, ""))
}

/** Headers that hold a key. */
const forbiddenHeaders = [
  "authorization",
  "x-api-key",
  "api-key",
  "cf-aig-authorization",
  "cookie",
  "proxy-authorization"
]

export const checkHeaders = (
  headers: Headers.Headers,
  invalid: Invalid
): Effect.Effect<Headers.Headers, InvalidOptions> => {
  for (const [name, value] of Object.entries(headers)) {
    if (forbiddenHeaders.includes(name)) {
      return invalid("headers", `may not set \`${name}\`: the key goes into \`apiKey\``)
    }
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      return invalid("headers", `has a header with characters that cannot be sent, ${JSON.stringify(name)}`)
    }
  }
  return Effect.succeed(headers)
}
