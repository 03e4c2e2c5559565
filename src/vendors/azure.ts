/**
 * Microsoft Azure. Sources: learn.microsoft.com, Azure OpenAI v1 API: a key in `api-key`, and the deployment as the
 * model; `@anthropic-ai/foundry-sdk` for Claude.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Fields, Vendor } from "./Vendor.js"

/**
 * Azure OpenAI, through version 1 of its API: Chat Completions by default, and optionally Responses. `resource` is the
 * name of the resource, and a request's `model` is the name of its deployment.
 *
 * @example
 * ```ts
 * import { Provider, Vendors } from "effect-redial"
 * import { Redacted } from "effect"
 *
 * const live = Provider.layer(Vendors.azure, { apiKey: Redacted.make("..."), resource: "my-resource" })
 * ```
 *
 * @since 0.1.0
 * @category vendors
 */
export const azure: Vendor<"azure", "chat-completions" | "responses"> & Fields<"resource"> = {
  id: "azure",
  name: "Azure OpenAI",
  env: "AZURE_OPENAI_API_KEY",
  fields: [{ name: "resource", env: "AZURE_RESOURCE_NAME", about: "the name of the Azure resource" }],
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://{resource}.openai.azure.com/openai/v1",
      auth: "api-key",
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "https://{resource}.openai.azure.com/openai/v1",
      auth: "api-key",
      client: OpenAiClient.makeResponses
    }
  ]
}

/**
 * Claude in Azure's Foundry, over Anthropic Messages. `resource` is the name of the resource.
 *
 * @since 0.1.0
 * @category vendors
 */
export const azureFoundry: Vendor<"azure-foundry", "anthropic-messages"> & Fields<"resource"> = {
  id: "azure-foundry",
  name: "Azure Foundry (Claude)",
  env: "ANTHROPIC_FOUNDRY_API_KEY",
  fields: [{ name: "resource", env: "ANTHROPIC_FOUNDRY_RESOURCE", about: "the name of the Azure resource" }],
  endpoints: [
    {
      protocol: "anthropic-messages",
      baseUrl: "https://{resource}.services.ai.azure.com/anthropic",
      auth: "x-api-key",
      client: AnthropicClient.make
    }
  ]
}
