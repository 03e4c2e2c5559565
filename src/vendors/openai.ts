/**
 * OpenAI itself. Source: the official SDK, `openai`, and its types.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * OpenAI, over Chat Completions by default, and optionally over Responses.
 *
 * @since 0.1.0
 * @category vendors
 */
export const openai: Vendor<"openai", "chat-completions" | "responses"> = {
  id: "openai",
  name: "OpenAI",
  env: "OPENAI_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://api.openai.com/v1",
      auth: "bearer",
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "https://api.openai.com/v1",
      auth: "bearer",
      client: OpenAiClient.makeResponses
    }
  ]
}
