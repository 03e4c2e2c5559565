/**
 * What a provider can do, and the tag by which a program asks for one.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { InvalidOutput } from "../../model/InvalidOutput.js"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type { ModelResponse } from "../../model/ModelResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import type { Delivery, EventOf } from "../../retry/Recovery.js"
import type {
  CallOptions,
  ElementOptions,
  ObjectOptions,
  ObjectRequest,
  ObjectResponse,
  StreamOptions,
  TextOptions
} from "./callOptions.js"
import type { ObjectEvent } from "./objectEvents.js"

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
