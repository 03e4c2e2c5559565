/**
 * Z.ai, whose models are GLM. Sources: docs.z.ai, guides/capabilities/thinking-mode: reasoning goes back with the
 * results of its tools; java.agentscope.io, integration/model/glm: `max_tokens`, no `stream_options`, no penalties, and
 * no tool choice but the default, which is why `generateObject` is refused over its Chat Completions.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

type Protocols = "chat-completions" | "anthropic-messages"

const at = (host: string): Vendor<string, Protocols>["endpoints"] => [
  {
    protocol: "chat-completions",
    baseUrl: `https://${host}/api/paas/v4`,
    auth: "bearer",
    quirks: {
      maxTokens: "max_tokens",
      developer: "system",
      streamOptions: false,
      reasoning: "thinking-effort",
      replay: "reasoning_content",
      unsupported: ["frequencyPenalty", "presencePenalty", "toolChoice"]
    },
    structuredOutput: "tool",
    client: OpenAiClient.make
  },
  {
    protocol: "anthropic-messages",
    baseUrl: `https://${host}/api/anthropic`,
    auth: "bearer",
    headers: { "anthropic-version": "2023-06-01" },
    structuredOutput: "tool",
    client: AnthropicClient.make
  }
]

/**
 * Z.ai's global API, over Chat Completions by default, and optionally over Anthropic Messages.
 *
 * @since 0.1.0
 * @category vendors
 */
export const zai: Vendor<"zai", Protocols> = {
  id: "zai",
  name: "Z.ai",
  env: "ZAI_API_KEY",
  endpoints: at("api.z.ai")
}

/**
 * Z.ai's Chinese API, with the same protocols.
 *
 * @since 0.1.0
 * @category vendors
 */
export const zhipu: Vendor<"zhipu", Protocols> = {
  id: "zhipu",
  name: "Zhipu (Z.ai, China)",
  env: "ZHIPU_API_KEY",
  endpoints: at("open.bigmodel.cn")
}
