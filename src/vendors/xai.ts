/**
 * xAI. Sources: docs.x.ai, guides on the Responses API (which it recommends) and its best practices, which ask for a
 * timeout of 15 minutes; the provider `xai` of the AI SDK for what it refuses.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * xAI, over Responses by default, and optionally over Chat Completions, which the vendor calls deprecated.
 *
 * @since 0.1.0
 * @category vendors
 */
export const xai: Vendor<"xai", "responses" | "chat-completions"> = {
  id: "xai",
  name: "xAI",
  env: "XAI_API_KEY",
  endpoints: [
    {
      protocol: "responses",
      baseUrl: "https://api.x.ai/v1",
      auth: "bearer",
      quirks: { user: "user" },
      deadlines: { firstEvent: "15 minutes" },
      client: OpenAiClient.makeResponses
    },
    {
      protocol: "chat-completions",
      baseUrl: "https://api.x.ai/v1",
      auth: "bearer",
      quirks: {
        developer: "system",
        user: "user",
        unsupported: ["frequencyPenalty", "presencePenalty", "stopSequences"]
      },
      deadlines: { firstEvent: "15 minutes" },
      client: OpenAiClient.make
    }
  ]
}
