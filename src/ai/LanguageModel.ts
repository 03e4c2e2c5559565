/**
 * A `LanguageModel` of `@effect/ai` over a `Provider`, whose dropped streams redial.
 *
 * @since 0.1.0
 */
import type * as AiError from "@effect/ai/AiError"
import { IdGenerator } from "@effect/ai/IdGenerator"
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as AiModel from "@effect/ai/Model"
import type * as Response from "@effect/ai/Response"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AssistantPart } from "../model/Prompt.js"
import type { ProviderError } from "../model/ProviderError.js"
import { Provider, type Service } from "../provider/Provider.js"
import type { Delivery } from "../retry/Recovery.js"
import { fromInvalidOutput, fromProviderError, type Method, malformedInput, origin } from "./internal/errors.js"
import { partsOf } from "./internal/generateParts.js"
import { type Memory, memoryOf, saysMore } from "./internal/memory.js"
import { objectOf } from "./internal/object.js"
import { nameSources } from "./internal/parts.js"
import { type Request, type RequestOptions, requestOf, type Settings } from "./internal/request.js"
import { StreamParts } from "./internal/streamParts.js"
import { streamText } from "./internal/streamText.js"
import { annotate } from "./internal/telemetry.js"

export type { Begun, Cited, Finished, Signed } from "./internal/metadata.js"
export type { RequestOptions } from "./internal/request.js"

/**
 * The options of a language model.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The vendor's name of the model. */
  readonly model: string
  /** Fields of each request besides its prompt and its tools. Default: none. */
  readonly request?: RequestOptions | undefined
  /**
   * What happens when a stream breaks after output was delivered: see `Recovery.Delivery`. `restart` is not available,
   * because a consumer of `@effect/ai` cannot take a part back. Default: `resume`.
   */
  readonly delivery?: Exclude<Delivery, "restart"> | undefined
  /** Deadlines, retries, keys and headers of each call. Default: the provider's. */
  readonly call?: Settings["call"]
}

/**
 * Overrides the options of all requests of an effect: see `withConfigOverride`.
 *
 * @since 0.1.0
 * @category configuration
 */
export class Config extends Context.Reference<Config>()("effect-redial/ai/Config", {
  defaultValue: (): Partial<Options> => ({})
}) {}

/**
 * Overrides options for the requests of an effect. `request` and `call` are overridden field by field.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@effect/ai"
 * import { Effect } from "effect"
 * import * as Redial from "effect-redial/ai"
 *
 * const precise = LanguageModel.generateText({ prompt: "What is 17 times 23?" }).pipe(
 *   Redial.withConfigOverride({ request: { temperature: 0 } })
 * )
 * ```
 *
 * @since 0.1.0
 * @category configuration
 */
export const withConfigOverride: {
  (overrides: Partial<Options>): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, overrides: Partial<Options>): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, overrides: Partial<Options>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Config, (config) => Effect.provideService(self, Config, merge(config, overrides)))
)

const merge = <Base extends Partial<Options>>(base: Base, overrides: Partial<Options>): Base => ({
  ...base,
  ...overrides,
  request: { ...base.request, ...overrides.request },
  call: { ...base.call, ...overrides.call }
})

