/**
 * What must not compile of vendors: see composition.types.ts. Nothing here is run.
 */
import { Config, type ConfigError, type Layer, Redacted } from "effect"
import {
  AnthropicClient,
  type Http,
  type InvalidOptions,
  ModelClient,
  OpenAiClient,
  type Protocol,
  Provider,
  Vendors
} from "effect-redial"

const apiKey = Redacted.make("k")

// A vendor speaks the protocols that it serves.
Provider.layer(Vendors.alibaba, { apiKey, protocol: "responses" })
// @ts-expect-error MiniMax does not serve Chat Completions
Provider.layer(Vendors.minimax, { apiKey, protocol: "chat-completions" })
// @ts-expect-error nor does Groq serve Anthropic Messages
Provider.layerFromEnv(Vendors.groq, { protocol: "anthropic-messages" })
// @ts-expect-error nor is that a protocol
Provider.layer(Vendors.openai, { apiKey, protocol: "completions" })

// What is a part of the address is needed, unless all of it is given.
Provider.layer(Vendors.azure, { apiKey, resource: "r" })
Provider.layer(Vendors.azure, { apiKey, baseUrl: "https://r.openai.azure.us/openai/v1" })
// @ts-expect-error the resource is missing
Provider.layer(Vendors.azure, { apiKey })
// @ts-expect-error the gateway is missing
Provider.layer(Vendors.cloudflare, { apiKey, account: "a" })
// @ts-expect-error OpenAI has no resources
Provider.layer(Vendors.openai, { apiKey, resource: "r" })
Provider.layerConfig(Vendors.azure, { apiKey: Config.redacted("K"), resource: Config.string("R") })
// @ts-expect-error the resource is missing
Provider.layerConfig(Vendors.azure, { apiKey: Config.redacted("K") })
// @ts-expect-error a config is wanted
Provider.layerConfig(Vendors.azure, { apiKey: Config.redacted("K"), resource: "r" })

// A key is needed, but on one's own machine.
Provider.layer(Vendors.ollama, {})
Provider.layer(Vendors.llamaCpp, { apiKey })
Provider.layerConfig(Vendors.vllm, {})
// @ts-expect-error the key is missing
Provider.layer(Vendors.deepseek, {})
Provider.layer(Vendors.azure, { resource: "r", auth: "none" })
// @ts-expect-error the key is missing
Provider.layer(Vendors.azure, { resource: "r", auth: "bearer" })
// @ts-expect-error the key is missing
Provider.layerConfig(Vendors.deepseek, {})
// @ts-expect-error a key is Redacted, also where there need be none
Provider.layer(Vendors.ollama, { apiKey: "k" })

// What makes another option unnecessary must be there for sure.
declare const maybe: string | undefined
Provider.layer(Vendors.openai, { apiKey, baseUrl: maybe })
Provider.layer(Vendors.azure, { apiKey, resource: "r", baseUrl: maybe })
// @ts-expect-error there may be no address
Provider.layer(Vendors.azure, { apiKey, baseUrl: maybe })
declare const auth: NonNullable<Provider.Settings["auth"]>
// @ts-expect-error the key may be needed
Provider.layer(Vendors.openai, { auth })
Provider.layer(Vendors.azure, { auth: "none", baseUrl: "http://127.0.0.1:1/v1" })
Provider.layerConfig(Vendors.azure, { apiKey: Config.redacted("K"), baseUrl: Config.string("U") })

// Options may have a name, and a vendor may be any.
const options: Provider.Options<typeof Vendors.azure> = { apiKey, resource: "r" }
Provider.layer(Vendors.azure, options)
const configured: Provider.FromConfig<typeof Vendors.openai> = {
  apiKey: Config.redacted("K"),
  baseUrl: Config.string("U")
}
Provider.layerConfig(Vendors.openai, configured)
const over = <V extends Vendors.Vendor>(vendor: V, given: Provider.Options<V>) => Provider.layer(vendor, given)
over(Vendors.anthropic, { apiKey, baseUrl: "http://127.0.0.1:1" })
// @ts-expect-error the key is missing
over(Vendors.anthropic, {})

// Ids are known, and each has its own vendor.
Vendors.get("minimax-cn") satisfies typeof Vendors.minimaxCn
// @ts-expect-error there is no such vendor
Vendors.get("minimaxi")
// @ts-expect-error there is no such vendor
const wrong: Vendors.Id = "gpt"
// @ts-expect-error Azure's resource is missing, although its id is written out
Provider.layer(Vendors.get("azure"), { apiKey })

// A vendor chosen at run time is one like any other.
declare const id: Vendors.Id
declare const few: "minimax" | "groq"
Provider.layer(Vendors.get(id), { apiKey })
Provider.layer(Vendors.get(few), { apiKey })
declare const azures: "azure" | "azure-foundry"
Provider.layer(Vendors.get(azures), { apiKey, resource: "r" })
// @ts-expect-error both need a resource
Provider.layer(Vendors.get(azures), { apiKey })
Provider.make(Vendors.get(few), { apiKey, protocol: "responses" })
Provider.layerFromEnv(Vendors.get(id)) satisfies Layer.Layer<
  Provider.Provider,
  InvalidOptions.InvalidOptions | ConfigError.ConfigError
