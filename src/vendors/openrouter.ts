/**
 * OpenRouter. Sources: openrouter.ai/docs, API overview (which always reports usage), reasoning tokens, and the pages
 * of its Responses and its Anthropic Messages API.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * OpenRouter, over Chat Completions by default, and optionally over Responses or Anthropic Messages. The headers
 * `HTTP-Referer` and `X-OpenRouter-Title`, which name your program, go into `headers`.
 *
 * @since 0.1.0
 * @category vendors
 */
export const openrouter: Vendor<"openrouter", "chat-completions" | "responses" | "anthropic-messages"> = {
  id: "openrouter",
  name: "OpenRouter",
  env: "OPENROUTER_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://openrouter.ai/api/v1",
      auth: "bearer",
      quirks: {
        maxTokens: "max_tokens",
        developer: "system",
        streamOptions: false,
        reasoning: "reasoning",
        replay: "reasoning_details",
        user: "user"
      },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "https://openrouter.ai/api/v1",
      auth: "bearer",
      quirks: { user: "user" },
      client: OpenAiClient.makeResponses
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "https://openrouter.ai/api",
      auth: "bearer",
      headers: { "anthropic-version": "2023-06-01" },
      structuredOutput: "tool",
      client: AnthropicClient.make
    }
  ]
}
