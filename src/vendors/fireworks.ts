/**
 * Fireworks AI. Sources: docs.fireworks.ai, OpenAI compatibility, response-api and anthropic-compatibility.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Fireworks AI, over Chat Completions by default, and optionally over Responses or Anthropic Messages.
 *
 * @since 0.1.0
 * @category vendors
 */
export const fireworks: Vendor<"fireworks", "chat-completions" | "responses" | "anthropic-messages"> = {
  id: "fireworks",
  name: "Fireworks AI",
  env: "FIREWORKS_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://api.fireworks.ai/inference/v1",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system", user: "user" },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "https://api.fireworks.ai/inference/v1",
      auth: "bearer",
      quirks: { user: "user" },
      client: OpenAiClient.makeResponses
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "https://api.fireworks.ai/inference",
      auth: "bearer",
      headers: { "anthropic-version": "2023-06-01" },
      structuredOutput: "tool",
      client: AnthropicClient.make
    }
  ]
}
