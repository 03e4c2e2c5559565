/**
 * The service that users program against: a model vendor, whose dropped streams redial.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Credentials } from "../client/Credentials.js"
import { InvalidOptions } from "../client/InvalidOptions.js"
import type * as ModelClient from "../client/ModelClient.js"
import type { InvalidOutput } from "../model/InvalidOutput.js"
import type * as ModelRequest from "../model/ModelRequest.js"
import type { ModelResponse } from "../model/ModelResponse.js"
import type * as ProviderError from "../model/ProviderError.js"
import type * as Deadlines from "../retry/Deadlines.js"
import { unwrap } from "../retry/internal/pull.js"
import type { Delivery, EventOf } from "../retry/Recovery.js"
import type * as StreamRetry from "../retry/StreamRetry.js"
import type { StructuredOutput, Vendor } from "../vendors/Vendor.js"
import { fromClient } from "./internal/fromClient.js"
import { type Given, resolve } from "./internal/fromVendor.js"
import type { FromConfig, Options, Settings } from "./internal/vendorOptions.js"

export type { FromConfig, Options, Settings } from "./internal/vendorOptions.js"

/**
 * What may be set for one call.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions {
  /** Override the provider's deadlines, field by field. */
  readonly deadlines?: Deadlines.Options | undefined
  /** Replaces the provider's policy. */
  readonly retry?: Schedule.Schedule<unknown, ProviderError.ProviderError> | undefined
  /**
   * Sent in place of the provider's own key, over the same connections: so one provider serves many tenants. `Credentials`
   * of another host fail the call with `InvalidRequest`. Default: the provider's `apiKey`.
   */
  readonly credential?: Redacted.Redacted | Credentials | undefined
}

/**
 * What may be set for one call of `stream`.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions<D extends Delivery = Delivery> extends CallOptions {
  /** What happens when a stream breaks after output was delivered. Default: `restart`. */
  readonly delivery?: D | undefined
}

/**
 * What may be set for one call of `streamText`.
 *
 * @since 0.1.0
 * @category models
 */
export interface TextOptions extends CallOptions {
  /** What happens when a stream breaks after text was delivered. Text cannot be taken back. Default: `resume`. */
  readonly delivery?: Exclude<Delivery, "restart"> | undefined
}

/**
 * A request for an object. Tools are there for the calls that its conversation already has: it makes no new ones.
 *
 * @since 0.1.0
 * @category models
 */
export type ObjectRequest = Omit<ModelRequest.Options, "output" | "toolChoice">

/**
 * The object that is wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectOptions<A, I, R> {
  /** Vendors want an object: anything else is asked for as the field `value` of one, and given back without it. */
  readonly schema: Schema.Schema<A, I, R>
  /** Letters, digits, `_` and `-`. Default: `answer`. */
  readonly name?: string | undefined
  /** What the object is, for the model. Default: the schema's own description. */
  readonly description?: string | undefined
}

/**
 * An object, once the schema has checked it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectResponse<out A> {
  readonly value: A
  /** The answer that it was in, with its usage and attempts. */
  readonly response: ModelResponse
}

/**
 * What the tag provides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly id: string
  /** All events of an answer. Nothing is sent until the stream runs, and each run is a request of its own. */
  readonly stream: <D extends Delivery = "restart">(
    request: ModelRequest.Options,
    options?: StreamOptions<D>
  ) => Stream.Stream<EventOf<D>, ProviderError.ProviderError>
  /** The text of an answer, of which no character is ever taken back. */
  readonly streamText: (
    request: ModelRequest.Options,
    options?: TextOptions
  ) => Stream.Stream<string, ProviderError.ProviderError>
  /** A whole answer. It streams underneath, so that a stall is noticed. */
  readonly generate: (
    request: ModelRequest.Options,
    options?: CallOptions
  ) => Effect.Effect<ModelResponse, ProviderError.ProviderError>
  /** An answer that is JSON of a Schema, checked by it. */
  readonly generateObject: <A, I, R>(
    request: ObjectRequest,
    object: ObjectOptions<A, I, R>,
    options?: CallOptions
  ) => Effect.Effect<ObjectResponse<A>, ProviderError.ProviderError | InvalidOutput, R>
}

/**
 * One provider per context: a second one would shadow the first. For several, see `Router`, or make tags of your own and
 * fill them with `Provider.make`.
 *
 * @since 0.1.0
 * @category tags
 */
export class Provider extends Context.Tag("effect-redial/Provider")<Provider, Service>() {}

