/**
 * A request as a cassette keeps it: what decides about its answer, without what shows a key.
 */
import type { Sent } from "./exchange.js"
import { isTelling, type Secrets } from "./secrets.js"

/** The headers that change an answer. All others stay out of the file: a program may send anything in them. */
const kept: ReadonlyArray<string> = ["anthropic-beta", "anthropic-version", "openai-beta"]

/** What the protocols of this library add to a base URL, with the id of an answer that the server keeps. */
const ends = /(?:\/v1\/messages|\/chat\/completions|\/responses(?:\/[^/]+)?)$/

/** Of any other path the last part. */
const last = /\/[^/]*$/

/** Learns the secrets that the request shows, and takes them out of what is kept. */
export const sentOf = (input: Parameters<typeof fetch>[0], init: RequestInit, secrets: Secrets): Sent => {
  const url = new URL(typeof input === "string" ? input : "href" in input ? input.href : input.url)
  const headers = new Headers(init.headers)
  for (const [name, value] of headers) if (isTelling(name)) secrets.addShown(value)
  for (const [name, value] of url.searchParams) if (isTelling(name)) secrets.add(value)
  if (url.username !== "") secrets.add(decodeURIComponent(url.username))
  if (url.password !== "") secrets.add(decodeURIComponent(url.password))
  const end = (ends.exec(url.pathname) ?? last.exec(url.pathname))?.[0] ?? url.pathname
  secrets.addPrefix(url.pathname.slice(0, url.pathname.length - end.length))
  return secrets.sent({
    method: init.method ?? "GET",
    path: end + queryOf(url),
    headers: Object.fromEntries([...headers].filter(([name]) => kept.includes(name))),
    body: bodyOf(init.body)
  })
}

const queryOf = (url: URL): string => {
  const query = [...url.searchParams].map(([name, value]) => `${name}=${isTelling(name) ? "[redacted]" : value}`)
  return query.length === 0 ? "" : `?${query.join("&")}`
}

const bodyOf = (body: RequestInit["body"]): unknown => {
  if (body === undefined || body === null) return null
  // The clients send text or bytes; see `Http`.
  const text = typeof body === "string" ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : ""
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
