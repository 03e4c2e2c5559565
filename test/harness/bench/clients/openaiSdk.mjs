/** The official OpenAI SDK's own iterator, over either of its protocols. */
import OpenAI from "openai"
import { measure, options } from "./harness.mjs"

const client = new OpenAI({ apiKey: "bench", baseURL: options.url, maxRetries: 0 })

const chat = async () => {
  let came = 0
  const messages = [{ role: "user", content: "Hello" }]
  const stream = await client.chat.completions.create({ model: "bench", stream: true, messages })
  for await (const event of stream) if (event.choices[0]?.delta.content) came++
  return came
}

const responses = async () => {
  let came = 0
  const stream = await client.responses.create({ model: "bench", stream: true, input: "Hello" })
  for await (const event of stream) if (event.type === "response.output_text.delta") came++
  return came
}

measure(options.protocol === "responses" ? responses : chat)