/**
 * How a provider survives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Resilience<out R = never> {
  /** When to try again. The client that failed is always renewed where that is called for. Default: `StreamRetry.standard()`. */
  readonly retry?: Schedule.Schedule<unknown, ProviderError.ProviderError, R> | undefined
  /** Bounds around any policy. */
  readonly limits?: StreamRetry.Limits | undefined
  readonly deadlines?: Deadlines.Options | undefined
}

/**
 * What may be set for a provider, whatever its client is.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServiceOptions<out R = never> extends Resilience<R> {
  /**
   * What a model is asked, in the user's name, to go on with a message of its own that broke; only with `resume`, and where
   * there is no better way. False where it is not to be asked: such text then fails with what was delivered. Default: the
   * plain truth, in English.
   */
  readonly continuation?: string | false | undefined
  /** How `generateObject` asks. Default: what the vendor is known to take, else `native`. */
  readonly structuredOutput?: StructuredOutput | undefined
}

/**
 * Makes a provider over a client.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeFromClient = <R = never>(
  client: ModelClient.ModelClient,
  options: ServiceOptions<R> = {}
): Effect.Effect<Service, InvalidOptions, R> => fromClient(client, options)

/**
 * Makes a provider of a vendor for the scope: for tags of your own, or for a `Router`.
 *
 * @example
 * ```ts
 * import { Provider, Vendors } from "effect-redial"
 * import { Context, Layer, Redacted } from "effect"
 *
 * class Cheap extends Context.Tag("Cheap")<Cheap, Provider.Service>() {}
 *
 * const cheap = Layer.scoped(Cheap, Provider.make(Vendors.minimax, { apiKey: Redacted.make("...") }))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <V extends Vendor, RPool = never, RRetry = never>(
  vendor: V,
  options: Options<V, RPool, RRetry>
): Effect.Effect<Service, InvalidOptions, RPool | RRetry | Scope.Scope> => makeAny<RPool, RRetry>(vendor, options)

/** What the types asked of the caller by the vendor is checked here for those who have no types, or no one vendor. */
const makeAny = <RPool, RRetry>(
  vendor: Vendor,
  options: Given<RPool, RRetry>
): Effect.Effect<Service, InvalidOptions, RPool | RRetry | Scope.Scope> =>
  Effect.flatMap(resolve(vendor, options), ({ client, endpoint, service }) =>
    Effect.flatMap(endpoint.client(client), (made) => fromClient(made, service, endpoint.deadlines))
  )

/**
 * A provider of a vendor. Build it once, at the edge of the program: a layer that is provided per request opens a pool
 * per request.
 *
 * @example
 * ```ts
 * import { Provider, Vendors } from "effect-redial"
 * import { Redacted, Schedule } from "effect"
 *
 * const minimax = Provider.layer(Vendors.minimax, {
 *   apiKey: Redacted.make("..."),
 *   retry: Schedule.recurs(4),
 *   deadlines: { firstEvent: "60 seconds" }
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <V extends Vendor, RPool = never, RRetry = never>(
  vendor: V,
  options: Options<V, RPool, RRetry>
): Layer.Layer<Provider, InvalidOptions, RPool | RRetry> => Layer.scoped(Provider, make(vendor, options))

/**
 * The layer with its key from the configuration, and whatever else the vendor must be told. Policies are plain values.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = <V extends Vendor, RPool = never, RRetry = never>(
  vendor: V,
  config: FromConfig<V>,
  options?: Omit<Settings<V, RPool, RRetry>, "baseUrl">
): Layer.Layer<Provider, InvalidOptions | ConfigError, RPool | RRetry> => layerAny(vendor, config, options)

/** Every field of the configuration becomes the option of the same name. */
const layerAny = <RPool, RRetry>(
  vendor: Vendor,
  config: Readonly<Record<string, Config.Config<unknown> | undefined>>,
  options?: Settings<Vendor, RPool, RRetry>
): Layer.Layer<Provider, InvalidOptions | ConfigError, RPool | RRetry> => {
  const wanted = Object.entries(config).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const]
  )
  // Config.all cannot take nothing at all.
  const read = wanted.length === 0 ? Config.succeed({}) : Config.all(Object.fromEntries(wanted))
  return Layer.unwrapEffect(
    Effect.map(read, (values) => Layer.scoped(Provider, makeAny<RPool, RRetry>(vendor, { ...options, ...values })))
  )
}

