/**
 * What a provider needs of a client, whatever SDK is inside: renewable connections, and a way to send a request.
 *
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { GenerationId } from "../model/GenerationId.js"
import type { Fault } from "../model/internal/fault.js"
import type { ModelRequest } from "../model/ModelRequest.js"
import * as Decoder from "../protocol/internal/decoder.js"
import type { OpenOptions, Protocol, ProtocolId, Stamp } from "../protocol/Protocol.js"
import * as ConnectionPool from "./ConnectionPool.js"
import { InvalidOptions } from "./InvalidOptions.js"
import type { RenewableClosed } from "./internal/renewableClosed.js"
import { unshown } from "./internal/sdk.js"
import * as Renewable from "./Renewable.js"

/**
 * One generation of a client: the SDK's object, and the pool that it sends over.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection<out Sdk> {
  readonly sdk: Sdk
  readonly pool: ConnectionPool.Service
}

/**
 * A client of one provider over one protocol.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelClient<out Sdk = unknown> {
  /** The provider's id, as errors and events name it. */
  readonly provider: string
  readonly protocol: ProtocolId
  readonly baseUrl: string
  readonly connections: Renewable.Renewable<Connection<Sdk>, InvalidOptions>
  /** Writes a request in the protocol's own terms, ready to be sent any number of times. */
  readonly prepare: (request: ModelRequest) => Either.Either<PreparedCall, Fault>
}

/**
 * A request in the terms of its protocol.
 *
 * @since 0.1.0
 * @category models
 */
export interface PreparedCall {
  /** Leases a connection; after a failure, one that `failed` names is not met again where that can be helped. */
  readonly connect: (
    failed: GenerationId | undefined
  ) => Effect.Effect<Line, InvalidOptions | RenewableClosed, Scope.Scope>
  readonly decoder: (stamp: Stamp) => Decoder.Decoder
}

/**
 * A leased connection, with a request to send over it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Line {
  readonly generation: GenerationId
  readonly pool: ConnectionPool.Service
  /** What `send` shows the provider: nothing that is told of this line may have it in it. Absent where there is none. */
  readonly key?: Redacted.Redacted | undefined
  /** Resolves at the head of the answer. Rejects with whatever the SDK throws. */
  readonly send: (signal: AbortSignal) => Promise<Response>
}

/**
 * How a key is shown to a provider.
 *
 * @since 0.1.0
 * @category models
 */
export type Auth = "bearer" | "x-api-key"

/**
 * The options that all clients share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out R = never> {
  /** Sent with each request, and kept nowhere else. */
  readonly apiKey: Redacted.Redacted
  /** The provider's id for errors, events and logs. Default: the vendor of the SDK. */
  readonly provider?: string | undefined
  /** Default: the API of the SDK's vendor. */
  readonly baseUrl?: string | undefined
  /** Default: what the SDK's vendor takes. */
  readonly auth?: Auth | undefined
  /** Sent with each request. Credentials do not belong here. Default: none. */
  readonly headers?: Headers.Input | undefined
  /** Options for the pools, or a layer that builds each one. Default: undici pools with their default options. */
  readonly pool?: ConnectionPool.Options | Layer.Layer<ConnectionPool.ConnectionPool, InvalidOptions, R> | undefined
  /** A generation older than this is renewed at the next request, for edges that cut old connections. Default: never. */
  readonly maxAge?: Duration.DurationInput | undefined
  /** See `Renewable.Options`. Default: 8. */
  readonly maxDraining?: number | undefined
  /** See `Renewable.Options`. Default: for ever. */
  readonly drainLimit?: Duration.DurationInput | undefined
}

/**
 * What distinguishes one kind of client from another.
 *
 * @internal
 */
export interface Kind<Sdk, Params, State> {
  readonly module: string
  readonly provider: string
  readonly baseUrl: string
  readonly auth: Auth
  readonly protocol: Protocol<Sdk, Params, State>
  /** Loads the SDK and makes its object. Called once per generation; a module is loaded once per process. */
  readonly load: (options: SdkOptions) => Promise<Sdk>
}

/**
 * @internal
 */
export interface SdkOptions {
  readonly baseURL: string
  readonly fetch: typeof globalThis.fetch
}

const credentialHeaders = ["authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"]

/**
 * Makes a client of a kind. Options are checked here; connections are made at the first lease.
 *
 * @internal
 */
