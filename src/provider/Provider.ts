/**
 * The service that users program against: a model vendor whose dropped streams redial.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { InvalidOptions } from "../client/InvalidOptions.js"
import type * as ModelClient from "../client/ModelClient.js"
import type { InvalidOutput } from "../model/InvalidOutput.js"
import type * as ModelRequest from "../model/ModelRequest.js"
import type { ModelResponse } from "../model/ModelResponse.js"
import type * as ProviderError from "../model/ProviderError.js"
import { unwrap } from "../retry/internal/pull.js"
import type { Delivery, EventOf } from "../retry/Recovery.js"
import type { Vendor } from "../vendors/Vendor.js"
import type {
  CallOptions,
  ElementOptions,
  ObjectOptions,
  ObjectRequest,
  ObjectResponse,
  StreamOptions,
  TextOptions
} from "./internal/callOptions.js"
import { fromClient } from "./internal/fromClient.js"
import { fromConfig, fromEnv } from "./internal/fromConfig.js"
import { type Source, fromStream as serviceFromStream } from "./internal/fromStream.js"
import { fromVendor } from "./internal/fromVendor.js"
import type { ObjectEvent } from "./internal/objectEvents.js"
import type { ServiceOptions } from "./internal/serviceOptions.js"
import type { FromConfig, Options, Settings } from "./internal/vendorOptions.js"

export type { Ask } from "../retry/internal/continuation/ask.js"
export type * from "./internal/callOptions.js"
export type { Source, SourceOptions } from "./internal/fromStream.js"
export type * from "./internal/objectEvents.js"
export type * from "./internal/serviceOptions.js"
export type { FromConfig, Options, Settings } from "./internal/vendorOptions.js"

/**
 * The service of the tag.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly id: string
  /** All events of an answer. Nothing is sent until the stream runs, and each run is a separate request. */
  readonly stream: <D extends Delivery = "restart">(
    request: ModelRequest.Options,
    options?: StreamOptions<D>
  ) => Stream.Stream<EventOf<D>, ProviderError.ProviderError>
  /** The text of an answer. No character is ever taken back. */
  readonly streamText: (
    request: ModelRequest.Options,
    options?: TextOptions
  ) => Stream.Stream<string, ProviderError.ProviderError>
  /** A whole answer. It is streamed underneath, so that a stall is detected. */
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
  /** The object while it is written, and then the whole object. */
  readonly streamObject: <A, I, R>(
    request: ObjectRequest,
    object: ObjectOptions<A, I, R>,
    options?: Omit<StreamOptions, "raw">
  ) => Stream.Stream<ObjectEvent<A, I>, ProviderError.ProviderError | InvalidOutput, R>
  /** The elements of a list, each as soon as it is complete. None comes twice or is taken back. */
  readonly streamElements: <A, I, R>(
    request: ObjectRequest,
    list: ElementOptions<A, I, R>,
    options?: TextOptions
  ) => Stream.Stream<A, ProviderError.ProviderError | InvalidOutput, R>
}

/**
 * One provider per context: a second one would shadow the first. For several, use `Router`, or make your own tags and
 * provide them with `Provider.make`.
 *
 * @since 0.1.0
 * @category tags
 */
export class Provider extends Context.Tag("effect-redial/Provider")<Provider, Service>() {}

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

/**
 * All events of an answer, from the provider in the context. Fails with a `ProviderError`; with `delivery: "restart"`,
 * the default, `Superseded` announces output that becomes void.
 *
 * @example
 * ```ts
 * import { Provider } from "effect-redial"
 * import { Effect, Stream } from "effect"
 *
 * const text = Provider.stream({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
 *   Stream.runFold("", (shown, event) =>
 *     event._tag === "TextDelta" ? shown + event.text : event._tag === "Superseded" ? "" : shown
 *   ),
 *   Effect.catchTag("ContextOverflow", () => Effect.succeed("The conversation is too long."))
 * )
 * ```
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
 * The text of an answer, from the provider in the context. No character is ever taken back: after a drop it continues
 * where it stopped. If it cannot continue, the stream fails with a `ProviderError` that carries the delivered text.
 *
 * @example
 * ```ts
 * import { Provider } from "effect-redial"
 * import { Console, Stream } from "effect"
 *
 * const program = Provider.streamText({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
 *   Stream.runForEach((text) => Console.log(text))
 * )
 * ```
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
 * A whole answer, from the provider in the context. Fails with a `ProviderError`.
 *
 * @example
 * ```ts
 * import { Provider } from "effect-redial"
 * import { Effect } from "effect"
 *
 * const program = Provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
 *   Effect.map(({ attempts, text, usage }) => `${text} (${attempts.length} attempts, ${usage.outputTokens} tokens)`)
 * )
 * ```
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
 * tool that the model must call. If the answer is not the object, it fails with `InvalidOutput`, which contains the
 * answer.
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

/**
 * An object of a Schema while it is written, from the provider in the context. `ObjectPartial` has what is certain so
 * far, `ObjectRestarted` says that all of it is void, and `ObjectDone` is the decoded object with its response. There
 * is at most one event per network read. If the answer is not the object, it fails with `InvalidOutput`.
 *
 * @example
 * ```ts
 * import { Provider } from "effect-redial"
 * import { Console, Match, Schema, Stream } from "effect"
 *
 * const City = Schema.Struct({ name: Schema.String, founded: Schema.DateFromString })
 *
 * const program = Provider.streamObject(
 *   { model: "claude-sonnet-5-5", prompt: "Which is the northernmost capital?" },
 *   { schema: City }
 * ).pipe(
 *   Stream.runForEach((event) => {
 *     switch (event._tag) {
 *       case "ObjectPartial":
 *         return Console.log(`${event.value.name ?? "..."}`)
 *       case "ObjectRestarted":
 *         return Console.log(`again: ${event.error.message}`)
 *       case "ObjectDone":
 *         return Console.log(event.value.founded.getFullYear())
 *     }
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const streamObject = <A, I, R>(
  request: ObjectRequest,
  object: ObjectOptions<A, I, R>,
  options?: Omit<StreamOptions, "raw">
): Stream.Stream<ObjectEvent<A, I>, ProviderError.ProviderError | InvalidOutput, Provider | R> =>
  unwrap(Effect.map(Provider, (provider) => provider.streamObject(request, object, options)))

/**
 * The elements of a list, from the provider in the context. Each is decoded and emitted as soon as it is complete; none
 * comes twice or is taken back. After a drop the list is requested again. If the model writes exactly the same elements
 * again, the stream continues behind them; otherwise it fails with an `InvalidOutput` whose reason is `changed`. With
 * `delivery: "hold"` elements come once the answer is whole; with `"fail"` a drop ends the stream.
 *
 * @example
 * ```ts
 * import { Provider } from "effect-redial"
 * import { Console, Schema, Stream } from "effect"
 *
 * const program = Provider.streamElements(
 *   { model: "claude-sonnet-5-5", prompt: "The capitals of Europe, from north to south." },
 *   { element: Schema.Struct({ name: Schema.String, latitude: Schema.Number }) }
 * ).pipe(Stream.runForEach(({ name }) => Console.log(name)))
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const streamElements = <A, I, R>(
  request: ObjectRequest,
  list: ElementOptions<A, I, R>,
  options?: TextOptions
): Stream.Stream<A, ProviderError.ProviderError | InvalidOutput, Provider | R> =>
  unwrap(Effect.map(Provider, (provider) => provider.streamElements(request, list, options)))
