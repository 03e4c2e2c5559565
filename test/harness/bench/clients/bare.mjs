/** What the programs on bare undici ask for, and how they tell a delta. */
import { request } from "undici"
import { options } from "./harness.mjs"

const routes = {
  "anthropic-messages": "/v1/messages",
  "chat-completions": "/chat/completions",
  responses: "/responses"
}

export const isDelta = {
  "anthropic-messages": (event) => event.type === "content_block_delta",
  "chat-completions": (event) => event.choices.length > 0 && Boolean(event.choices[0].delta.content),
  responses: (event) => event.type === "response.output_text.delta"
}[options.protocol]

const url = options.url + routes[options.protocol]
const body = JSON.stringify({ model: "bench", stream: true, messages: [{ role: "user", content: "Hello" }] })
const headers = { "content-type": "application/json" }

export const ask = () => request(url, { method: "POST", headers, body })
