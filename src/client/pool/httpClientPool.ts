/** The pool over an `HttpClient` of `@effect/platform`: one scope per request, which the request's signal closes. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Service } from "../ConnectionPool.js"
import { answer, NotAnswered } from "../internal/answer.js"
import { errorText, fromWeb } from "./byteSource.js"
import * as PoolLife from "./poolLife.js"

export const make: Effect.Effect<Service, never, HttpClient.HttpClient | Scope.Scope> = Effect.gen(function* () {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const owner = yield* Effect.scope
  const runtime = yield* Effect.runtime<never>()
  const life = yield* PoolLife.make((then) => then())
  let open = 0
  let dialled = 0
  yield* Effect.addFinalizer(() => Effect.sync(life.abortAll))

  const fetch: typeof globalThis.fetch = (input, init = {}) => {
    const { done, signal } = life.begin(init.signal)
    const url = typeof input === "string" ? input : "href" in input ? input.href : input.url
    const scope = Effect.runSync(Scope.fork(owner, { _tag: "Sequential" }))
    open++
    dialled++
    const closed = Effect.sync(() => {
      open--
      done()
    })
    const close = Effect.runSync(Effect.cached(Effect.zipRight(Scope.close(scope, Exit.void), closed)))
    signal.addEventListener("abort", () => Effect.runFork(close), { once: true })
    const headers = new Headers(init.headers)
    const request = HttpClientRequest.make((init.method ?? "GET") as "POST")(url, {
      headers: Object.fromEntries(headers),
      acceptJson: false
    }).pipe(withBody(init.body, headers.get("content-type") ?? "application/json"))
    const send = Effect.gen(function* () {
      const got = yield* Effect.provideService(client.execute(request), Scope.Scope, scope)
      // What a browser shows of a redirect that it was told not to follow.
      if (got.status === 0) return yield* Effect.fail(new Error("the answer is a redirect, which is not followed"))
      const headers = new Headers(got.headers)
      const body = Stream.toReadableStream(Stream.ensuring(got.stream, close))
      if (got.status < 200 || got.status >= 300) {
        const text = yield* errorText(fromWeb(body))
        yield* close
        return answer(got.status, headers, text)
      }
      const response = answer(got.status, headers, body)
      if (response.body === null) yield* close
      return response
    }).pipe(Effect.onError(() => close))
    const fiber = Effect.runFork(Effect.provide(send, runtime))
    return new Promise((resolve, reject) => {
      signal.addEventListener(
        "abort",
        () => {
          Effect.runFork(Fiber.interrupt(fiber))
          reject(new NotAnswered(signal.reason))
        },
        { once: true }
      )
      if (signal.aborted) reject(new NotAnswered(signal.reason))
      fiber.addObserver((exit) => {
        if (Exit.isSuccess(exit)) resolve(exit.value)
        else reject(new NotAnswered(causeOf(exit)))
      })
    })
  }

  return {
    fetch,
    retire: Effect.void,
    stats: Effect.sync(() => ({ dialled, open })),
    source: (response) => fromWeb(response.body),
    finished: life.finished,
    settled: life.settled
  }
})

/** The SDKs send JSON text. */
const withBody = (
  body: RequestInit["body"],
  contentType: string
): ((request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest) => {
  if (typeof body === "string") return HttpClientRequest.bodyText(body, contentType)
  return body instanceof Uint8Array ? HttpClientRequest.bodyUint8Array(body, contentType) : (same) => same
}

const causeOf = (exit: Exit.Failure<unknown, unknown>): unknown =>
  exit.cause._tag === "Fail" ? exit.cause.error : new Error(String(exit.cause))
