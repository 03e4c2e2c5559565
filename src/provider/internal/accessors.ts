/**
 * The methods of a provider for programs that take it from the context.
 */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { InvalidOutput } from "../../model/InvalidOutput.js"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type { ModelResponse } from "../../model/ModelResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import { unwrap } from "../../retry/internal/pull.js"
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
import { Provider } from "./tag.js"

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
