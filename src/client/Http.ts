/**
 * Sends the requests of a protocol that has no SDK, over the pool of its client.
 *
 * @since 0.1.0
 */
import type { OpenOptions } from "../protocol/Protocol.js"

/**
 * What a generation of a client sends with: its base URL, checked and without a trailing slash, and the `fetch` of its
 * pool. An SDK takes both; a protocol without one sends with `post` and `get`.
 *
 * The `fetch` follows no redirects, because their target would receive the key. It takes a URL and an init whose body
 * is text or bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Http {
  readonly baseUrl: string
  readonly fetch: typeof globalThis.fetch
}

/**
 * Posts a value as JSON, and resolves at the head of the answer. `path` is added to the base URL.
 *
 * @example
 * ```ts
 * import { Http, type Protocol } from "effect-redial"
 *
 * const open = (http: Http.Http, params: object, options: Protocol.OpenOptions) =>
 *   Http.post(http, "/api/chat", params, options)
 * ```
 *
 * @since 0.1.0
 * @category requests
 */
export const post = async (http: Http, path: string, body: unknown, options: OpenOptions): Promise<Response> =>
  http.fetch(http.baseUrl + path, {
    method: "POST",
    headers: headersOf(options, { "content-type": "application/json", accept: "*/*" }),
    body: JSON.stringify(body),
    signal: options.signal
  })

/**
 * Gets a path, for example for a `Cursor`, which continues an answer.
 *
 * @since 0.1.0
 * @category requests
 */
export const get = async (http: Http, path: string, options: OpenOptions): Promise<Response> =>
  http.fetch(http.baseUrl + path, {
    method: "GET",
    headers: headersOf(options, { accept: "*/*" }),
    signal: options.signal
  })

/**
 * The headers of a request, as `fetch` takes them: `usual` ones, overridden or removed by those of the options.
 *
 * @since 0.1.0
 * @category requests
 */
export const headersOf = (
  { headers }: Pick<OpenOptions, "headers">,
  usual: Readonly<Record<string, string>> = {}
): Headers => {
  const all = new Headers(usual)
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) all.delete(name)
    else all.set(name, value)
  }
  return all
}
