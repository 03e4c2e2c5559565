/** An answer with an error status, as the failure that the SDKs make of one. */
import * as Effect from "effect/Effect"
import { errorText, fromWeb } from "../pool/byteSource.js"

/** Has the shape that `transportFault` reads; the errors of both SDKs have it as well. */
class StatusError extends Error {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    /** The start of the body. */
    readonly error: string
  ) {
    super(`status ${status}`)
  }
}

/** Rejects for an answer with an error status; an SDK has done so already. */
export const unlessRefused = async (response: Response): Promise<Response> => {
  if (response.ok) return response
  const source = fromWeb(response.body)
  const text = await Effect.runPromise(errorText(source))
  source.destroy()
  throw new StatusError(response.status, response.headers, text)
}
