/**
 * The policies of the laboratory: how a program can ask vendors, from nothing at all to every mechanism at once. Their times
 * are the library's defaults, a tenth of them, as the world's clock has it.
 */
import { Effect, Redacted, Schedule, type Scope } from "effect"
import { Credentials, type InvalidOptions, Provider, RetryBudget, StreamRetry, Vendors } from "effect-redial"
import type { Caller } from "./load.js"
import { keys, modelOf, protocolOf, SCALE, type VendorId } from "./world.js"

/** What a policy is built of, and what the figures want to know of it. */
export interface Built extends Caller {
  /** When its circuit opened, in milliseconds since the epoch; grows while the run goes on. */
  readonly openedAt: ReadonlyArray<number>
}

export type Build = (
  addresses: Readonly<Record<VendorId, string>>
) => Effect.Effect<Built, InvalidOptions.InvalidOptions, Scope.Scope>

export interface Policy {
  readonly name: string
  /** Whether it has both vendors. */
  readonly hasOther: boolean
  readonly build: Build
}

type Settings = Omit<Provider.ServiceOptions, "admission"> & Pick<Provider.ServiceOptions, "admission">

/** A tenth of a default, in milliseconds. */
const tenth = (millis: number): number => millis / SCALE

/** The defaults of a short conversation. A busy machine is never taken for a dead server. */
const deadlines = { firstEvent: tenth(180_000), idle: tenth(120_000) }

const retry = StreamRetry.standard({ base: tenth(500), cap: tenth(8_000) })

/** One that lasts a tenth as long as the default, and is as full. */
const retryBudget = RetryBudget.make({ window: tenth(10_000), refill: tenth(60_000) })

const defaults: Settings = { deadlines, retry, retryBudget }

const providerOf = (
  id: VendorId,
  url: string,
  apiKey: Redacted.Redacted | Credentials.Credentials,
  settings: Settings
): Effect.Effect<Provider.Service, InvalidOptions.InvalidOptions, Scope.Scope> => {
  const protocol = protocolOf[id]
  const baseUrl = protocol === "anthropic-messages" ? url : `${url}/v1`
  return Provider.make(Vendors.custom({ id, protocol, baseUrl }), { ...settings, apiKey })
}

export const probeInterval = tenth(10_000)

const key = Redacted.make<string>(keys[0])

const one =
  (settings: Settings): Build =>
  ({ alpha }) =>
    Effect.map(providerOf("alpha", alpha, key, settings), (provider) => ({
      provider,
      model: modelOf.alpha,
      openedAt: []
    }))

/** Neither a retry nor anything else. */
export const none: Policy = { name: "none", hasOther: false, build: one({ deadlines, retry: Schedule.stop }) }

/** What everybody writes first, for comparison: each request retries by itself. */
export const unbudgeted: Policy = {
  name: "no-budget",
  hasOther: false,
  build: one({ ...defaults, retryBudget: false })
}

export const standard: Policy = { name: "defaults", hasOther: false, build: one(defaults) }

const allKeys = Credentials.make(
  [
    Credentials.fromKey(Redacted.make<string>(keys[0])),
    Credentials.fromKey(Redacted.make<string>(keys[1])),
    Credentials.fromKey(Redacted.make<string>(keys[2]))
  ],
  { strategy: "round-robin" }
)

/** A caller who gives each call one of its keys in turn, and does nothing else. */
export const keysInTurn: Policy = {
  name: "none",
  hasOther: false,
  build: (addresses) =>
    Effect.map(none.build(addresses), (built) => ({
      ...built,
      options: (request) => ({ credential: Redacted.make<string>(keys[request % keys.length] ?? keys[0]) })
    }))
}

/** The defaults, with several keys. */
export const manyKeys: Policy = {
  name: "defaults",
  hasOther: false,
  build: ({ alpha }) =>
    Effect.gen(function* () {
      const provider = yield* providerOf("alpha", alpha, yield* allKeys, defaults)
      return { provider, model: modelOf.alpha, openedAt: [] }
    })
}
