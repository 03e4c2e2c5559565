/**
 * What the tests of vendors share: a loopback server in the place of every host, so that what is sent to a vendor's own
 * address can be read.
 */
import { connect } from "node:net"
import { assert } from "@effect/vitest"
import { Effect, Schedule, type Scope } from "effect"
import { type InvalidOptions, type ModelRequest, type Protocol, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { Agent } from "undici"
import { identity } from "../client/wire.js"
import { apiKey } from "../client/world.js"

/** A server, and the pool that dials it for whatever host, in plain text also where the address says https. */
export const everywhere = Effect.gen(function* () {
  const server = yield* FaultServer.make(({ protocol = "chat-completions" }) =>
    Reply.stream(Wire.answer(protocol, { text: "Hi" }))
  )
  const dispatcher = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new Agent({
          connect: (_, done) => {
            const socket = connect(server.port, "127.0.0.1")
            socket.once("connect", () => done(null, socket)).once("error", (error) => done(error, null))
          }
        })
    ),
    (agent) => Effect.promise(() => agent.destroy())
  )
  return { server, pool: { dispatcher } }
})

interface Plumbing {
  readonly pool: { readonly dispatcher: Agent }
  readonly retry: Schedule.Schedule<unknown>
}

/** The one request that a provider sends, as its vendor's own host receives it. */
export const sentBy = (
  make: (options: Plumbing) => Effect.Effect<Provider.Service, InvalidOptions.InvalidOptions, Scope.Scope>,
  request: ModelRequest.Options
) =>
  Effect.gen(function* () {
    const { pool, server } = yield* everywhere
    const provider = yield* make({ pool, retry: Schedule.stop })
    assert.strictEqual((yield* provider.generate(request)).text, "Hi")
    const [received, ...more] = yield* server.requests
    assert(received !== undefined && more.length === 0)
    const { headers, json, method, path } = received
    return { headers, method, address: headers.host + path, credentials: identity(headers), body: json }
  })

/** All that any vendor must be told, besides its key. */
export const fields = { resource: "my-resource", account: "my-account", gateway: "my-gateway" }

/** What is sent to a vendor of the list over one of its protocols. */
export const sentTo = (id: Vendors.Id, protocol: Protocol.ProtocolId, request: ModelRequest.Options) =>
  sentBy((options) => {
    const vendor: Vendors.Vendor = Vendors.get(id)
    return Provider.make(vendor, { ...options, ...fields, apiKey, protocol })
  }, request)

export const request = { model: "m", prompt: "Hello" }

/** A vendor as any other, for tests that break the types of one. */
export const known = (id: Vendors.Id): Vendors.Vendor => Vendors.get(id)

/** What is wrong with the options. */
export const refusal = (vendor: Vendors.Vendor, options: Readonly<Record<string, unknown>>) =>
  // Whoever writes JavaScript gives whatever they like.
  Effect.flip(Provider.make(vendor, options as unknown as Provider.Options))
