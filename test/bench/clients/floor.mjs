/**
 * The floor: the bytes as undici reads them, cut at blank lines, and `JSON.parse`. It checks nothing, cannot be cancelled
 * and would take half an answer for a whole one.
 */
import { request } from "undici"
import { measure, options } from "./harness.mjs"

const routes = {
  "anthropic-messages": "/v1/messages",
  "chat-completions": "/chat/completions",
  responses: "/responses"
}

const isDelta = {
  "anthropic-messages": (event) => event.type === "content_block_delta",
  "chat-completions": (event) => event.choices.length > 0 && Boolean(event.choices[0].delta.content),
  responses: (event) => event.type === "response.output_text.delta"
}[options.protocol]

const url = options.url + routes[options.protocol]
const body = JSON.stringify({ model: "bench", stream: true, messages: [{ role: "user", content: "Hello" }] })

measure(async () => {
  const answer = await request(url, { method: "POST", headers: { "content-type": "application/json" }, body })
  const decoder = new TextDecoder()
  let text = ""
  let came = 0
  for await (const bytes of answer.body) {
    text += decoder.decode(bytes, { stream: true })
    let from = 0
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n", from)) {
      const data = text.slice(text.indexOf("data: ", from) + 6, end)
      if (data !== "[DONE]" && isDelta(JSON.parse(data))) came++
      from = end + 2
    }
    text = text.slice(from)
  }
  return came
})
