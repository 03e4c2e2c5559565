/**
 * What a pool's `fetch` gives the SDKs: answers that they accept, and failures that they do not misread.
 */

/** The statuses that a `Response` takes no body with. */
const withoutBody = new Set([204, 205, 304])

/** An answer as the SDKs take it. They refuse statuses that no standard knows, which servers do send. */
export const answer = (status: number, headers: Headers, body: string | ReadableStream<Uint8Array> | null): Response =>
  new Response(withoutBody.has(status) ? null : body, { status: Math.min(status, 599), headers })

/**
 * What `fetch` rejects with. The SDKs take an error for a timeout by its name or its words, and then forget it; this one
 * has neither, and no `cause` for them to look at.
 */
export class NotAnswered extends Error {
  constructor(readonly reason: unknown) {
    super("the request was not answered")
  }
}

/** The code of the failure of an answer whose `content-encoding` cannot be undone. */
export const UNKNOWN_ENCODING = "ERR_UNKNOWN_CONTENT_ENCODING"

export const unknownEncoding = (encoding: string): Error =>
  Object.assign(new Error(`the answer has an unknown content-encoding, "${encoding}"`), { code: UNKNOWN_ENCODING })

/**
 * A pool's own refusal to answer a request. Another attempt would be refused as well, so it is no fault of a connection.
 * The message says what to do.
 */
export class Refused extends Error {
  override readonly name = "Refused"
}
