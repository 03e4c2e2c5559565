/**
 * The headers of an answer that are kept: what a vendor's support asks for, and rate limits. A list of names and
 * prefixes, so that nothing unexpected is kept, above all no cookies.
 */

/** Request ids of the vendors and of the edges before them; waiting times; the server's name. */
const names: ReadonlySet<string> = new Set([
  "request-id",
  "x-request-id",
  "x-generation-id",
  "x-ms-request-id",
  "apim-request-id",
  "x-amzn-requestid",
  "x-cloud-trace-context",
  "cf-ray",
  "server",
  "via",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "openai-processing-ms",
  "openai-version"
])

const beginnings = ["x-ratelimit-", "ratelimit-", "anthropic-ratelimit-"]

/** No legitimate value is longer, and a server may send anything. */
const MOST_CHARACTERS = 200

/** Nor are there more of them. */
const MOST = 40

/** Names in lower case. Undefined if there are none. */
export const keptHeaders = (headers: Headers): Readonly<Record<string, string>> | undefined => {
  const kept: Array<readonly [name: string, value: string]> = []
  // A web `Headers` gives its names in lower case.
  for (const [name, value] of headers) {
    if (kept.length < MOST && (names.has(name) || beginnings.some((beginning) => name.startsWith(beginning)))) {
      kept.push([name.slice(0, MOST_CHARACTERS), value.slice(0, MOST_CHARACTERS)])
    }
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}
