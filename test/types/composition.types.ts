/**
 * What must not compile. The type check of the project runs over this file: each line below an expected error fails the
 * check once it compiles. Nothing here is run.
 */
import { Config, type ConfigError, Context, Effect, Layer, Redacted, Schedule, type Scope, type Stream } from "effect"
import {
  AnthropicClient,
  ConnectionPool,
  Credentials,
  Fallback,
  type InvalidOptions,
  type ModelEvent,
  type ModelResponse,
  OpenAiClient,
  Provider,
  type ProviderError,
  Router,
  StreamRetry,
  Vendors
} from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const apiKey = Redacted.make("k")
const request = { model: "m", prompt: "hi" }
const live = Provider.layer(Vendors.anthropic, { apiKey })

// A program without its layer.
// @ts-expect-error the provider is missing
Effect.runPromise(Provider.generate(request))
Effect.runPromise(Effect.provide(Provider.generate(request), live))

// A layer of the wrong service.
// @ts-expect-error a client is not a provider
Effect.runPromise(Effect.provide(Provider.generate(request), AnthropicClient.layer({ apiKey })))

// A provider over a client that nobody provides.
const overClient = Provider.layerFromClient(AnthropicClient.AnthropicClient)
// @ts-expect-error the client is missing
Effect.runPromise(Effect.provide(Provider.generate(request), overClient))
const overTheOther = Layer.provide(overClient, OpenAiClient.layer({ apiKey }))
// @ts-expect-error the other protocol's client does not do
Effect.runPromise(Effect.provide(Provider.generate(request), overTheOther))

// A pool over an HttpClient that nobody provides.
const overHttpClient = Provider.layer(Vendors.openai, { apiKey, pool: ConnectionPool.layerHttpClient })
// @ts-expect-error the HttpClient is missing
Effect.runPromise(Effect.provide(Provider.generate(request), overHttpClient))

// What make needs is a scope.
// @ts-expect-error the scope is missing
Effect.runPromise(Provider.make(Vendors.openai, { apiKey }))

// Wrong options.
// @ts-expect-error a key is Redacted
Provider.layer(Vendors.anthropic, { apiKey: "k" })
// @ts-expect-error a key is needed
Provider.layer(Vendors.anthropic, {})
// @ts-expect-error there is no such option
Provider.layer(Vendors.anthropic, { apiKey, retries: 3 })
// @ts-expect-error Anthropic does not speak that protocol
Provider.layer(Vendors.anthropic, { apiKey, protocol: "chat-completions" })
Provider.layer(Vendors.alibaba, { apiKey, protocol: "anthropic-messages" })
// @ts-expect-error not a duration
Provider.layer(Vendors.anthropic, { apiKey, deadlines: { idle: "soon" } })
// @ts-expect-error there is no such deadline
Provider.layer(Vendors.anthropic, { apiKey, deadlines: { first: "1 second" } })

// Keys.
class Vault extends Context.Tag("Vault")<Vault, Effect.Effect<Redacted.Redacted>>() {}
const inVault = Credentials.fromEffect(Effect.flatten(Vault))
const configured = Credentials.fromConfig(Config.redacted("KEY"))
declare const credentials: Credentials.Credentials
Provider.layer(Vendors.anthropic, { apiKey: credentials })
AnthropicClient.layer({ apiKey: credentials })
Provider.stream(request, { credential: credentials })
Provider.generate(request, { credential: apiKey })
// @ts-expect-error making credentials is an effect, which is to be run first
Provider.layer(Vendors.anthropic, { apiKey: Credentials.make([configured]) })
// @ts-expect-error a source is no credentials yet
Provider.layer(Vendors.anthropic, { apiKey: configured })
// @ts-expect-error a key is Redacted
Provider.stream(request, { credential: "k" })
// @ts-expect-error a key is Redacted
Credentials.fromKey("k")
// @ts-expect-error a key is Redacted
Credentials.fromConfig(Config.string("KEY"))
// @ts-expect-error a key is Redacted
Credentials.fromEffect(Effect.succeed("k"))
// @ts-expect-error what is fetched has a key
Credentials.fromEffect(Effect.succeed({ token: apiKey }))
// @ts-expect-error not a duration
Credentials.fromEffect(Effect.succeed(apiKey), { refreshAhead: "soon" })
// @ts-expect-error there is at least one source
Credentials.make([])
// @ts-expect-error a source is made of the key
Credentials.make([apiKey])
// @ts-expect-error there is no such strategy
Credentials.make([configured], { strategy: "random" })
// @ts-expect-error keys belong to one host or more
Credentials.make([configured], { hosts: [] })
Credentials.make([Credentials.fromKey(apiKey)]) satisfies Effect.Effect<
  Credentials.Credentials,
  InvalidOptions.InvalidOptions,
  Scope.Scope
>
const mixed = Credentials.make([Credentials.fromKey(apiKey), configured, inVault])
mixed satisfies Effect.Effect<
  Credentials.Credentials,
  InvalidOptions.InvalidOptions | ConfigError.ConfigError,
  Scope.Scope | Vault
