/**
 * Cerebras. Source: inference-docs.cerebras.ai, OpenAI compatibility.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Cerebras, over Chat Completions.
 *
 * @since 0.1.0
 * @category vendors
 */
export const cerebras: Vendor<"cerebras", "chat-completions"> = {
  id: "cerebras",
  name: "Cerebras",
  env: "CEREBRAS_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://api.cerebras.ai/v1",
      auth: "bearer",
      quirks: { developer: "system", user: "user" },
      client: OpenAiClient.make
    }
  ]
}
