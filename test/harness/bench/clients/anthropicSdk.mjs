/** The official Anthropic SDK's own iterator. */
import Anthropic from "@anthropic-ai/sdk"
import { measure, options } from "./harness.mjs"

const client = new Anthropic({ apiKey: "bench", baseURL: options.url, maxRetries: 0 })

measure(async () => {
  let came = 0
  const stream = await client.messages.create({
    model: "bench",
    max_tokens: 1024,
    stream: true,
    messages: [{ role: "user", content: "Hello" }]
  })
  for await (const event of stream) if (event.type === "content_block_delta") came++
  return came
})
