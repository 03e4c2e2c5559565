/**
 * Google's Gemini. Sources: ai.google.dev/gemini-api/docs, OpenAI compatibility and thought
 * signatures (`extra_content`).
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Google's Gemini, over its OpenAI-compatible Chat Completions. The signatures of its tool calls go back to it: Gemini
 * 3 and later refuse a conversation without them.
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
      quirks: { maxTokens: "max_tokens", developer: "system", replay: "extra_content" },
      client: OpenAiClient.make
    }
  ]
}
