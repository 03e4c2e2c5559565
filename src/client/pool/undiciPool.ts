/**
 * The pool over undici. It adds three things to undici: it dials only for requests that are opening, it knows every
 * socket that it dialled, and so it can really close them.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Options, Service } from "../ConnectionPool.js"
import type { InvalidOptions } from "../InvalidOptions.js"
import { answer, NotAnswered, unknownEncoding } from "../internal/answer.js"
import { type ByteSource, errorText, fromWeb } from "./byteSource.js"
import { decompressed } from "./contentEncoding.js"
import { dispatcherOf } from "./dispatcher.js"
import { fromReadable } from "./nodeSource.js"
import * as PoolLife from "./poolLife.js"
import { Sockets } from "./sockets.js"
import { type Dispatcher, request } from "./undici.js"

export { checkTls } from "./checkTls.js"

export const make = (options: Options): Effect.Effect<Service, InvalidOptions, Scope.Scope> =>
  Effect.gen(function* () {
    // undici gives a connection back one turn of the event loop after its answer has ended.
    const life = yield* PoolLife.make(setImmediate)
    const sockets = yield* Effect.acquireRelease(
      Effect.sync(() => new Sockets()),
      (sockets) => Effect.sync(() => sockets.destroy())
    )
    let dispatcher = options.dispatcher ?? (yield* dispatcherOf(options, sockets, 1))
    yield* Effect.addFinalizer(() => {
      life.abortAll()
      sockets.destroy()
      return options.dispatcher === undefined ? destroyed(dispatcher) : Effect.void
    })

    const sources = new WeakMap<Response, ByteSource>()

    const fetch: typeof globalThis.fetch = async (input, init = {}) => {
      const { cancel, done, signal } = life.begin(init.signal)
      try {
        const url = typeof input === "string" ? input : "href" in input ? input.href : input.url
        const reply = await unlessAborted(
          request(url, {
            dispatcher,
            method: (init.method ?? "GET") as Dispatcher.HttpMethod, // the SDKs send POST and GET
            headers: init.headers instanceof Headers ? init.headers : new Headers(init.headers),
            body: (init.body ?? null) as string | Uint8Array | null, // the SDKs send JSON text
            signal
          }),
          signal
        )
        reply.body.on("close", () => setImmediate(done))
        const status = reply.statusCode
        const headers = headersOf(reply.headers)
        const encoding = headers.get("content-encoding") ?? ""
        const body = decompressed(reply.body, encoding)
        if (body === undefined) throw unknownEncoding(encoding)
        // Aborted by its signal alone, which also says that its connection must not be replaced.
        const source = { ...fromReadable(body), destroy: cancel }
        if (status < 200 || status >= 300) {
          const text = await unlessAborted(Effect.runPromise(errorText(source)), signal)
          if (!reply.body.readableEnded) cancel()
          return answer(status, headers, text)
        }
        const response = answer(status, headers, null)
        sources.set(response, source)
        return response
      } catch (error) {
        cancel()
        done()
        throw new NotAnswered(error)
      }
    }

    return {
      fetch,
      retire: Effect.gen(function* () {
        if (options.dispatcher !== undefined) return
        const old = dispatcher
        // A closed agent refuses requests, but one whose lease was taken before may still come: it gets a new agent,
        // which records its sockets in the same place and keeps no connection.
        dispatcher = yield* dispatcherOf(options, sockets, 0)
        old.close().catch(() => {})
      }).pipe(Effect.ignore), // an environment that has changed since
      stats: Effect.sync(() => ({ dialled: sockets.dialled, open: sockets.size })),
      source: (response) => sources.get(response) ?? fromWeb(response.body),
      finished: life.finished,
      settled: Effect.suspend(() => (sockets.size > life.busy() ? Effect.void : life.settled))
    }
  })

/**
 * Without its sockets an agent has nothing to wait for; the limit is a safety net, which stays in force under
 * interruption.
 */
const destroyed = (dispatcher: Dispatcher): Effect.Effect<void> =>
  Effect.async((resume) => {
    // The real clock: this is about sockets, and under a test clock the safety net would never act.
    const timer = setTimeout(() => resume(Effect.void), 1_000)
    const end = (): void => {
      clearTimeout(timer)
      resume(Effect.void)
    }
    dispatcher.destroy().then(end, end)
  })

const headersOf = (raw: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>): Headers => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value === "string") headers.set(name, value)
    else for (const one of value ?? []) headers.append(name, one)
  }
  return headers
}

/** undici rejects an aborted request only once it is connected; an interrupted caller must not wait for that. */
const unlessAborted = <A>(promise: Promise<A>, signal: AbortSignal): Promise<A> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener("abort", abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort))
  })
