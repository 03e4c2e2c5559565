/**
 * MiniMax. Source: platform.minimax.io, text-anthropic-api: Bearer auth, and version 2023-06-01 of the protocol.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * MiniMax's global API, over Anthropic Messages. Its Chinese API is at `https://api.minimaxi.com/anthropic`: give that as
 * `baseUrl`.
 *
 * @since 0.1.0
 * @category vendors
 */
export const minimax: Vendor<"minimax", "anthropic-messages"> = {
  id: "minimax",
  protocol: "anthropic-messages",
  env: "MINIMAX_API_KEY",
  endpoints: {
    "anthropic-messages": {
      baseUrl: "https://api.minimax.io/anthropic",
      auth: "bearer",
      headers: { "anthropic-version": "2023-06-01" },
      structuredOutput: "tool",
      client: AnthropicClient.make
    }
  }
}
