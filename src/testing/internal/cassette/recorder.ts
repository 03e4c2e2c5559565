/**
 * A pool that records what another pool receives. It changes nothing: bytes, times and failures pass as they are.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ByteSource, Service as Pool } from "../../../client/ConnectionPool.js"
import { answer, NotAnswered } from "../../../client/internal/answer.js"
import { keptHeaders } from "../../../client/internal/keptHeaders.js"
import { chain } from "../../../client/internal/transportFault.js"
import type { Link } from "./exchange.js"
import type { Secrets } from "./secrets.js"
import { sentOf } from "./sent.js"
import type { Take, Tape } from "./tape.js"

const utf8 = new TextEncoder()

export const make = (pool: Pool, tape: Tape, secrets: Secrets): Pool => {
  const takes = new WeakMap<Response, Take>()
  const recorded = new WeakMap<ByteSource, Take>()

  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const take = tape.begin(sentOf(input, init, secrets))
    try {
      take.waiting = true
      const response = await pool.fetch(input, init)
      take.waiting = false
      take.answered(response.status, headersOf(response.headers))
      if (response.ok) {
        takes.set(response, take)
        return response
      }
      const text = await response.text()
      take.chunk(utf8.encode(text))
      take.end()
      return answer(response.status, response.headers, text)
    } catch (error) {
      if (init.signal?.aborted === true) take.left()
      else take.dropped(linksOf(error))
      throw error
    }
  }

  return {
    ...pool,
    fetch,
    source: (response) => {
      const source = pool.source(response)
      const take = takes.get(response)
      if (take === undefined) return source
      const recording = recordingOf(source, take)
      recorded.set(recording, take)
      return recording
    },
    finished: (source) =>
      Effect.suspend(() => {
        // The program has the proof of the end. The rest of the body is read for the sake of the connection alone, and may
        // be cut when the pool closes.
        recorded.get(source)?.end()
        return pool.finished(source)
      })
  }
}

const recordingOf = (source: ByteSource, take: Take): ByteSource => ({
  read: Effect.suspend(() => {
    take.waiting = true
    return source.read
  }).pipe(
    Effect.onExit((exit) =>
      Effect.sync(() => {
        take.waiting = false
        if (Exit.isSuccess(exit)) {
          for (const chunk of exit.value) take.chunk(chunk)
          if (exit.value.length === 0 || source.ended()) take.end()
        } else if (exit.cause._tag === "Fail") take.dropped(linksOf(exit.cause.error))
      })
    )
  ),
  ended: source.ended,
  destroy: () => {
    take.left()
    source.destroy()
  }
})

/** Those that are read of an answer: its type, what the errors of a provider keep, and where a redirect leads. */
const headersOf = (headers: Headers): Readonly<Record<string, string>> => {
  const type = headers.get("content-type")
  // Neither its query nor its credentials.
  const location = headers
    .get("location")
    ?.replace(/[?#].*/s, "")
    .replace(/\/\/[^/]*@/, "//")
  return {
    ...(type === null ? {} : { "content-type": type }),
    ...(location === undefined ? {} : { location }),
    ...keptHeaders(headers)
  }
}

const linksOf = (error: unknown): ReadonlyArray<Link> =>
  chain(error)
    .filter((link) => !(link instanceof NotAnswered))
    .map(({ code, message, name }) => ({
      name: typeof name === "string" ? name : "Error",
      ...(typeof code === "string" ? { code } : {}),
      message: typeof message === "string" ? message.slice(0, 500) : ""
    }))
