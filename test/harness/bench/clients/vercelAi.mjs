/** Vercel's AI SDK with its own Anthropic provider. */
import { createAnthropic } from "@ai-sdk/anthropic"
import { streamText } from "ai"
import { measure, options } from "./harness.mjs"

const anthropic = createAnthropic({ apiKey: "bench", baseURL: `${options.url}/v1` })
const model = anthropic("claude-sonnet-4-5")

measure(async () => {
  let came = 0
  const { textStream } = streamText({ model, prompt: "Hello", maxOutputTokens: 1024, maxRetries: 0 })
  for await (const text of textStream) if (text !== "") came++
  return came
})
