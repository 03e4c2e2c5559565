/**
 * Ollama on this machine. Sources: docs.ollama.com, OpenAI compatibility and Anthropic compatibility (which lists what
 * it does not accept).
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Keyless, Vendor } from "./Vendor.js"

/**
 * Ollama, over Chat Completions by default, and optionally over Responses or Anthropic Messages. It needs no key; for
 * its cloud give one, and `baseUrl: "https://ollama.com/v1"`.
 *
 * @since 0.1.0
 * @category vendors
 */
export const ollama: Vendor<"ollama", "chat-completions" | "responses" | "anthropic-messages"> & Keyless = {
  id: "ollama",
  name: "Ollama",
  env: "OLLAMA_API_KEY",
  key: "optional",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "http://localhost:11434/v1",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system" },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "http://localhost:11434/v1",
      auth: "bearer",
      client: OpenAiClient.makeResponses
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "http://localhost:11434",
      auth: "bearer",
      quirks: { unsupported: ["toolChoice", "user"] },
      client: AnthropicClient.make
    }
  ]
}
