/**
 * Google's Gemini. Source: ai.google.dev/gemini-api/docs/openai.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Google's Gemini, over its OpenAI-compatible Chat Completions. Gemini 3 and later want the signatures of their tool
 * calls back, which this protocol's encoder does not send: conversations with tools may be refused there.
 *
 * @since 0.1.0
 * @category vendors
 */
export const gemini: Vendor<"gemini", "chat-completions"> = {
  id: "gemini",
  name: "Google Gemini",
  env: "GEMINI_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system" },
      client: OpenAiClient.make
    }
  ]
}
