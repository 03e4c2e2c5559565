/**
 * The service that users program against: a model vendor, whose dropped streams redial.
 *
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Credentials } from "../client/Credentials.js"
import type { InvalidOptions } from "../client/InvalidOptions.js"
import type * as ModelClient from "../client/ModelClient.js"
import type { InvalidOutput } from "../model/InvalidOutput.js"
import type { ModelEvent } from "../model/ModelEvent.js"
import type * as ModelRequest from "../model/ModelRequest.js"
import type { ModelResponse } from "../model/ModelResponse.js"
import type * as ProviderError from "../model/ProviderError.js"
import type { ProtocolId } from "../protocol/Protocol.js"
import type * as Deadlines from "../retry/Deadlines.js"
import type * as StreamRetry from "../retry/StreamRetry.js"
import type { StructuredOutput, Vendor } from "../vendors/Vendor.js"
import { fromClient } from "./internal/fromClient.js"

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
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions extends CallOptions {
  /**
   * What happens when a stream breaks after output was delivered.
   *
   * - `restart`: `Superseded` says that it is void, and it comes again
   * - `fail`: once visible text or a tool call was delivered, the stream fails with an error that carries it
   *
   * Default: `restart`.
   */
  readonly delivery?: "restart" | "fail" | undefined
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
  readonly stream: (
    request: ModelRequest.Options,
    options?: StreamOptions
  ) => Stream.Stream<ModelEvent, ProviderError.ProviderError>
  /** The text of an answer, of which no character is ever taken back. */
  readonly streamText: (
    request: ModelRequest.Options,
    options?: CallOptions
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
  /** How `generateObject` asks. Default: what the vendor is known to take, else `native`. */
  readonly structuredOutput?: StructuredOutput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<P extends ProtocolId = ProtocolId, RPool = never, RRetry = never>
  extends Omit<ModelClient.Options<RPool>, "provider">,
    ServiceOptions<RRetry> {
  /** Which of the vendor's protocols to speak. Default: the vendor's own choice. */
  readonly protocol?: NoInfer<P> | undefined
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
export const make = <P extends ProtocolId, RPool = never, RRetry = never>(
  vendor: Vendor<string, P>,
  options: Options<P, RPool, RRetry>
): Effect.Effect<Service, InvalidOptions, RPool | RRetry | Scope.Scope> => {
  const endpoint = vendor.endpoints[options.protocol ?? vendor.protocol]
  return Effect.flatMap(
    endpoint.client({
      ...options,
      provider: vendor.id,
      baseUrl: options.baseUrl ?? endpoint.baseUrl,
      auth: options.auth ?? endpoint.auth,
      headers: { ...endpoint.headers, ...Headers.fromInput(options.headers) }
    }),
    (client) =>
      fromClient(client, { ...options, structuredOutput: options.structuredOutput ?? endpoint.structuredOutput })
  )
}

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
export const layer = <P extends ProtocolId, RPool = never, RRetry = never>(
  vendor: Vendor<string, P>,
  options: Options<P, RPool, RRetry>
): Layer.Layer<Provider, InvalidOptions, RPool | RRetry> => Layer.scoped(Provider, make(vendor, options))

/**
 * The layer with its key, and its base URL if wanted, from the configuration. Policies are plain values.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = <P extends ProtocolId, RPool = never, RRetry = never>(
  vendor: Vendor<string, P>,
  config: {
    readonly apiKey: Config.Config<Redacted.Redacted>
    readonly baseUrl?: Config.Config<string> | undefined
  },
  options?: Omit<Options<P, RPool, RRetry>, "apiKey" | "baseUrl">
): Layer.Layer<Provider, InvalidOptions | ConfigError, RPool | RRetry> =>
  Layer.unwrapEffect(
    Effect.map(
      Config.all({ apiKey: config.apiKey, baseUrl: config.baseUrl ?? Config.succeed(undefined) }),
      ({ apiKey, baseUrl }) => layer(vendor, { ...options, apiKey, baseUrl })
    )
  )

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
export const stream = (
  request: ModelRequest.Options,
  options?: StreamOptions
): Stream.Stream<ModelEvent, ProviderError.ProviderError, Provider> =>
  Stream.unwrap(Effect.map(Provider, (provider) => provider.stream(request, options)))

/**
 * The text of an answer, from the provider in the context. No character of it is ever taken back: a drop after visible
 * text fails the stream, with what was delivered on the error.
 *
 * @since 0.1.0
 * @category accessors
 */
export const streamText = (
  request: ModelRequest.Options,
  options?: CallOptions
): Stream.Stream<string, ProviderError.ProviderError, Provider> =>
  Stream.unwrap(Effect.map(Provider, (provider) => provider.streamText(request, options)))

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
