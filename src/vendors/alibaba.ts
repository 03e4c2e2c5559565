/**
 * Alibaba Cloud Model Studio (DashScope). Sources: its pages on the OpenAI-compatible and the Anthropic-compatible API;
 * its page on partial mode, which requires thinking to be off; its error codes, for the penalty that it refuses.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

type Protocols = "chat-completions" | "responses" | "anthropic-messages"

const at = (host: string): Vendor<string, Protocols>["endpoints"] => [
  {
    protocol: "chat-completions",
    baseUrl: `https://${host}/compatible-mode/v1`,
    auth: "bearer",
    quirks: {
      maxTokens: "max_tokens",
      developer: "system",
      reasoning: "enable_thinking",
      unsupported: ["frequencyPenalty"]
    },
    prefill: { flag: "partial" },
    client: OpenAiClient.make
  },
  {
    protocol: "responses",
    baseUrl: `https://${host}/compatible-mode/v1`,
    auth: "bearer",
    client: OpenAiClient.makeResponses
  },
  {
    protocol: "anthropic-messages",
    baseUrl: `https://${host}/apps/anthropic`,
    auth: "bearer",
    headers: { "anthropic-version": "2023-06-01" },
    structuredOutput: "tool",
    client: AnthropicClient.make
  }
]

/**
 * Alibaba's international API, over Chat Completions by default, and optionally over Responses or Anthropic Messages.
 *
 * @since 0.1.0
 * @category vendors
 */
export const alibaba: Vendor<"alibaba", Protocols> = {
  id: "alibaba",
  name: "Alibaba Cloud",
  env: "DASHSCOPE_API_KEY",
  endpoints: at("dashscope-intl.aliyuncs.com")
}

/**
 * Alibaba's Chinese API, with the same protocols.
 *
 * @since 0.1.0
 * @category vendors
 */
export const alibabaCn: Vendor<"alibaba-cn", Protocols> = {
  id: "alibaba-cn",
  name: "Alibaba Cloud (China)",
  env: "DASHSCOPE_API_KEY",
  endpoints: at("dashscope.aliyuncs.com")
}