/**
 * The layer with its key from the environment variable that the vendor's own tools use, and so the fields of its address:
 * `Vendors.all` and docs/providers.md name them. They are read through the `ConfigProvider`, and where one is missing the
 * layer fails with a `ConfigError` that names it. A vendor that needs no key is shown one where the variable is set; with
 * `auth: "none"` no key is read.
 *
 * @example
 * ```ts
 * import { Provider, Vendors } from "effect-redial"
 *
 * const live = Provider.layerFromEnv(Vendors.minimax) // MINIMAX_API_KEY
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFromEnv = <V extends Vendor, RPool = never, RRetry = never>(
  vendor: V,
  options?: Settings<V, RPool, RRetry>
): Layer.Layer<Provider, InvalidOptions | ConfigError, RPool | RRetry> => {
  const { env, fields = [], key, name }: Vendor = vendor
  const unshown = options?.auth === "none"
  if (env === undefined && key === undefined && !unshown) {
    const problem = `is not named by ${name}: name it when the vendor is made, or use Provider.layerConfig`
    return Layer.fail(new InvalidOptions({ module: "Provider", option: "env", problem }))
  }
  const apiKey = env === undefined || unshown ? undefined : Config.redacted(env)
  const optional = apiKey && Config.map(Config.option(apiKey), Option.getOrUndefined)
  const address = options?.baseUrl === undefined ? fields : []
  return layerAny(
    vendor,
    {
      apiKey: key === "optional" ? optional : apiKey,
      ...Object.fromEntries(address.map((field) => [field.name, Config.string(field.env)]))
    },
    options
  )
}

/**
 * A provider over the client in the context: a swapped one, or an instrumented one.
 *
 * @example
 * ```ts
 * import { AnthropicClient, Provider } from "effect-redial"
 * import { Layer, Redacted } from "effect"
 *
 * const live = Provider.layerFromClient(AnthropicClient.AnthropicClient).pipe(
 *   Layer.provide(AnthropicClient.layer({ apiKey: Redacted.make("...") }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFromClient = <I, S extends ModelClient.ModelClient, R = never>(
  tag: Context.Tag<I, S>,
  options?: ServiceOptions<R>
): Layer.Layer<Provider, InvalidOptions, I | R> =>
  Layer.effect(
    Provider,
    Effect.flatMap(tag, (client) => makeFromClient(client, options))
  )

/**
 * All events of an answer, from the provider in the context.
 *
 * @since 0.1.0
 * @category accessors
 */
export const stream = <D extends Delivery = "restart">(
  request: ModelRequest.Options,
  options?: StreamOptions<D>
): Stream.Stream<EventOf<D>, ProviderError.ProviderError, Provider> =>
  unwrap(Effect.map(Provider, (provider) => provider.stream(request, options)))

/**
 * The text of an answer, from the provider in the context. No character of it is ever taken back: after a drop it goes on
 * where it stopped, and where that cannot be, the stream fails with what was delivered on its error.
 *
 * @since 0.1.0
 * @category accessors
 */
export const streamText = (
  request: ModelRequest.Options,
  options?: TextOptions
): Stream.Stream<string, ProviderError.ProviderError, Provider> =>
  unwrap(Effect.map(Provider, (provider) => provider.streamText(request, options)))

/**
 * A whole answer, from the provider in the context.
 *
 * @since 0.1.0
 * @category accessors
 */
export const generate = (
  request: ModelRequest.Options,
  options?: CallOptions
): Effect.Effect<ModelResponse, ProviderError.ProviderError, Provider> =>
  Effect.flatMap(Provider, (provider) => provider.generate(request, options))

/**
 * An answer that is JSON of a Schema, from the provider in the context: by the vendor's own structured output, or by a
 * tool that the model must call. An answer that is none fails with `InvalidOutput`, which holds what came.
 *
 * @example
 * ```ts
 * import { Provider } from "effect-redial"
 * import { Effect, Schema } from "effect"
 *
 * const city = Provider.generateObject(
 *   { model: "claude-sonnet-5-5", prompt: "Which is the northernmost capital?" },
 *   { schema: Schema.Struct({ name: Schema.String, latitude: Schema.Number }) }
 * ).pipe(Effect.map(({ value }) => value.latitude))
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const generateObject = <A, I, R>(
  request: ObjectRequest,
  object: ObjectOptions<A, I, R>,
  options?: CallOptions
): Effect.Effect<ObjectResponse<A>, ProviderError.ProviderError | InvalidOutput, Provider | R> =>
  Effect.flatMap(Provider, (provider) => provider.generateObject(request, object, options))
