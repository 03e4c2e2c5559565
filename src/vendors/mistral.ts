/**
 * Mistral. Sources: docs.mistral.ai/api, and the provider `mistral` of the AI SDK: `random_seed`, and `any` for a tool
 * choice that must call one. It reports usage without being asked.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Mistral, over Chat Completions.
 *
 * @since 0.1.0
 * @category vendors
 */
export const mistral: Vendor<"mistral", "chat-completions"> = {
  id: "mistral",
  name: "Mistral",
  env: "MISTRAL_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://api.mistral.ai/v1",
      auth: "bearer",
      quirks: {
        maxTokens: "max_tokens",
        developer: "system",
        streamOptions: false,
        seed: "random_seed",
        required: "any",
        unsupported: ["user"]
      },
      prefill: { flag: "prefix", echoes: true },
      client: OpenAiClient.make
    }
  ]
}
