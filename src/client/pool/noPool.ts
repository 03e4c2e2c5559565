/** Replaces the undici pool on runtimes without undici. */
import * as Effect from "effect/Effect"
import type { Options, Service } from "../ConnectionPool.js"
import { InvalidOptions } from "../InvalidOptions.js"

const missing = Effect.suspend(
  () =>
    new InvalidOptions({
      module: "ConnectionPool",
      option: "pool",
      problem: "needs Node's sockets, which this runtime lacks: give the client ConnectionPool.layerHttpClient instead"
    })
)

export const make = (_: Options): Effect.Effect<Service, InvalidOptions> => missing

export const checkTls = (_: NonNullable<Options["tls"]>): Effect.Effect<void, InvalidOptions> => missing