>
// @ts-expect-error none of the two speaks it
Provider.layer(Vendors.get(few), { apiKey, protocol: "completions" })
// @ts-expect-error one of the two needs a key
Provider.layer(Vendors.get(few), {})
declare const any: Vendors.Vendor
Provider.layer(any, { apiKey, protocol: "responses" })

// Vendor is covariant: a vendor of fewer protocols is one of more.
const wider: Vendors.Vendor<string, Protocol.ProtocolId> = Vendors.minimax
// @ts-expect-error and not the other way round
const narrower: Vendors.Vendor<"openai", "chat-completions"> = Vendors.openai

// One's own vendor has the one protocol that it was made with.
const own = Vendors.custom({ id: "own", protocol: "responses", baseUrl: "http://127.0.0.1:1/v1" })
Provider.layer(own, { apiKey, protocol: "responses" })
// @ts-expect-error it has another
Provider.layer(own, { apiKey, protocol: "chat-completions" })
const quirky = { id: "own", protocol: "responses", baseUrl: "http://127.0.0.1:1/v1" } as const
// @ts-expect-error there is no such quirk
Vendors.custom({ ...quirky, quirks: { maxToken: "max_tokens" } })

// A quirk is one of the protocol that reads it, wherever it is given.
Vendors.custom({ ...quirky, quirks: { user: "user", unsupported: ["seed"] } })
// @ts-expect-error only Chat Completions reads it
Vendors.custom({ ...quirky, quirks: { maxTokens: "max_tokens" } })
Vendors.custom({ ...quirky, protocol: "chat-completions", quirks: { maxTokens: "max_tokens" } })
// @ts-expect-error only Anthropic Messages reads it
Vendors.custom({ ...quirky, protocol: "chat-completions", quirks: { thinking: "enabled" } })
Provider.layer(Vendors.groq, { apiKey, quirks: { maxTokens: "max_tokens" } })
// @ts-expect-error Groq does not speak Anthropic Messages
Provider.layer(Vendors.groq, { apiKey, quirks: { thinking: "enabled" } })
Provider.layer(Vendors.minimax, { apiKey, quirks: { thinking: "enabled" } })
// @ts-expect-error MiniMax speaks nothing else
Provider.layer(Vendors.minimax, { apiKey, quirks: { maxTokens: "max_tokens" } })
AnthropicClient.layer({ apiKey, quirks: { thinking: "enabled" } })
// @ts-expect-error only Chat Completions reads it
AnthropicClient.layer({ apiKey, quirks: { maxTokens: "max_tokens" } })
OpenAiClient.layer({ apiKey, quirks: { maxTokens: "max_tokens" } })
// @ts-expect-error Responses does not read it
OpenAiClient.layer({ apiKey, protocol: "responses", quirks: { maxTokens: "max_tokens" } })
const misplaced: Vendors.Vendor<"own", "responses"> = {
  id: "own",
  name: "own",
  endpoints: [
    {
      protocol: "responses",
      baseUrl: "http://127.0.0.1:1/v1",
      auth: "bearer",
      // @ts-expect-error Responses does not read it
      quirks: { maxTokens: "max_tokens" },
      client: OpenAiClient.makeResponses
    }
  ]
}

// A protocol of one's own brings its client, and has no quirks but those that it names.
const spoken = { id: "mine", protocol: "my-protocol", baseUrl: "http://127.0.0.1:1" } as const
// @ts-expect-error the client is missing
Vendors.custom(spoken)
// @ts-expect-error it names no quirks
Vendors.custom({ ...spoken, client: OpenAiClient.make, quirks: { maxTokens: "max_tokens" } })
const mine = Vendors.custom({ ...spoken, client: (options) => ModelClient.make(kind, options) })
mine satisfies Vendors.Vendor<"mine", "my-protocol">
Provider.layer(mine, { apiKey, protocol: "my-protocol" })
// @ts-expect-error it speaks no other
Provider.layer(mine, { apiKey, protocol: "responses" })
const optional: Vendors.Vendor<"mine", "my-protocol"> & Vendors.Keyless = { ...mine, key: "optional" }
Provider.layerFromEnv(optional)
Provider.layer(optional, {})

// The quirks of a protocol of one's own are typed where its clients are made.
interface Loud {
  readonly loud?: boolean | undefined
}
declare const kind: ModelClient.Kind<Http.Http, object, object>
declare const loud: ModelClient.Kind<Http.Http, object, object, Loud>
ModelClient.make(loud, { apiKey, quirks: { loud: true } })
// @ts-expect-error it has no such quirk
ModelClient.make(loud, { apiKey, quirks: { quiet: true } })
// @ts-expect-error a quirk that is not listed would be refused
const unlisted: Pick<Protocol.Protocol<Http.Http, object, object, Loud>, "quirks"> = { quirks: {} }

export { misplaced, narrower, unlisted, wider, wrong }
