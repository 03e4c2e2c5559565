/**
 * Anthropic itself. Source: the official SDK, `@anthropic-ai/sdk`.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Anthropic, over its own Messages protocol.
 *
 * @since 0.1.0
 * @category vendors
 */
export const anthropic: Vendor<"anthropic", "anthropic-messages"> = {
  id: "anthropic",
  protocol: "anthropic-messages",
  env: "ANTHROPIC_API_KEY",
  endpoints: {
    "anthropic-messages": {
      baseUrl: "https://api.anthropic.com",
      auth: "x-api-key",
      client: AnthropicClient.make
    }
  }
}
