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
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { GenerationId } from "../model/GenerationId.js"
import { type Fault, invalidRequest } from "../model/internal/fault.js"
import type { ModelRequest } from "../model/ModelRequest.js"
import type * as Decoder from "../protocol/internal/decoder.js"
import type { PrefillFlag, Protocol, Stamp } from "../protocol/Protocol.js"
import * as ConnectionPool from "./ConnectionPool.js"
import type { Credentials } from "./Credentials.js"
import * as Keys from "./credentials/keys.js"
import type { Http } from "./Http.js"
import { InvalidOptions } from "./InvalidOptions.js"
import * as Calls from "./internal/calls.js"
import { checkBaseUrl, checkHeaders } from "./internal/checkAddress.js"
import { checkQuirks } from "./internal/checkQuirks.js"
import { checkTimes } from "./internal/checkTime.js"
import type { RenewableClosed } from "./internal/renewableClosed.js"
import { NotLoaded } from "./internal/sdk.js"
import { check as checkPool } from "./pool/checkPool.js"
import * as Renewable from "./Renewable.js"

export type { Decoder, Reading, Target, Verdict } from "../protocol/internal/decoder.js"
export type { Chosen, Failed, Judged, Keys } from "./credentials/keys.js"

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
  /** The id of the protocol that it speaks. */
  readonly protocol: string
  readonly baseUrl: string
  readonly connections: Renewable.Renewable<Connection<Sdk>, InvalidOptions>
  /**
   * Writes a request in the protocol's own terms, ready to be sent any number of times. For a prefill, the model's own
   * message comes last, and it is to go on with it. `headers` go beside those of the client, which they replace, apart from
   * `anthropic-beta`, a list that they add to; `Provider` checks them.
   */
  readonly prepare: (
    request: ModelRequest,
    as?: "prefill",
    headers?: Headers.Headers
  ) => Either.Either<PreparedCall, Fault>
  /** The keys for one request: those of the client, or the `credential` that its call brings. */
  readonly keys: (credential?: Redacted.Redacted | Credentials) => Either.Either<() => Keys.Keys, Fault>
  /** How an answer to this request can be gone on with, should its stream break. */
  readonly capabilities: (request: ModelRequest) => Capabilities
  /** Whether the vendor may send the text before a prefill again. */
  readonly echoesPrefill: boolean
  /** Remembers that a model refused a prefill. */
  readonly prefillRefused: (model: string) => void
}

/**
 * How an answer can be gone on with.
 *
 * - `cursor`: the server keeps it, and sends what is missing
 * - `prefill`: the model goes on with a message of its own
 * - `ask`: the model can be asked to go on
 *
 * @since 0.1.0
 * @category models
 */
export interface Capabilities {
  readonly cursor: boolean
  readonly prefill: boolean
  readonly ask: boolean
}

/**
 * How models of a provider go on with a message of their own. Only where the vendor's documentation promises it: what an
 * endpoint that ignores such a message writes instead is noticed only where it begins in the same words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Prefill {
  /** The names of the models that do. A model that refuses is remembered for the life of the client. Default: all. */
  readonly models?: RegExp | undefined
  /** The field of the message that asks for it. Default: `none`, its place says it. */
  readonly flag?: PrefillFlag | undefined
  /** Whether the answer begins with the message again. Default: false. */
  readonly echoes?: boolean | undefined
}

/**
 * A request in the terms of its protocol.
 *
 * @since 0.1.0
 * @category models
 */