/**
 * Makes a language model over a provider: for tags of your own, or over a `Router`.
 *
 * - Streams end with a `finish` part, or fail with an `AiError`.
 * - A `tool-call` part comes when the end of the answer is proven, so a handler runs once.
 * - The metadata of the next `response-metadata` part lists what was superseded. The metadata of `finish` has all
 *   attempts with their usage.
 *
 * See [docs/effect-ai.md](../../docs/effect-ai.md).
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (provider: Service, options: Options): Effect.Effect<LanguageModel.Service> => {
  const memory = memoryOf(provider)
  const prepare = (method: Method, asked: LanguageModel.ProviderOptions): Effect.Effect<Request, AiError.AiError> =>
    Effect.flatMap(Config, (config) =>
      Effect.mapError(requestOf(asked, merge(options, config), memory), (problem) => malformedInput(method, problem))
    ).pipe(Effect.tap(() => annotate(asked.span, provider.id)))

  const whole = LanguageModel.make({
    generateText: (asked) => {
      const { responseFormat } = asked
      return responseFormat.type === "text"
        ? Effect.flatMap(prepare("generateText", asked), (request) => generate(provider, request, memory))
        : Effect.flatMap(prepare("generateObject", asked), (request) =>
            generateObject(provider, request, responseFormat, memory)
          )
    },
    streamText: () => Stream.dieMessage("the stream of another module is used in its place")
  })
  const streamed = streamText((asked) =>
    Effect.map(prepare("streamText", asked), ({ call, delivery, names, request }) => {
      const parts = new StreamParts(names)
      return {
        parts,
        events: provider.stream(request, { ...call, delivery }),
        finished: () => remember(memory, parts.content)
      }
    })
  )
  return Effect.zipWith(whole, streamed, (service, streamText) => ({ ...service, streamText }))
}

const generate = (
  provider: Service,
  { call, names, request }: Request,
  memory: Memory
): Effect.Effect<Array<Response.PartEncoded>, AiError.AiError, IdGenerator> =>
  provider.generate(request, call).pipe(
    Effect.mapError((error) => fromProviderError("generateText", error)),
    Effect.flatMap((response) => {
      remember(memory, response.content)
      const { parts, sources } = partsOf(response, response.content, names)
      return Effect.flatMap(IdGenerator, (ids) => Effect.as(nameSources(sources, ids), parts))
    })
  )

const generateObject = (
  provider: Service,
  { call, names, request: { output: _, toolChoice: __, ...request } }: Request,
  format: Parameters<typeof objectOf>[0],
  memory: Memory
): Effect.Effect<Array<Response.PartEncoded>, AiError.AiError, IdGenerator> =>
  provider.generateObject(request, objectOf(format), call).pipe(
    Effect.mapError((error) =>
      error._tag === "InvalidOutput" ? fromInvalidOutput(error) : fromProviderError("generateObject", error)
    ),
    Effect.map(({ response, value }) => {
      // The object replaces the text, or the call, that contained it.
      const kept = response.content.filter(({ type }) => type === "reasoning" || type === "provider")
      const content: ReadonlyArray<AssistantPart> = [...kept, { type: "text", text: JSON.stringify(value) }]
      remember(memory, content)
      return partsOf(response, content, names).parts
    })
  )

const remember = (memory: Memory, content: ReadonlyArray<AssistantPart>): void => {
  if (saysMore(content)) memory.remember(content)
}

/**
 * A language model over the provider in the context.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@effect/ai"
 * import { Effect, Layer } from "effect"
 * import { Provider, Vendors } from "effect-redial"
 * import * as Redial from "effect-redial/ai"
 *
 * const live = Redial.layer({ model: "claude-sonnet-5-5" }).pipe(
 *   Layer.provide(Provider.layerFromEnv(Vendors.anthropic))
 * )
 *
 * const answer = LanguageModel.generateText({ prompt: "Why is the sky blue?" }).pipe(Effect.provide(live))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<LanguageModel.LanguageModel, never, Provider> =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.flatMap(Provider, (provider) => make(provider, options))
  )

/**
 * A `Model` of `@effect/ai`, like those of the native packages: a layer that is also an effect.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@effect/ai"
 * import { Effect } from "effect"
 * import * as Redial from "effect-redial/ai"
 *
 * const answer = Effect.gen(function* () {
 *   const claude = yield* Redial.model("claude-sonnet-5-5", { delivery: "hold" })
 *   return yield* LanguageModel.generateText({ prompt: "Why is the sky blue?" }).pipe(Effect.provide(claude))
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export const model = (
  name: string,
  options?: Omit<Options, "model">
): AiModel.Model<"effect-redial", LanguageModel.LanguageModel, Provider> =>
  AiModel.make("effect-redial", layer({ ...options, model: name }))

/**
 * The `ProviderError` behind an error of `@effect/ai`, with its attempts and what was delivered. None for errors of
 * other origin, and for an error that was stored and restored.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@effect/ai"
 * import { Effect, Option } from "effect"
 * import * as Redial from "effect-redial/ai"
 *
 * const answer = LanguageModel.generateText({ prompt: "Why is the sky blue?" }).pipe(
 *   Effect.tapError((error) =>
 *     Option.match(Redial.providerError(error), {
 *       onNone: () => Effect.void,
 *       onSome: ({ _tag, attempts }) => Effect.logWarning(`${_tag} after ${attempts.length} attempts`)
 *     })
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export const providerError = (error: AiError.AiError): Option.Option<ProviderError> => origin(error)
