/**
 * Several providers behind one: a rule chooses the provider of each request.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Fault from "../model/internal/fault.js"
import type * as ModelRequest from "../model/ModelRequest.js"
import type { ProviderError } from "../model/ProviderError.js"
import { unwrap } from "../retry/internal/pull.js"
import { checkOwned } from "./internal/checkOwned.js"
import { unsent } from "./internal/unsent.js"
import { isWatchable, watchable, watchedBy } from "./internal/watch.js"
import * as Provider from "./Provider.js"

/**
 * Names the provider of a request; undefined for none.
 *
 * @since 0.1.0
 * @category models
 */
export type Route<Name extends string> = (request: ModelRequest.Options) => Name | undefined

/**
 * A rule by model name. A pattern is a name, or a prefix followed by `*`. A name takes precedence over a prefix, and a
 * longer prefix over a shorter one.
 *
 * @example
 * ```ts
 * import { Router } from "effect-redial"
 *
 * const route = Router.byModel({ "claude-*": "claude", "gpt-*": "gpt", "*": "local" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const byModel = <const Name extends string>(patterns: Readonly<Record<string, Name>>): Route<Name> => {
  const names = new Map(Object.entries(patterns))
  const beginnings = Object.entries(patterns)
    .filter(([pattern]) => pattern.endsWith("*"))
    .map(([pattern, name]) => [pattern.slice(0, -1), name] as const)
    .sort(([a], [b]) => b.length - a.length)
  return ({ model }) => names.get(model) ?? beginnings.find(([beginning]) => model.startsWith(beginning))?.[1]
}

/**
 * Makes one provider of several. A request without a provider is an `InvalidRequest`. The `credential` of a call must
 * be `Credentials` with known hosts: the owner of any other key is unknown here, and no provider may receive another's
 * key.
 *
 * @example
 * ```ts
 * import { Provider, Router, Vendors } from "effect-redial"
 * import { Effect, Redacted } from "effect"
 *
 * const routed = Effect.gen(function* () {
 *   const claude = yield* Provider.make(Vendors.anthropic, { apiKey: Redacted.make("...") })
 *   const gpt = yield* Provider.make(Vendors.openai, { apiKey: Redacted.make("...") })
 *   return Router.make({ claude, gpt }, Router.byModel({ "claude-*": "claude", "gpt-*": "gpt" }))
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Name extends string>(
  providers: Readonly<Record<Name, Provider.Service>>,
  route: Route<NoInfer<Name>>
): Provider.Service => {
  const all = Object.values<Provider.Service>(providers)
  const routed = (of: (provider: Provider.Service) => Provider.Service) => serviceOf(providers, route, of)
  return all.every(isWatchable)
    ? watchable((watch) => routed((provider) => (watch === undefined ? provider : watchedBy(provider, watch))))
    : routed((provider) => provider)
}

const serviceOf = <Name extends string>(
  providers: Readonly<Record<Name, Provider.Service>>,
  route: Route<Name>,
  of: (provider: Provider.Service) => Provider.Service
): Provider.Service => {
  const pick = (
    request: ModelRequest.Options,
    { credential }: Provider.CallOptions = {}
  ): Effect.Effect<Provider.Service, ProviderError> => {
    const unowned = checkOwned(credential)
    if (unowned !== undefined) return Effect.fail(unsent(unowned, { provider: "router", model: request.model }))
    const name = route(request)
    if (name !== undefined && Object.hasOwn(providers, name)) return Effect.succeed(of(providers[name]))
    const known = Object.keys(providers).join(", ")
    const problem = `no provider is configured for the model "${request.model}"; there are ${known}`
    return Effect.fail(unsent(Fault.invalidRequest("model", problem), { provider: "router", model: request.model }))
  }
  return {
    id: "router",
    stream: (request, options) =>
      unwrap(Effect.map(pick(request, options), (provider) => provider.stream(request, options))),
    streamText: (request, options) =>
      unwrap(Effect.map(pick(request, options), (provider) => provider.streamText(request, options))),
    generate: (request, options) =>
      Effect.flatMap(pick(request, options), (provider) => provider.generate(request, options)),
    generateObject: (request, object, options) =>
      Effect.flatMap(pick(request, options), (provider) => provider.generateObject(request, object, options)),
    streamObject: (request, object, options) =>
      unwrap(Effect.map(pick(request, options), (provider) => provider.streamObject(request, object, options))),
    streamElements: (request, object, options) =>
      unwrap(Effect.map(pick(request, options), (provider) => provider.streamElements(request, object, options)))
  }
}

/**
 * A `Provider` that routes. Each provider keeps its own client, connections and policy: a drop on one renews no other.
 *
 * @example
 * ```ts
 * import { Provider, Router, Vendors } from "effect-redial"
 * import { Effect, Redacted } from "effect"
 *
 * const live = Router.layer(
 *   Effect.all({
 *     claude: Provider.make(Vendors.anthropic, { apiKey: Redacted.make("sk-ant-...") }),
 *     gpt: Provider.make(Vendors.openai, { apiKey: Redacted.make("sk-...") })
 *   }),
 *   Router.byModel({ "claude-*": "claude", "gpt-*": "gpt" })
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <Name extends string, E, R>(
  providers: Effect.Effect<Readonly<Record<Name, Provider.Service>>, E, R>,
  route: Route<NoInfer<Name>>
): Layer.Layer<Provider.Provider, E, Exclude<R, Scope.Scope>> =>
  Layer.scoped(
    Provider.Provider,
    Effect.map(providers, (made) => make(made, route))
  )
