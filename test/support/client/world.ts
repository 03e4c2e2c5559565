/**
 * What the tests of the transport share: one answer in both protocols, and providers of either.
 */
import { assert } from "@effect/vitest"
import { Cause, Chunk, Deferred, Effect, Either, Exit, Fiber, Option, Schedule, Stream } from "effect"
import { type ConnectionPool, type ModelEvent, Provider, Vendors } from "effect-redial"
import { Reply, Wire } from "effect-redial/testing"
import { apiKey, request } from "../request.js"

export { apiKey, request } from "../request.js"
export const text = "The sky is blue because air scatters short waves of light more than long ones."
export const protocols = ["anthropic-messages", "chat-completions"] as const
export type Protocol = (typeof protocols)[number]

export const eventsOf = (protocol: Protocol) => Wire.answer(protocol, { text })
export const answerOf = (protocol: Protocol) => Reply.stream(eventsOf(protocol))

/** A provider that does not retry, so that a test sees what happened to one attempt. */
export const providerOf = (
  protocol: Protocol,
  url: string,
  options: Omit<Provider.Options, "apiKey" | "baseUrl" | "protocol" | "pool"> & {
    readonly pool?: Provider.Options["pool"]
  } = {}
) =>
  Provider.make(
    Vendors.custom({ id: "vendor", protocol, baseUrl: protocol === "chat-completions" ? `${url}/v1` : url }),
    { apiKey, retry: Schedule.stop, ...options }
  )

export const collect = (provider: Provider.Service) =>
  Effect.map(Stream.runCollect(provider.stream(request)), Chunk.toReadonlyArray)

export const answered = (provider: Provider.Service) =>
  Effect.map(collect(provider), (events: ReadonlyArray<ModelEvent.ModelEvent>) => {
    const last = events.at(-1)
    assert(last?._tag === "Finish", `the stream ends with ${last?._tag}`)
    assert.strictEqual(last.response.text, text)
  })

/** Starts a stream, and returns once its first event has come. */
export const flowing = (provider: Provider.Service) =>
  Effect.gen(function* () {
    const begun = yield* Deferred.make<void>()
    const fiber = yield* Effect.fork(
      Stream.runForEach(provider.stream(request), () => Deferred.succeed(begun, undefined))
    )
    yield* Effect.raceFirst(Deferred.await(begun), Effect.zipRight(Fiber.join(fiber), Effect.never))
    return fiber
  })

export const milliseconds = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.gen(function* () {
    const before = performance.now()
    yield* effect
    return performance.now() - before
  })

export const post = (pool: ConnectionPool.Service, url: string, init: RequestInit = {}) =>
  Effect.tryPromise((signal) =>
    pool.fetch(url, { method: "POST", body: "{}", headers: { "content-type": "application/json" }, signal, ...init })
  )

/** The whole body of an answer, as text. */
export const bodyOf = (pool: ConnectionPool.Service, response: Response): Effect.Effect<string, unknown> => {
  const source = pool.source(response)
  const more = (soFar: string): Effect.Effect<string, unknown> =>
    Effect.flatMap(source.read, (chunks) =>
      chunks.length === 0 ? Effect.succeed(soFar) : more(soFar + Buffer.concat([...chunks]).toString())
    )
  return more("")
}

export const failureOf = <A, E>(exit: Exit.Exit<A, E>): E => {
  assert(Exit.isFailure(exit), "it succeeded")
  const failure = Cause.failureOption(exit.cause)
  assert(Option.isSome(failure), `it did not fail but: ${Cause.pretty(exit.cause)}`)
  return failure.value
}

export const leftOf = <A, E>(either: Either.Either<A, E>): E => {
  assert(Either.isLeft(either), "it succeeded")
  return either.left
}

export const provider = (url: string, pool: ConnectionPool.Options) => providerOf("anthropic-messages", url, { pool })
