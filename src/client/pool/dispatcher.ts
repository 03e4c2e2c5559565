/** Makes the undici dispatcher for a pool's options. It dials through the pool's own record of sockets. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Options } from "../ConnectionPool.js"
import { InvalidOptions } from "../InvalidOptions.js"
import type { Sockets } from "./sockets.js"
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from "./undici.js"

/** Node's timers cannot be set for longer, and undici refuses zero. */
const millis = (duration: Duration.DurationInput): number =>
  Math.min(Math.max(Duration.toMillis(duration), 1), 2 ** 31 - 1)

const connectorOptions = (options: Options) => ({
  timeout: millis(options.connectTimeout ?? "15 seconds"),
  keepAlive: true,
  keepAliveInitialDelay: 10_000,
  allowH2: options.allowH2 ?? false,
  ...tlsOptions(options)
})

const tlsOptions = ({ tls }: Options) => ({
  ...(tls?.ca === undefined ? {} : { ca: typeof tls.ca === "string" ? tls.ca : [...tls.ca] }),
  ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
  ...(tls?.key === undefined ? {} : { key: Redacted.value(tls.key) })
})

/** Without pipelining no connection is kept for another request. */
export const dispatcherOf = (
  options: Options,
  sockets: Sockets,
  pipelining: 0 | 1
): Effect.Effect<Dispatcher, InvalidOptions> => {
  const keepAlive = millis(options.keepAlive ?? "20 seconds")
  const common = {
    connections: options.connections ?? null,
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    pipelining,
    allowH2: options.allowH2 ?? false,
    // Deadlines limit the waiting; they know what is waited for.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Agents pass on their options, with their own connector.
    factory: (origin: string | URL, given: object) => sockets.pool(origin, given as Parameters<typeof sockets.pool>[1])
  }
  const toServer = connectorOptions(options)
  const connect = sockets.recorded(buildConnector(toServer))
  const { proxy } = options
  if (proxy === undefined) return Effect.sync(() => new Agent({ ...common, connect }))
  const toProxy = buildConnector({ ...toServer, allowH2: false, cert: undefined, key: undefined })
  const proxied = {
    ...common,
    requestTls: toServer,
    // The agent dials through the client that it makes for the proxy itself.
    clientFactory: (origin: URL) =>
      sockets.pool(origin, { connect: sockets.recorded(toProxy), headersTimeout: toServer.timeout }, true)
  }
  return Effect.try({
    try: () =>
      proxy === "environment"
        ? new EnvHttpProxyAgent({ ...proxied, connect })
        : new ProxyAgent({ ...proxied, uri: proxy }),
    catch: () =>
      new InvalidOptions({
        module: "ConnectionPool",
        option: "proxy",
        problem: "or the environment's variable that it stands for is not the URL of a proxy"
      })
  })
}
