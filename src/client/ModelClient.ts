/**
 * What a provider needs from a client, whatever SDK it uses: renewable connections, and a way to send a request.
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
  /** The provider's id, as in errors and events. */
  readonly provider: string
  /** The id of its protocol. */
  readonly protocol: string
  readonly baseUrl: string
  readonly connections: Renewable.Renewable<Connection<Sdk>, InvalidOptions>
  /**
   * Encodes a request in the protocol's own terms, ready to be sent any number of times. For a prefill, the model's own
   * message comes last, and the model continues it. `headers` are added to those of the client and replace them, except
   * `anthropic-beta`, which is a list; `Provider` checks them.
   */
  readonly prepare: (
    request: ModelRequest,
    as?: "prefill",
    headers?: Headers.Headers
  ) => Either.Either<PreparedCall, Fault>
  /** The keys for one request: those of the client, or the `credential` of its call. */
  readonly keys: (credential?: Redacted.Redacted | Credentials) => Either.Either<() => Keys.Keys, Fault>
  /** How an answer to this request can be continued if its stream breaks. */
  readonly capabilities: (request: ModelRequest) => Capabilities
  /** Whether the vendor may repeat the text of a prefill. */
  readonly echoesPrefill: boolean
  /** Records that a model refused a prefill. */
  readonly prefillRefused: (model: string) => void
}

/**
 * How an answer can be continued.
 *
 * - `cursor`: the server keeps it, and sends the missing events
 * - `prefill`: the model continues its own message
 * - `ask`: the model can be asked to continue
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
 * How models of a provider continue their own message. Set it only if the vendor's documentation promises it: if an
 * endpoint ignores such a message, this is detected only if the new text begins with the same words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Prefill {
  /** The names of models that do. A refusal is remembered for the life of the client. Default: all. */
  readonly models?: RegExp | undefined
  /** The field of the message that asks for it. Default: `none`, its position is enough. */
  readonly flag?: PrefillFlag | undefined
  /** Whether the answer repeats the message first. Default: false. */
  readonly echoes?: boolean | undefined
}

/**
 * A request in the terms of its protocol.
 *
 * @since 0.1.0
 * @category models
 */
export interface PreparedCall {
  /** Leases a connection. After a failure, avoids the generation that the user's `failed` names if possible. */
  readonly connect: (
    user: Renewable.User,
    key: Redacted.Redacted
  ) => Effect.Effect<Line, InvalidOptions | RenewableClosed>
  /** Reads an answer. */
  readonly decoder: (stamp: Stamp, how?: Decoder.Reading) => Decoder.Decoder
  /** The call that asks the server for the rest of an answer; undefined if it keeps nothing. */
  readonly after: (broken: Decoder.Decoder) => PreparedCall | undefined
  /** The call that fetches a kept answer from its beginning, by its id; undefined if the protocol has no such call. */
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
  /** The key that `send` sends. It must never reach errors, spans or logs. Absent if there is none. */
  readonly key?: Redacted.Redacted | undefined
  /** Resolves at the head of the answer. Rejects with whatever the SDK throws. */
  readonly send: (signal: AbortSignal) => Promise<Response>
}

/**
 * How a key is sent: as a bearer token in `authorization` or in Cloudflare's own header, alone in its own header, or
 * not at all, for servers on your own machine.
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
   * Sent with each request, and stored nowhere else. Use `Credentials` for several keys, and for keys that expire; they
   * are refused with `InvalidOptions` if they belong to another host than that of `baseUrl`.
   */
  readonly apiKey: Redacted.Redacted | Credentials
  /** The provider's id for errors, events and logs. Default: the vendor of the SDK. */
  readonly provider?: string | undefined
  /** Default: the API of the SDK's vendor. */
  readonly baseUrl?: string | undefined
  /** Default: what the SDK's vendor expects. */
  readonly auth?: Auth | undefined
  /** How the vendor differs from the protocol. Default: not at all. */
  readonly quirks?: Quirks | undefined
  /** Sent with each request. Credentials do not belong here. Default: none. */
  readonly headers?: Headers.Input | undefined
  /** Which models continue their own message. Default: what the vendor documents, at its own address; else none. */
  readonly prefill?: Prefill | undefined
  /** Options for the pools, or a layer that builds each one. Default: undici pools with their default options. */
  readonly pool?: ConnectionPool.Options | Layer.Layer<ConnectionPool.ConnectionPool, InvalidOptions, R> | undefined
  /**
   * The maximum age of a generation: an older one is renewed at the next request, for edges that cut old connections.
   * Default: none.
   */
  readonly maxAge?: Duration.DurationInput | undefined
  /** See `Renewable.Options`. Default: 8. */
  readonly maxDraining?: number | undefined
  /** See `Renewable.Options`. Default: for ever. */
  readonly drainLimit?: Duration.DurationInput | undefined
}

/**
 * What distinguishes one kind of client from another: its protocol, and what sends its requests.
 *
 * @since 0.1.0
 * @category models
 */
export interface Kind<Sdk, Params, State, Quirks extends object = object> {
  /** The name in `InvalidOptions`. */
  readonly module: string
  /** The provider's id, if the options give none. */
  readonly provider: string
  /** The base URL, if the options give none. */
  readonly baseUrl: string
  /** How the key is sent, if the options do not say. */
  readonly auth: Auth
  readonly protocol: Protocol<Sdk, Params, State, Quirks>
  /**
   * What the protocol adds to the base URL, for example `/api/chat`. A base URL that already ends in it is refused.
   * Default: only the paths of the built-in protocols are refused.
   */
  readonly path?: string | undefined
  /**
   * Makes what the protocol sends with: the client of an SDK, with retries and timeouts off and this `fetch`; or `http`
   * itself, if there is no SDK. Called once per generation; import an SDK here, so that it is loaded only when needed.
   */
  readonly load: (http: Http) => Promise<Sdk>
}

/**
 * Makes a client of a kind for the scope. Fails with `InvalidOptions` if options cannot work; connections are made at
 * the first lease. Each request carries exactly one credential, as `auth` says. An answer with an error status is a
 * typed error, whatever sent the request.
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

    // The last check, so that options that fail for another reason do not claim the keys for this host.
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
      // A continuation of an answer that must be JSON of a schema would begin a new JSON value.
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
          "the `credential` of the call would not be sent: the provider sends no key, so give it an `apiKey`"
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
