/**
 * A client of OpenAI's protocols, Chat Completions and Responses, through the official SDK: for OpenAI, and for every
 * vendor that serves one of them at another base URL.
 *
 * It uses the SDK's typed parameters and its way of building a request. The SDK's retries and timeout are off, and
 * nothing is read from the environment or the disk.
 *
 * @since 0.1.0
 */

import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as ChatCompletions from "../protocol/ChatCompletions.js"
import type { Protocol } from "../protocol/Protocol.js"
import type * as Quirks from "../protocol/Quirks.js"
import * as Responses from "../protocol/Responses.js"
import type { OpenAI } from "../protocol/sdk/openai.js"
import type { InvalidOptions } from "./InvalidOptions.js"
import { notLoaded, PLACEHOLDER_KEY, quiet, unshown, withoutEnvironmentHeaders } from "./internal/sdk.js"
import * as ModelClient from "./ModelClient.js"

/**
 * The service of the tag.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends ModelClient.ModelClient<OpenAI> {}

/**
 * The client in the context, for `Provider.layerFromClient` and for programs that renew its connections themselves.
 *
 * @since 0.1.0
 * @category tags
 */
export class OpenAiClient extends Context.Tag("effect-redial/OpenAiClient")<OpenAiClient, Service>() {}

/**
 * The options of a client of Chat Completions, which nearly every vendor serves.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChatOptions<out R = never> extends ModelClient.Options<R, Quirks.ChatCompletions> {
  readonly protocol?: "chat-completions" | undefined
}

/**
 * The options of a client of Responses.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResponsesOptions<out R = never> extends ModelClient.Options<R, Quirks.Responses> {
  readonly protocol: "responses"
}

/**
 * The options of `make` and `layer`: those of all clients, and the protocol. Default: `chat-completions`.
 *
 * @since 0.1.0
 * @category models
 */
export type Options<R = never> = ChatOptions<R> | ResponsesOptions<R>

const kind = <Params, State, Q extends object>(
  protocol: Protocol<OpenAI, Params, State, Q>
): ModelClient.Kind<OpenAI, Params, State, Q> => ({
  module: "OpenAiClient",
  provider: "openai",
  baseUrl: "https://api.openai.com/v1",
  auth: "bearer",
  protocol,
  load: async ({ baseUrl: baseURL, fetch }) => {
    const { OpenAI } = await import("openai").catch(notLoaded("openai"))
    return unshown(
      withoutEnvironmentHeaders(
        new OpenAI({
          baseURL,
          fetch,
          apiKey: PLACEHOLDER_KEY,
          adminAPIKey: null,
          organization: null,
          project: null,
          webhookSecret: null,
          maxRetries: 0,
          ...quiet
        })
      )
    )
  }
})

const chatCompletions = kind(ChatCompletions.protocol)
const responses = kind(Responses.protocol)

/**
 * Makes a client for the scope. Fails with `InvalidOptions` at once if options cannot work; the first request loads the
 * SDK and opens a pool.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R = never>(options: Options<R>): Effect.Effect<Service, InvalidOptions, R | Scope.Scope> =>
  options.protocol === "responses" ? makeResponses(options) : ModelClient.make(chatCompletions, options)

/**
 * Makes a client of the Responses protocol for the scope, for the endpoints of vendors.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeResponses = <R = never>(
  options: Omit<ResponsesOptions<R>, "protocol">
): Effect.Effect<Service, InvalidOptions, R | Scope.Scope> => ModelClient.make(responses, options)

/**
 * The client as a layer. Fails with `InvalidOptions` if options cannot work.
 *
 * @example
 * ```ts
 * import { OpenAiClient } from "effect-redial"
 * import { Redacted } from "effect"
 *
 * const live = OpenAiClient.layer({ apiKey: Redacted.make("sk-...") })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <R = never>(options: Options<R>): Layer.Layer<OpenAiClient, InvalidOptions, R> =>
  Layer.scoped(OpenAiClient, make(options))

/**
 * The layer with its key, and optionally its base URL, from the configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = <R = never>(
  config: {
    readonly apiKey: Config.Config<Redacted.Redacted>
    readonly baseUrl?: Config.Config<string> | undefined
  },
  options?: Omit<ChatOptions<R>, "apiKey" | "baseUrl"> | Omit<ResponsesOptions<R>, "apiKey" | "baseUrl">
): Layer.Layer<OpenAiClient, InvalidOptions | ConfigError, R> =>
  Layer.unwrapEffect(
    Effect.map(Config.all({ apiKey: config.apiKey, baseUrl: config.baseUrl ?? Config.succeed(undefined) }), (read) =>
      layer({ ...options, ...read })
    )
  )
