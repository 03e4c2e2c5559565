/**
 * Together AI. Source: docs.together.ai, OpenAI compatibility and the reference of chat completions.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Together AI, over Chat Completions.
 *
 * @since 0.1.0
 * @category vendors
 */
export const together: Vendor<"together", "chat-completions"> = {
  id: "together",
  name: "Together AI",
  env: "TOGETHER_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://api.together.ai/v1",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system" },
      client: OpenAiClient.make
    }
  ]
}
