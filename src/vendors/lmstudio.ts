/**
 * LM Studio on this machine. Sources: lmstudio.ai/docs, OpenAI compatibility and Anthropic compatibility.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Keyless, Vendor } from "./Vendor.js"

/**
 * LM Studio, over Chat Completions by default, and optionally over Responses or Anthropic Messages. It needs no key.
 *
 * @since 0.1.0
 * @category vendors
 */
export const lmstudio: Vendor<"lmstudio", "chat-completions" | "responses" | "anthropic-messages"> & Keyless = {
  id: "lmstudio",
  name: "LM Studio",
  env: "LMSTUDIO_API_KEY",
  key: "optional",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "http://localhost:1234/v1",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system" },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "http://localhost:1234/v1",
      auth: "bearer",
      client: OpenAiClient.makeResponses
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "http://localhost:1234",
      auth: "x-api-key",
      structuredOutput: "tool",
      client: AnthropicClient.make
    }
  ]
}
