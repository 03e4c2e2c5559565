/**
 * Loads the pool over undici, and checks its options.
 */
import * as Effect from "effect/Effect"
import type { Options } from "../ConnectionPool.js"
import { InvalidOptions } from "../InvalidOptions.js"
import { checkTimes } from "../internal/checkTime.js"

/** Loaded on first use and by condition: runtimes without undici never load it. */
export const loaded = Effect.tryPromise({
  try: () => import("#pool"),
  catch: (cause) =>
    new InvalidOptions({
      module: "ConnectionPool",
      option: "pool",
      problem: `needs undici, which did not load (${cause}): use ConnectionPool.layerHttpClient on this runtime`
    })
})

/** Checks what can be checked before anything is dialled. */
export const check = (options: Options): Effect.Effect<void, InvalidOptions> => {
  const { connectTimeout, connections, keepAlive, proxy, tls } = options
  const invalid = (option: string, problem: string) => new InvalidOptions({ module: "ConnectionPool", option, problem })
  if (proxy !== undefined && proxy !== "environment") {
    const protocol = URL.canParse(proxy) ? new URL(proxy).protocol : ""
    if (protocol !== "http:" && protocol !== "https:") {
      return invalid("proxy", 'must be an http: or https: URL, or "environment"')
    }
  }
  if (connections !== undefined && !(Number.isInteger(connections) && connections > 0)) {
    return invalid("connections", `is ${connections}: it must be a whole number above zero`)
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    return invalid("tls", "has a client certificate without its key, or a key without its certificate")
  }
  return checkTimes({ connectTimeout }, invalid, "more").pipe(
    Effect.zipRight(checkTimes({ keepAlive }, invalid)),
    // Only Node can tell whether a text is a certificate.
    Effect.zipRight(tls === undefined ? Effect.void : Effect.flatMap(loaded, (pool) => pool.checkTls(tls)))
  )
}
