/**
 * Hugging Face's router. Source: huggingface.co/docs/inference-providers, and its page on the Responses API.
 */
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { Vendor } from "./Vendor.js"

/**
 * Hugging Face's inference providers, over Chat Completions by default, and optionally over Responses.
 *
 * @since 0.1.0
 * @category vendors
 */
export const huggingface: Vendor<"huggingface", "chat-completions" | "responses"> = {
  id: "huggingface",
  name: "Hugging Face",
  env: "HF_TOKEN",
  endpoints: [
    {
      protocol: "chat-completions",
      baseUrl: "https://router.huggingface.co/v1",
      auth: "bearer",
      quirks: { developer: "system" },
      client: OpenAiClient.make
    },
    {
      protocol: "responses",
      baseUrl: "https://router.huggingface.co/v1",
      auth: "bearer",
      client: OpenAiClient.makeResponses
    }
  ]
}
