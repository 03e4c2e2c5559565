/**
 * The service that users program against: a model vendor whose dropped streams redial.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { InvalidOptions } from "../client/InvalidOptions.js"
import type * as ModelClient from "../client/ModelClient.js"
import type { Vendor } from "../vendors/Vendor.js"
import { fromClient } from "./internal/fromClient.js"
import { fromConfig, fromEnv } from "./internal/fromConfig.js"
import { type Source, fromStream as serviceFromStream } from "./internal/fromStream.js"
import { fromVendor } from "./internal/fromVendor.js"
import type { ServiceOptions } from "./internal/serviceOptions.js"
import { Provider, type Service } from "./internal/tag.js"
import type { FromConfig, Options, Settings } from "./internal/vendorOptions.js"

export type { Ask } from "../retry/internal/continuation/ask.js"
export { generate, generateObject, stream, streamElements, streamObject, streamText } from "./internal/accessors.js"
export type * from "./internal/callOptions.js"
export type { Source, SourceOptions } from "./internal/fromStream.js"
export type * from "./internal/objectEvents.js"
export type * from "./internal/serviceOptions.js"
export { Provider, type Service } from "./internal/tag.js"
export type { FromConfig, Options, Settings } from "./internal/vendorOptions.js"

/**
 * Makes a provider over a client. Fails with `InvalidOptions` if options cannot work.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeFromClient = <R = never>(
  client: ModelClient.ModelClient,
  options: ServiceOptions<R> = {}
): Effect.Effect<Service, InvalidOptions, R> => fromClient(client, options)

/**
 * Makes a provider from one function that streams the events of an answer: around another provider (to log, to cache, to
 * count), or without one. All other methods are derived from it, and keep the promise of the delivery: an answer ends with
 * `Finish` or an error, one that starts over voids the one before, and text that was given for good is never taken back.
 *
 * @example
 * ```ts
 * import { Provider } from "effect-redial"
 * import { Effect, Stream } from "effect"
 *
 * // Says which model each request asks for.
 * const logged = (inner: Provider.Service): Provider.Service =>
 *   Provider.fromStream({
 *     id: inner.id,
 *     stream: (request, options) =>
 *       inner.stream(request, options).pipe(Stream.onStart(Effect.logInfo(`asking ${request.model}`)))
 *   })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromStream = (source: Source): Service => serviceFromStream(source)

/**
 * Makes a provider of a vendor for the scope: for your own tags, or for a `Router`. Fails with `InvalidOptions` if
 * options cannot work.
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
export const make = <
  V extends Vendor,
  RPool = never,
  RRetry = never,
  Auth extends ModelClient.Auth = ModelClient.Auth,
  Url extends string | undefined = string | undefined
>(
  vendor: V,
  options: Options<V, RPool, RRetry, Auth, Url>
): Effect.Effect<Service, InvalidOptions, RPool | RRetry | Scope.Scope> => fromVendor<RPool, RRetry>(vendor, options)

/**
 * A provider of a vendor. Build it once, at the edge of the program: a layer that is provided per request opens a pool
 * per request. Fails with `InvalidOptions` if options cannot work.
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
export const layer = <
  V extends Vendor,
  RPool = never,
  RRetry = never,
  Auth extends ModelClient.Auth = ModelClient.Auth,
  Url extends string | undefined = string | undefined
>(
  vendor: V,
  options: Options<V, RPool, RRetry, Auth, Url>
): Layer.Layer<Provider, InvalidOptions, RPool | Exclude<RRetry, Scope.Scope>> =>
  Layer.scoped(Provider, make(vendor, options))

/**
 * The layer with its key and the vendor's other options from the configuration. Policies are plain values.
 *
 * @example
 * ```ts
 * import { Provider, Vendors } from "effect-redial"
 * import { Config } from "effect"
 *
 * const live = Provider.layerConfig(Vendors.minimax, { apiKey: Config.redacted("MINIMAX_API_KEY") })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = <
  V extends Vendor,
  RPool = never,
  RRetry = never,
  Url extends Config.Config<string> | undefined = Config.Config<string> | undefined
>(
  vendor: V,
  config: FromConfig<V, Url>,
  options?: Omit<Settings<V, RPool, RRetry>, "baseUrl">
): Layer.Layer<Provider, InvalidOptions | ConfigError, RPool | Exclude<RRetry, Scope.Scope>> =>
  Layer.scoped(Provider, fromConfig<RPool, RRetry>(vendor, config, options))

/**
 * The layer with its key from the environment variable that the vendor's own tools use, and with the fields of its
 * address from theirs: `Vendors.all` and [docs/providers.md](../../docs/providers.md) list them. They are read through
 * the `ConfigProvider`; if one is missing the layer fails with a `ConfigError` that names it. A vendor that needs no
 * key gets one if the variable is set; with `auth: "none"` no key is read.
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
): Layer.Layer<Provider, InvalidOptions | ConfigError, RPool | Exclude<RRetry, Scope.Scope>> =>
  Layer.scoped(Provider, fromEnv<RPool, RRetry>(vendor, options))

/**
 * A provider over the client in the context, for example a replaced or an instrumented one.
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
): Layer.Layer<Provider, InvalidOptions, Exclude<I | R, Scope.Scope>> =>
  Layer.scoped(
    Provider,
    Effect.flatMap(tag, (client) => makeFromClient(client, options))
  )
