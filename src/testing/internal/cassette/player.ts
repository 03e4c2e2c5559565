/**
 * A pool that answers from recordings, without a socket.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ByteSource, Service as Pool } from "../../../client/ConnectionPool.js"
import { answer, NotAnswered, Refused } from "../../../client/internal/answer.js"
import * as PoolLife from "../../../client/pool/poolLife.js"
import type { Exchange, Link, Sent } from "./exchange.js"
import type { Secrets } from "./secrets.js"
import { sentOf } from "./sent.js"

export interface Options {
  /** Gives the exchange that answers a request, or why there is none. */
  readonly take: (sent: Sent) => Exchange | string
  readonly secrets: Secrets
  readonly clock: Clock.Clock
  /** How many times faster than recorded. */
  readonly speed: number
  /** Why a program cannot read beyond what was recorded. */
  readonly beyond: string
}

export const make = ({ beyond, clock, secrets, speed, take }: Options): Effect.Effect<Pool, never, Scope.Scope> =>
  Effect.gen(function* () {
    const life = yield* PoolLife.make((then) => then())
    yield* Effect.addFinalizer(() => Effect.sync(life.abortAll))
    const sources = new WeakMap<Response, ByteSource>()
    let dialled = 0

    const play = async (exchange: Exchange, signal: AbortSignal): Promise<Response> => {
      const startedAt = clock.unsafeCurrentTimeMillis()
      /** Waits for a moment of the recording. */
      const until = (at: number): Effect.Effect<void> =>
        Effect.suspend(() => {
          const wait = startedAt + at / speed - clock.unsafeCurrentTimeMillis()
          return wait > 0 ? clock.sleep(Duration.millis(wait)) : Effect.void
        })
      const { body, ending, response } = exchange
      await Effect.runPromise(until((response ?? ending).at), { signal })
      if (response === undefined) {
        if (ending.kind === "drop") throw errorOf(ending.error)
        return await new Promise<never>((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason), { once: true })
        )
      }
      const headers = new Headers(response.headers)
      if (response.status < 200 || response.status >= 300) {
        return answer(response.status, headers, Buffer.concat(body.map(({ bytes }) => bytes)).toString())
      }
      const opened = answer(response.status, headers, null)
      sources.set(opened, sourceOf(exchange, until, beyond))
      return opened
    }

    const fetch: typeof globalThis.fetch = async (input, init = {}) => {
      const { done, signal } = life.begin(init.signal)
      try {
        signal.throwIfAborted()
        const taken = take(sentOf(input, init, secrets))
        if (typeof taken === "string") throw new Refused(taken)
        dialled++
        return await play(taken, signal)
      } catch (error) {
        throw new NotAnswered(error)
      } finally {
        done()
      }
    }

    return {
      fetch,
      retire: Effect.void,
      stats: Effect.sync(() => ({ dialled, open: 0 })),
      source: (response) => sources.get(response) ?? nothing,
      finished: () => Effect.void,
      settled: Effect.void
    }
  })

const nothing: ByteSource = { read: Effect.succeed([]), ended: () => true, destroy: () => {} }

const sourceOf = (
  { body, ending }: Exchange,
  until: (at: number) => Effect.Effect<void>,
  beyond: string
): ByteSource => {
  let next = 0
  let ended = false
  let giveUp: (() => void) | undefined
  const last: Effect.Effect<ReadonlyArray<Uint8Array>, unknown> = Effect.suspend(() => {
    switch (ending.kind) {
      case "end":
        ended = true
        return Effect.succeed([])
      case "drop":
        return Effect.fail(errorOf(ending.error))
      case "silence":
        return Effect.async((resume) => {
          giveUp = () => resume(Effect.fail(new Error("the answer was given up")))
        })
      case "left":
        return Effect.fail(new Refused(beyond))
    }
  })
  return {
    read: Effect.suspend(() => {
      const chunk = body[next]
      if (chunk === undefined) return Effect.zipRight(until(ending.at), last)
      // Counted once it was waited for: a read may be interrupted.
      return Effect.map(until(chunk.at), () => {
        next++
        return [chunk.bytes]
      })
    }),
    ended: () => ended,
    destroy: () => giveUp?.()
  }
}

/** The failure with its causes, as it was met. */
const errorOf = (links: ReadonlyArray<Link>): Error =>
  links.reduceRight<Error | undefined>((cause, { code, message, name }) => {
    const error = new Error(message, cause === undefined ? {} : { cause })
    return Object.assign(error, { name }, code === undefined ? {} : { code })
  }, undefined) ?? new Error("the connection failed")
