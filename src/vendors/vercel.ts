/**
 * Vercel's AI Gateway. Sources: vercel.com/docs/ai-gateway, OpenAI compatibility and anthropic-compat.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Vercel's AI Gateway, over Chat Completions by default, and optionally over Anthropic Messages.
 *
 * @since 0.1.0
 * @category vendors
 */
export const vercel: Vendor<"vercel", "chat-completions" | "anthropic-messages"> = {
  id: "vercel",
  name: "Vercel AI Gateway",
  env: "AI_GATEWAY_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://ai-gateway.vercel.sh/v1",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system", reasoning: "reasoning", replay: "reasoning_details" },
      client: OpenAiClient.make
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "https://ai-gateway.vercel.sh",
      auth: "x-api-key",
      headers: { "anthropic-version": "2023-06-01" },
      structuredOutput: "tool",
      client: AnthropicClient.make
    }
  ]
}
