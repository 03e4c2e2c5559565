/**
 * NVIDIA NIM. Source: docs.api.nvidia.com, reference of chat completions.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * NVIDIA's hosted models, over Chat Completions.
 *
 * @since 0.1.0
 * @category vendors
 */
export const nvidia: Vendor<"nvidia", "chat-completions"> = {
  id: "nvidia",
  name: "NVIDIA NIM",
  env: "NVIDIA_API_KEY",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://integrate.api.nvidia.com/v1",
      auth: "bearer",
      quirks: { maxTokens: "max_tokens", developer: "system", reasoning: "chat_template_kwargs" },
      client: OpenAiClient.make
    }
  ]
}
