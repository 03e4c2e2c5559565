/**
 * The connections of one generation of a client, as a scoped resource. Nothing outlives the scope: closing it aborts
 * running requests and closes every socket that the pool has dialled.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Dispatcher } from "undici"
import type { InvalidOptions } from "./InvalidOptions.js"
import type { ByteSource } from "./pool/byteSource.js"
import { check, loaded } from "./pool/checkPool.js"
import * as httpClientPool from "./pool/httpClientPool.js"

export type { ByteSource } from "./pool/byteSource.js"

/**
 * Counts of the connections of a pool.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats {
  /** Connections dialled so far. */
  readonly dialled: number
  /** Connections open now. */
  readonly open: number
}

/**
 * The service of the tag.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Sends a request over this pool's connections. Read the body of a successful answer through `source`. */
  readonly fetch: typeof globalThis.fetch
  /** Closes idle connections now, and the others as they become idle. Requests still work. */
  readonly retire: Effect.Effect<void>
  readonly stats: Effect.Effect<Stats>
  /**
   * The bytes of an answer of `fetch`. A pool of your own takes this and the two functions below from a pool made here.
   */
  readonly source: (response: Response) => ByteSource
  /** Takes back an answer whose end was proven, so that its connection can be reused. */
  readonly finished: (source: ByteSource) => Effect.Effect<void>
  /** Waits a few milliseconds at most for a connection that is about to become free. */
  readonly settled: Effect.Effect<void>
}

/**
 * The pool in the context. A client builds one for each of its generations, from its option `pool`.
 *
 * @since 0.1.0
 * @category tags
 */
export class ConnectionPool extends Context.Tag("effect-redial/ConnectionPool")<ConnectionPool, Service>() {}

/**
 * The options of a pool over undici.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** An `http:` or `https:` URL, or `"environment"` for HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Default: none. */
  readonly proxy?: string | undefined
  /** PEM texts: a private CA, and a client certificate with its key. Default: the system's CAs. */
  readonly tls?:
    | {
        readonly ca?: string | ReadonlyArray<string> | undefined
        readonly cert?: string | undefined
        readonly key?: Redacted.Redacted | undefined
      }
    | undefined
  /**
   * The most connections at once. A stream holds one for minutes, so requests beyond the limit wait. Default: no limit.
   */
  readonly connections?: number | undefined
  /** How long an idle connection is kept. Default: 20 seconds. */
  readonly keepAlive?: Duration.DurationInput | undefined
  /** How long dialling may take, TLS included. Default: 15 seconds. Measured by the socket's own clock. */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** Offers HTTP/2 to servers that speak it. Default: false. */
  readonly allowH2?: boolean | undefined
  /** An undici dispatcher of your own. You must close it; renewing the client does not renew its connections. */
  readonly dispatcher?: Dispatcher | undefined
}

/**
 * Makes a pool over undici, for the scope. Fails with `InvalidOptions` if options cannot work.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service, InvalidOptions, Scope.Scope> =>
  Effect.flatMap(Effect.zipRight(check(options), loaded), (pool) => pool.make(options))

/**
 * A pool over undici as a layer, for the option `pool` of a client. It is the default.
 *
 * @example
 * ```ts
 * import { ConnectionPool, Provider, Vendors } from "effect-redial"
 * import { Redacted } from "effect"
 *
 * const proxied = Provider.layer(Vendors.minimax, {
 *   apiKey: Redacted.make("..."),
 *   pool: ConnectionPool.layer({ proxy: "environment", connectTimeout: "5 seconds" })
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<ConnectionPool, InvalidOptions> =>
  Layer.scoped(ConnectionPool, make(options))

/**
 * A pool over any `HttpClient` of `@effect/platform`: a fetch client on runtimes without undici, an instrumented one, a
 * fake one. Its connections belong to that client, so renewing the pool does not renew them; aborting a request does
 * end it. Its redirects also belong to it: `fetch` follows them, and sends `x-api-key` to wherever they lead, unless it
 * is told not to.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { ConnectionPool } from "effect-redial"
 * import { Layer } from "effect"
 *
 * const pool = ConnectionPool.layerHttpClient.pipe(
 *   Layer.provide(FetchHttpClient.layer),
 *   Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient: Layer.Layer<ConnectionPool, never, HttpClient.HttpClient> = Layer.scoped(
  ConnectionPool,
  httpClientPool.make
)
