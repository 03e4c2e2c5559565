/** What a pool's `fetch` gives the SDKs: answers that they accept, and failures that they do not misread. */

/** The statuses for which a `Response` must have no body. */
const withoutBody = new Set([204, 205, 304])

/** An answer as the SDKs take it. They refuse non-standard statuses, which servers do send. */
export const answer = (status: number, headers: Headers, body: string | ReadableStream<Uint8Array> | null): Response =>
  new Response(withoutBody.has(status) ? null : body, { status: Math.min(status, 599), headers })

/**
 * What `fetch` rejects with. The SDKs recognize a timeout by an error's name or words, and then discard the error; this
 * one has neither, and no `cause` for them to inspect.
 */
export class NotAnswered extends Error {
  constructor(readonly reason: unknown) {
    super("the request was not answered")
  }
}

/** The error code of an answer whose `content-encoding` cannot be decoded. */
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
