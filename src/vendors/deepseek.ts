/**
 * DeepSeek. Sources: api-docs.deepseek.com, guides/thinking_mode (the three dialects; reasoning must go back with its
 * tool calls, or the vendor answers 400) and guides/anthropic_api; deepseek-ai/awesome-deepseek-integration#639 (no
 * system messages among the others, over Anthropic Messages). Prefill is not used: it needs the base URL
 * `https://api.deepseek.com/beta`.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * DeepSeek, over Chat Completions by default, and optionally over Responses or Anthropic Messages.
 *
 * @since 0.1.0
 * @category vendors
 */
export const deepseek: Vendor<"deepseek", "chat-completions" | "responses" | "anthropic-messages"> = {
  id: "deepseek",
  name: "DeepSeek",
  env: "DEEPSEEK_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://api.deepseek.com",
      auth: "bearer",
      quirks: {
        maxTokens: "max_tokens",
        developer: "system",
        reasoning: "thinking-effort",
        replay: "tool-calls",
        unsupported: ["seed"]
      },
      structuredOutput: "tool",
      deadlines: { firstEvent: "10 minutes" },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "https://api.deepseek.com",
      auth: "bearer",
      structuredOutput: "tool",
      deadlines: { firstEvent: "10 minutes" },
      client: OpenAiClient.makeResponses
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "https://api.deepseek.com/anthropic",
      auth: "x-api-key",
      quirks: { thinking: "enabled", systemMessages: false },
      structuredOutput: "tool",
      deadlines: { firstEvent: "10 minutes" },
      client: AnthropicClient.make
    }
  ]
}
