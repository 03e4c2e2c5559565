/**
 * Perplexity. Source: docs.perplexity.ai, reference of chat completions, and the provider `perplexity` of the AI SDK
 * for what it refuses. It reports usage without being asked.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Perplexity, over Chat Completions. Its models search, and accept no tools of yours.
 *
 * @since 0.1.0
 * @category vendors
 */
export const perplexity: Vendor<"perplexity", "chat-completions"> = {
  id: "perplexity",
  name: "Perplexity",
  env: "PERPLEXITY_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://api.perplexity.ai",
      auth: "bearer",
      quirks: {
        maxTokens: "max_tokens",
        developer: "system",
        streamOptions: false,
        unsupported: ["stopSequences", "seed", "tools", "user"]
      },
      client: OpenAiClient.make
    }
  ]
}
