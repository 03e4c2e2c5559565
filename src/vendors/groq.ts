/**
 * Groq. Sources: console.groq.com/docs/openai and the official SDK, `groq-sdk`.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Groq, over Chat Completions by default, and optionally over Responses.
 *
 * @since 0.1.0
 * @category vendors
 */
export const groq: Vendor<"groq", "chat-completions" | "responses"> = {
  id: "groq",
  name: "Groq",
  env: "GROQ_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://api.groq.com/openai/v1",
      auth: "bearer",
      quirks: { developer: "system", user: "user" },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "https://api.groq.com/openai/v1",
      auth: "bearer",
      quirks: { user: "user" },
      client: OpenAiClient.makeResponses
    }
  ]
}
