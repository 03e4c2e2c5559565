/**
 * What the tests of both clients share: what they must send, and what must not change it.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { ModelClient } from "effect-redial"
import { Provider } from "effect-redial"
import { FaultServer } from "effect-redial/testing"
import { answered, answerOf, type Protocol } from "./world.js"

/** Sets variables of the environment for the scope. */
export const environment = (given: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = Object.keys(given).map((name) => [name, process.env[name]] as const)
      Object.assign(process.env, given)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

/** The one request that a client sends for one answer. */
export const sent = <E, R>(protocol: Protocol, make: (url: string) => Effect.Effect<ModelClient.ModelClient, E, R>) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([answerOf(protocol)])
    yield* answered(yield* Effect.flatMap(make(server.url), (client) => Provider.makeFromClient(client)))
    const [request, ...more] = yield* server.requests
    assert(request !== undefined && more.length === 0)
    return request
  })

/** The headers that carry credentials or say whose they are. */
export const identity = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => /auth|key|token|cookie|organization|project|profile/.test(name))
  )