export interface PreparedCall {
  /** Leases a connection; after a failure, one that the user's `failed` names is not met again where that can be helped. */
  readonly connect: (
    user: Renewable.User,
    key: Redacted.Redacted
  ) => Effect.Effect<Line, InvalidOptions | RenewableClosed>
  /** Reads an answer. */
  readonly decoder: (stamp: Stamp, how?: Decoder.Reading) => Decoder.Decoder
  /** The call that asks the server for the rest of an answer; undefined where it keeps nothing. */
  readonly after: (broken: Decoder.Decoder) => PreparedCall | undefined
  /** The call that asks for a kept answer from its beginning, by its id; undefined where the protocol has no such call. */
  readonly attach: (id: string) => PreparedCall | undefined
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
 * How a key is shown to a provider: as a bearer token in `authorization` or in Cloudflare's own header, alone in a header
 * of its own, or not at all, which suits servers on one's own machine.
 *
 * @since 0.1.0
 * @category models
 */
export type Auth = "bearer" | "x-api-key" | "api-key" | "cf-aig-authorization" | "none"

/**
 * The options that all clients share. `Quirks` are those of its protocol.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out R = never, out Quirks extends object = object> {
  /**
   * Sent with each request, and kept nowhere else. For several keys, and for keys that expire: `Credentials`, which are
   * refused with `InvalidOptions` where they belong to another host than that of `baseUrl`.
   */
  readonly apiKey: Redacted.Redacted | Credentials
  /** The provider's id for errors, events and logs. Default: the vendor of the SDK. */
  readonly provider?: string | undefined
  /** Default: the API of the SDK's vendor. */
  readonly baseUrl?: string | undefined
  /** Default: what the SDK's vendor takes. */
  readonly auth?: Auth | undefined
  /** Where the vendor differs from the protocol. Default: nowhere. */
  readonly quirks?: Quirks | undefined
  /** Sent with each request. Credentials do not belong here. Default: none. */
  readonly headers?: Headers.Input | undefined
  /** Which models go on with a message of their own. Default: what the vendor documents, at its own address; else none. */
  readonly prefill?: Prefill | undefined
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
 * What distinguishes one kind of client from another: the protocol that it speaks, and what sends its requests.
 *
 * @since 0.1.0
 * @category models
 */
export interface Kind<Sdk, Params, State, Quirks extends object = object> {
  /** What `InvalidOptions` calls it. */
  readonly module: string
  /** The provider's id where the options name none. */
  readonly provider: string
  /** The address where the options name none. */
  readonly baseUrl: string
  /** How the key is shown where the options do not say. */
  readonly auth: Auth
  readonly protocol: Protocol<Sdk, Params, State, Quirks>
  /**
   * What the protocol adds to the base URL, for example `/api/chat`. A base URL that ends in it already is refused. Default:
   * only the paths of this library's own protocols are.
   */
  readonly path?: string | undefined
  /**
   * Makes what the protocol sends with: the client of an SDK, with retries and timeouts off and this `fetch`; or `http`
   * itself, where there is no SDK. Called once per generation; it is the place to import an SDK, which is loaded once.
   */
  readonly load: (http: Http) => Promise<Sdk>
}

/**
 * Makes a client of a kind for the scope. Options are checked here; connections are made at the first lease. Each request
 * carries exactly one credential, as `auth` says, and an answer without success is a typed error, whatever sent it.
 *
 * @example
 * ```ts
 * import { Http, ModelClient, type Protocol } from "effect-redial"
 *
 * declare const protocol: Protocol.Protocol<Http.Http, object, object>
 *
 * const make = <R = never>(options: ModelClient.Options<R>) =>
 *   ModelClient.make(
 *     {
 *       module: "MyClient",
 *       provider: "my-vendor",
 *       baseUrl: "https://llm.example.com",
 *       auth: "bearer",
 *       protocol,
 *       load: async (http) => http
 *     },
 *     options
 *   )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Sdk, Params, State, Quirks extends object = object, R = never>(
  kind: Kind<Sdk, Params, State, Quirks>,
  options: Options<R, NoInfer<Quirks>>
): Effect.Effect<ModelClient<Sdk>, InvalidOptions, R | Scope.Scope> =>
  Effect.gen(function* () {
    const invalid = (option: string, problem: string) => new InvalidOptions({ module: kind.module, option, problem })

    const baseUrl = yield* checkBaseUrl(options.baseUrl ?? kind.baseUrl, kind.path, invalid)
    const { host } = new URL(baseUrl)
    const headers = yield* checkHeaders(Headers.fromInput(options.headers), invalid)
    yield* checkQuirks(options.quirks, kind.protocol, invalid)
    const { drainLimit, maxAge, maxDraining } = options
    yield* checkTimes({ maxAge, drainLimit }, invalid)
    if (maxDraining !== undefined && !(maxDraining >= 0)) {
      yield* invalid("maxDraining", `is ${maxDraining}: it must be a number from 0 on`)
    }

    const poolLayer = yield* poolLayerOf(options.pool ?? {})

    const provider = options.provider ?? kind.provider
    const acquire = Effect.gen(function* () {
      const pools = yield* Layer.build(Layer.fresh(poolLayer))
      const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, pools)
      const sdk = yield* Effect.tryPromise({
        try: () => kind.load({ baseUrl, fetch: pool.fetch }),
        catch: (cause) => invalid("sdk", cause instanceof NotLoaded ? cause.message : `could not be made: ${cause}`)
      })
      return { sdk, pool }
    }).pipe(Effect.withSpan("effect-redial.acquire", { attributes: { "effect_redial.provider": provider } }))

    const connections = yield* Renewable.make(acquire, {
      name: provider,
      retire: ({ pool }) => pool.retire,
      maxAge,
      maxDraining,
      drainLimit
    })

    // The last of the checks: what fails for another reason has not claimed the keys for its host.
    const keys = yield* Either.mapLeft(Keys.from(options.apiKey, host), (problem) => invalid("apiKey", problem))

    const auth = options.auth ?? kind.auth
    const { protocol } = kind
    const { prefill } = options
    const refusesPrefill = new Set<string>()

    const callOf = Calls.make({ provider, protocol, quirks: options.quirks, connections, auth, headers })

    return {
      provider,
      protocol: protocol.id,
      baseUrl,
      connections,
      prepare: (request, as, headers) =>
        Either.map(protocol.encode(request, options.quirks), (params) =>
          callOf(as === undefined ? params : (protocol.prefill?.(params, prefill?.flag ?? "none") ?? params), headers)
        ),
      // What is to be JSON of a schema would begin a value of its own if it were gone on with.
      capabilities: ({ model, output, reasoning }) => ({
        cursor: protocol.cursor !== undefined,
        prefill:
          protocol.prefill !== undefined &&
          prefill !== undefined &&
          (prefill.models?.test(model) ?? true) &&
          !refusesPrefill.has(model) &&
          output === undefined &&
          (reasoning === undefined || reasoning.effort === "none"),
        ask: output === undefined
      }),
      echoesPrefill: prefill?.echoes ?? false,
      prefillRefused: (model) => {
        refusesPrefill.add(model)
      },
      keys: (credential) => {
        if (credential === undefined) return Either.right(keys)
        if (auth !== "none") return Keys.ofCall(credential, host)
        const problem =
          "the `credential` of the call would not be sent: the provider shows no key, so give it an `apiKey`"
        return Either.left(invalidRequest("credential", problem))
      }
    }
  })

const poolLayerOf = <R>(
  pool: NonNullable<Options<R>["pool"]>
): Effect.Effect<Layer.Layer<ConnectionPool.ConnectionPool, InvalidOptions, R>, InvalidOptions> => {
  const isLayer = (u: typeof pool): u is Exclude<typeof pool, ConnectionPool.Options> => Layer.isLayer(u)
  return isLayer(pool) ? Effect.succeed(pool) : Effect.as(checkPool(pool), ConnectionPool.layer(pool))
}