export const make = <Sdk, Params, State, R = never>(
  kind: Kind<Sdk, Params, State>,
  options: Options<R>
): Effect.Effect<ModelClient<Sdk>, InvalidOptions, R | Scope.Scope> =>
  Effect.gen(function* () {
    const invalid = (option: string, problem: string) => new InvalidOptions({ module: kind.module, option, problem })

    const key = Redacted.value(options.apiKey)
    if (key.trim() === "") return yield* invalid("apiKey", "is empty: give the key of the provider")
    // Anything else could end the header and begin another.
    if (!/^[\x21-\x7e]+$/.test(key))
      return yield* invalid("apiKey", "has spaces, line breaks or characters that no key has: look where it was read")

    const baseUrl = yield* checkBaseUrl(options.baseUrl ?? kind.baseUrl, invalid)
    const headers = Headers.fromInput(options.headers)
    for (const [name, value] of Object.entries(headers)) {
      if (credentialHeaders.includes(name)) {
        return yield* invalid("headers", `may not set \`${name}\`: the key goes into \`apiKey\``)
      }
      if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
        return yield* invalid("headers", `has a header with characters that cannot be sent, ${JSON.stringify(name)}`)
      }
    }

    const poolLayer = yield* poolLayerOf(options.pool ?? {})

    const provider = options.provider ?? kind.provider
    const acquire = Effect.gen(function* () {
      const pools = yield* Layer.build(Layer.fresh(poolLayer))
      const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, pools)
      const sdk = yield* Effect.tryPromise({
        try: () => kind.load({ baseURL: baseUrl, fetch: pool.fetch }),
        catch: (cause) => invalid("sdk", `could not be made: ${cause}`)
      })
      return { sdk: unshown(sdk), pool }
    }).pipe(Effect.withSpan("effect-redial.acquire", { attributes: { "effect_redial.provider": provider } }))

    const connections = yield* Renewable.make(acquire, {
      name: provider,
      retire: ({ pool }) => pool.retire,
      maxAge: options.maxAge,
      maxDraining: options.maxDraining,
      drainLimit: options.drainLimit
    })

    // The header that the SDK would send by itself is taken away, so that exactly one credential goes out.
    const requestHeaders: OpenOptions["headers"] =
      (options.auth ?? kind.auth) === "bearer"
        ? { ...headers, "x-api-key": null, authorization: `Bearer ${key}` }
        : { ...headers, authorization: null, "x-api-key": key }

    return {
      provider,
      protocol: kind.protocol.id,
      baseUrl,
      connections,
      prepare: (request) =>
        Either.map(
          kind.protocol.encode(request),
          (params): PreparedCall => ({
            connect: (failed) =>
              Effect.map(
                failed === undefined ? connections.lease : connections.leaseAfter(failed),
                ({ generation, value: { pool, sdk } }) => ({
                  generation,
                  pool,
                  key: options.apiKey,
                  send: (signal) => kind.protocol.open(sdk, params, { signal, headers: requestHeaders })
                })
              ),
            decoder: (stamp) => Decoder.make(kind.protocol, stamp)
          })
        )
    }
  })

const poolLayerOf = <R>(
  pool: NonNullable<Options<R>["pool"]>
): Effect.Effect<Layer.Layer<ConnectionPool.ConnectionPool, InvalidOptions, R>, InvalidOptions> => {
  const isLayer = (u: typeof pool): u is Exclude<typeof pool, ConnectionPool.Options> => Layer.isLayer(u)
  return isLayer(pool) ? Effect.succeed(pool) : Effect.as(ConnectionPool.check(pool), ConnectionPool.layer(pool))
}

const checkBaseUrl = (
  text: string,
  invalid: (option: string, problem: string) => InvalidOptions
): Effect.Effect<string, InvalidOptions> => {
  if (!URL.canParse(text)) return invalid("baseUrl", "is not a URL: it must begin with https: or http: and a host")
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return invalid("baseUrl", `must begin with https: or http:, and begins with ${url.protocol}`)
  }
  if (url.username !== "" || url.password !== "") {
    return invalid("baseUrl", "has credentials in it: the key goes into `apiKey`")
  }
  if (url.search !== "" || url.hash !== "") return invalid("baseUrl", "may not have a query or a fragment")
  return Effect.succeed(url.href.replace(/\/+$/, ""))
}
