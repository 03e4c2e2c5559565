/**
 * Alibaba Cloud Model Studio (DashScope). Source: its pages on the OpenAI-compatible and the Anthropic-compatible API.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Alibaba's international API, over Chat Completions by default, and over Responses or Anthropic Messages if asked. Its
 * Chinese API has the same paths at `https://dashscope.aliyuncs.com`.
 *
 * @since 0.1.0
 * @category vendors
 */
export const alibaba: Vendor<"alibaba", "chat-completions" | "responses" | "anthropic-messages"> = {
  id: "alibaba",
  protocol: "chat-completions",
  env: "DASHSCOPE_API_KEY",
  endpoints: {
    "chat-completions": {
      baseUrl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
      auth: "bearer",
      client: OpenAiClient.make
    },
    responses: {
      baseUrl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
      auth: "bearer",
      client: OpenAiClient.makeResponses
    },
    "anthropic-messages": {
      baseUrl: "https://dashscope-intl.aliyuncs.com/apps/anthropic",
      auth: "bearer",
      headers: { "anthropic-version": "2023-06-01" },
      structuredOutput: "tool",
      client: AnthropicClient.make
    }
  }
}
