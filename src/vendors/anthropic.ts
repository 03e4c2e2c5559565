/**
 * Anthropic itself. Sources: the official SDK, `@anthropic-ai/sdk`; prefill: the migration guides on
 * platform.claude.com, which say that models from 4.6 on refuse it; the header of OAuth tokens: the package `pi-ai`,
 * which sends it.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Anthropic, over its own Messages protocol. A key is sent in `x-api-key`. The OAuth token of an account is not such a
 * key; it requires `auth: "bearer"` with the header `anthropic-beta: oauth-2025-04-20` in `headers`.
 *
 * @since 0.1.0
 * @category vendors
 */
export const anthropic: Vendor<"anthropic", "anthropic-messages"> = {
  id: "anthropic",
  name: "Anthropic",
  env: "ANTHROPIC_API_KEY",
  endpoints: [
    {
      protocol: "anthropic-messages",
      baseUrl: "https://api.anthropic.com",
      auth: "x-api-key",
      prefill: { models: /^claude-(3|(opus|sonnet|haiku)-4(-[015])?(-\d{8}|$))/ },
      client: AnthropicClient.make
    }
  ]
}
