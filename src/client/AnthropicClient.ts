/**
 * A client of the Anthropic Messages protocol, through the official SDK: for Anthropic, and for every vendor that
 * serves the same protocol at another base URL.
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
import * as AnthropicMessages from "../protocol/AnthropicMessages.js"
import type * as Quirks from "../protocol/Quirks.js"
import type { Anthropic } from "../protocol/sdk/anthropic.js"
import type { InvalidOptions } from "./InvalidOptions.js"
import { notLoaded, PLACEHOLDER_KEY, quiet, unshown, withoutEnvironmentHeaders } from "./internal/sdk.js"
import * as ModelClient from "./ModelClient.js"

/**
 * The service of the tag.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends ModelClient.ModelClient<Anthropic> {}

/**
 * The client in the context, for `Provider.layerFromClient` and for programs that renew its connections themselves.
 *
 * @since 0.1.0
 * @category tags
 */
export class AnthropicClient extends Context.Tag("effect-redial/AnthropicClient")<AnthropicClient, Service>() {}

/**
 * The options of `make` and `layer`: those of all clients, with the quirks of Anthropic Messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out R = never> extends ModelClient.Options<R, Quirks.AnthropicMessages> {}

const kind: ModelClient.Kind<Anthropic, AnthropicMessages.Params, AnthropicMessages.State, Quirks.AnthropicMessages> = {
  module: "AnthropicClient",
  provider: "anthropic",
  baseUrl: "https://api.anthropic.com",
  auth: "x-api-key",
  protocol: AnthropicMessages.protocol,
  load: async ({ baseUrl: baseURL, fetch }) => {
    const { Anthropic } = await import("@anthropic-ai/sdk").catch(notLoaded("@anthropic-ai/sdk"))
    return unshown(
      withoutEnvironmentHeaders(
        new Anthropic({
          baseURL,
          fetch,
          apiKey: PLACEHOLDER_KEY,
          webhookKey: null,
          openTelemetry: false,
          maxRetries: 0,
          ...quiet
        })
      )
    )
  }
}

/**
 * Makes a client for the scope. Fails with `InvalidOptions` at once if options cannot work; the first request loads the
 * SDK and opens a pool.
 *
 * A base URL may end in `/v1`, as vendors write it for other protocols: the SDK adds that part itself.
 *
 * @example
 * ```ts
 * import { AnthropicClient, Provider } from "effect-redial"
 * import { Effect, Redacted } from "effect"
 *
 * const provider = Effect.flatMap(AnthropicClient.make({ apiKey: Redacted.make("...") }), (client) =>
 *   Provider.makeFromClient(client)
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R = never>(options: Options<R>): Effect.Effect<Service, InvalidOptions, R | Scope.Scope> =>
  ModelClient.make(kind, { ...options, baseUrl: options.baseUrl?.replace(/\/v1\/*$/, "") })

/**
 * The client as a layer. Fails with `InvalidOptions` if options cannot work.
 *
 * @example
 * ```ts
 * import { AnthropicClient } from "effect-redial"
 * import { Redacted } from "effect"
 *
 * const live = AnthropicClient.layer({ apiKey: Redacted.make("sk-ant-...") })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <R = never>(options: Options<R>): Layer.Layer<AnthropicClient, InvalidOptions, R> =>
  Layer.scoped(AnthropicClient, make(options))

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
  options?: Omit<Options<R>, "apiKey" | "baseUrl">
): Layer.Layer<AnthropicClient, InvalidOptions | ConfigError, R> =>
  Layer.unwrapEffect(
    Effect.map(Config.all({ apiKey: config.apiKey, baseUrl: config.baseUrl ?? Config.succeed(undefined) }), (read) =>
      layer({ ...options, ...read })
    )
  )
