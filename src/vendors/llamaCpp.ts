/**
 * llama.cpp's server. Source: its README, tools/server: `chat_template_kwargs`, a key if it was started with
 * `--api-key`, and continuing a last message of the assistant unless it was started with `--no-prefill-assistant`.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Keyless, Vendor } from "./Vendor.js"

/**
 * llama.cpp, over Chat Completions by default, and optionally over Anthropic Messages. It needs no key unless it was
 * started with one.
 *
 * @since 0.1.0
 * @category vendors
 */
export const llamaCpp: Vendor<"llama-cpp", "chat-completions" | "anthropic-messages"> & Keyless = {
  id: "llama-cpp",
  name: "llama.cpp",
  key: "optional",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "http://localhost:8080/v1",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system", reasoning: "chat_template_kwargs" },
      prefill: {},
      client: OpenAiClient.make
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "http://localhost:8080",
      auth: "bearer",
      structuredOutput: "tool",
      client: AnthropicClient.make
    }
  ]
}
