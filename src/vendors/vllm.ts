/**
 * vLLM. Source: docs.vllm.ai, OpenAI-compatible server: `chat_template_kwargs`, and a key if it was started with
 * `--api-key`.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Keyless, Vendor } from "./Vendor.js"

/**
 * vLLM, over Chat Completions by default, and optionally over Responses or Anthropic Messages. It needs no key unless
 * it was started with one.
 *
 * @since 0.1.0
 * @category vendors
 */
export const vllm: Vendor<"vllm", "chat-completions" | "responses" | "anthropic-messages"> & Keyless = {
  id: "vllm",
  name: "vLLM",
  env: "VLLM_API_KEY",
  key: "optional",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "http://localhost:8000/v1",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system", reasoning: "chat_template_kwargs", user: "user" },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "http://localhost:8000/v1",
      auth: "bearer",
      quirks: { user: "user" },
      client: OpenAiClient.makeResponses
    },
    {
      protocol: "anthropic-messages",
      baseUrl: "http://localhost:8000",
      auth: "bearer",
      structuredOutput: "tool",
      client: AnthropicClient.make
    }
  ]
}
