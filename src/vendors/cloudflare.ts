/**
 * Cloudflare's AI Gateway. Sources: developers.cloudflare.com/ai-gateway, get-started and bring-your-own-keys: the
 * gateway's own token in `cf-aig-authorization`, and the keys of the vendors behind it stored with Cloudflare.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Fields, Vendor } from "./Vendor.js"

/**
 * Cloudflare's AI Gateway, over Chat Completions by default (a model is named `vendor/model`), and optionally over
 * Responses (OpenAI) or Anthropic Messages (Anthropic). The key is the gateway's token. For a gateway without a token,
 * to which you send a vendor's key, set `auth: "bearer"`, or `x-api-key` for Anthropic: exactly one credential is sent.
 *
 * @since 0.1.0
 * @category vendors
 */
export const cloudflare: Vendor<"cloudflare", "chat-completions" | "responses" | "anthropic-messages"> &
  Fields<"account" | "gateway"> = {
  id: "cloudflare",
  name: "Cloudflare AI Gateway",
  env: "CLOUDFLARE_API_TOKEN",
  fields: [
    { name: "account", env: "CLOUDFLARE_ACCOUNT_ID", about: "the id of the Cloudflare account" },
    { name: "gateway", env: "CLOUDFLARE_GATEWAY_ID", about: "the name of the gateway" }
  ],
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/compat",
      auth: "cf-aig-authorization",
      quirks: { maxTokens: "max_tokens", developer: "system" },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/openai",
      auth: "cf-aig-authorization",
      client: OpenAiClient.makeResponses
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/anthropic",
      auth: "cf-aig-authorization",
      client: AnthropicClient.make
    }
  ]
}
