/**
 * MiniMax. Source: platform.minimax.io, text-anthropic-api: Bearer auth, and version 2023-06-01 of the protocol.
 *
 * Its Chat Completions are not supported: without `reasoning_split` the thinking is inside the text, and with it the
 * vendor's own example (text-openai-api) reads chunks that repeat what came before.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import type { Endpoint, Vendor } from "./Vendor.js"

const messages = (host: string): Endpoint<"anthropic-messages"> => ({
  protocol: "anthropic-messages",
  baseUrl: `https://${host}/anthropic`,
  auth: "bearer",
  headers: { "anthropic-version": "2023-06-01" },
  structuredOutput: "tool",
  client: AnthropicClient.make
})

/**
 * MiniMax's global API, over Anthropic Messages.
 *
 * @since 0.1.0
 * @category vendors
 */
export const minimax: Vendor<"minimax", "anthropic-messages"> = {
  id: "minimax",
  name: "MiniMax",
  env: "MINIMAX_API_KEY",
  endpoints: [messages("api.minimax.io")]
}

/**
 * MiniMax's Chinese API, over Anthropic Messages.
 *
 * @since 0.1.0
 * @category vendors
 */
export const minimaxCn: Vendor<"minimax-cn", "anthropic-messages"> = {
  id: "minimax-cn",
  name: "MiniMax (China)",
  env: "MINIMAX_API_KEY",
  endpoints: [messages("api.minimaxi.com")]
}
