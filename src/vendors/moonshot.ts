/**
 * Moonshot AI, whose models are Kimi. Sources: platform.kimi.ai, use-partial-mode-feature-of-kimi-api and the OpenAPI
 * description of its chat (output limit, usage, objects); what it refuses and requires back: java.agentscope.io,
 * integration/model/kimi. The reasoning effort is K3's; for the on/off switch of K2, set `quirks: { reasoning:
 * "thinking" }`.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

type Protocols = "chat-completions" | "anthropic-messages"

const at = (host: string): Vendor<string, Protocols>["endpoints"] => [
  {
    protocol: "chat-completions",
    baseUrl: `https://${host}/v1`,
    auth: "bearer",
    quirks: { developer: "system", replay: "reasoning_content", unsupported: ["seed"] },
    prefill: { flag: "partial" },
    client: OpenAiClient.make
  },
  {
    protocol: "anthropic-messages",
    baseUrl: `https://${host}/anthropic`,
    auth: "bearer",
    headers: { "anthropic-version": "2023-06-01" },
    structuredOutput: "tool",
    client: AnthropicClient.make
  }
]

/**
 * Moonshot's global API, over Chat Completions by default, and optionally over Anthropic Messages.
 *
 * @since 0.1.0
 * @category vendors
 */
export const moonshot: Vendor<"moonshot", Protocols> = {
  id: "moonshot",
  name: "Moonshot (Kimi)",
  env: "MOONSHOT_API_KEY",
  endpoints: at("api.moonshot.ai")
}

/**
 * Moonshot's Chinese API, with the same protocols.
 *
 * @since 0.1.0
 * @category vendors
 */
export const moonshotCn: Vendor<"moonshot-cn", Protocols> = {
  id: "moonshot-cn",
  name: "Moonshot (Kimi, China)",
  env: "MOONSHOT_API_KEY",
  endpoints: at("api.moonshot.cn")
}