>
// @ts-expect-error the vault is missing
mixed satisfies Effect.Effect<Credentials.Credentials, unknown, Scope.Scope>
// @ts-expect-error the configuration may fail
mixed satisfies Effect.Effect<Credentials.Credentials, InvalidOptions.InvalidOptions, Scope.Scope | Vault>
// @ts-expect-error the scope is missing
Effect.runPromise(Credentials.make([configured]))

// Schedules over the wrong error.
// @ts-expect-error the schedule wants another input
Provider.layer(Vendors.anthropic, { apiKey, retry: Schedule.recurWhile((n: number) => n < 3) })
// @ts-expect-error the schedule wants another input
Provider.stream(request, { retry: Schedule.recurWhile((error: { readonly oops: string }) => error.oops === "") })
Provider.layer(Vendors.anthropic, {
  apiKey,
  retry: Schedule.recurWhile((error: ProviderError.ProviderError) => error._tag === "StreamDropped")
})

// What a schedule requires is required of the layer.
class Patience extends Context.Tag("Patience")<Patience, number>() {}
declare const patient: Schedule.Schedule<number, ProviderError.ProviderError, Patience>
const needy: Layer.Layer<Provider.Provider, unknown, Patience> = Provider.layer(Vendors.openai, {
  apiKey,
  retry: patient
})
// @ts-expect-error Patience is missing
const careless: Layer.Layer<Provider.Provider, unknown> = needy
// @ts-expect-error a schedule of one call can require nothing
Provider.stream(request, { retry: patient })

// Combinators on the wrong thing.
declare const client: AnthropicClient.Service
StreamRetry.reacquiring(client.connections)(Schedule.recurs(1))
// @ts-expect-error a client is not a renewable
StreamRetry.reacquiring(client)(Schedule.recurs(1))

// Events are to be narrowed.
declare const event: ModelEvent.ModelEvent
// @ts-expect-error not every event has text
event.text
if (event._tag === "TextDelta") event.text satisfies string

// streamText cannot restart.
// @ts-expect-error delivery is not an option of streamText
Provider.streamText(request, { delivery: "restart" })
// @ts-expect-error there is no such delivery
Provider.stream(request, { delivery: "hope" })

// Incomplete output cannot be taken for a response.
declare const partial: NonNullable<ProviderError.ProviderError["partial"]>
// @ts-expect-error nobody has proven its end
const response: ModelResponse.ModelResponse = partial
// @ts-expect-error there are no runnable tool calls on a partial response
partial.toolCalls

// Errors are typed, so catchTag knows them.
Effect.catchTag(Provider.generate(request), "RateLimited", (error) => Effect.succeed(error.retryAfterMillis))
// @ts-expect-error there is no such error
Effect.catchTag(Provider.generate(request), "RateLimit", () => Effect.void)

// A route names a provider that there is.
declare const service: Provider.Service
Router.make({ a: service }, Router.byModel({ "*": "a" }))
// @ts-expect-error there is no provider b
Router.make({ a: service }, Router.byModel({ "*": "b" }))

// A plan has at least one provider, and says what is known of it.
Fallback.make([{ provider: service }, { provider: service, model: "other", request: { temperature: 0 } }])
// @ts-expect-error nobody can be asked
Fallback.make([])
// @ts-expect-error the model is named by `model`
Fallback.make([{ provider: service, request: { model: "other" } }])
// @ts-expect-error a bad request is bad everywhere
Fallback.make([{ provider: service }], { also: ["InvalidRequest"] })
// What the providers need, the layer needs, apart from the scope.
const planned = Effect.map(Provider.make(Vendors.openai, { apiKey }), (provider) => [{ provider }] as const)
Fallback.layer(planned) satisfies Layer.Layer<Provider.Provider, InvalidOptions.InvalidOptions>

// The options of a call go on to another provider as they are, and nothing else is a stream of events.
Provider.fromStream({ id: "mine", stream: (request, options) => service.stream(request, options) })
// @ts-expect-error text alone is no answer
Provider.fromStream({ id: "mine", stream: (request) => service.streamText(request) })

// A script has at least one turn.
// @ts-expect-error it is empty
ScriptedProvider.layer([])

// What leaves the library is what it says.
Provider.stream(request) satisfies Stream.Stream<ModelEvent.ModelEvent, ProviderError.ProviderError, Provider.Provider>
Provider.streamText(request) satisfies Stream.Stream<string, ProviderError.ProviderError, Provider.Provider>

export { careless, response }

// What a stream may take back follows from its delivery.
declare const provider: Provider.Service
const held: Stream.Stream<
  Exclude<ModelEvent.ModelEvent, ModelEvent.Superseded>,
  ProviderError.ProviderError
> = provider.stream(request, { delivery: "hold" })
// @ts-expect-error a stream that restarts takes back
const restarted: typeof held = provider.stream(request, { delivery: "restart" })
// @ts-expect-error and so does one that nothing is said of
const plain: typeof held = provider.stream(request)
// @ts-expect-error and one whose delivery is known at run time only
const either: typeof held = provider.stream(request, { delivery: Math.random() > 0.5 ? "hold" : "resume" })
// @ts-expect-error text cannot be taken back
provider.streamText(request, { delivery: "restart" })
provider.streamText(request, { delivery: "hold" })
// @ts-expect-error there is no such delivery
provider.stream(request, { delivery: "maybe" })

export { either, held, plain, restarted }
