/**
 * The floor: the bytes as undici reads them, cut at blank lines, and `JSON.parse`. It checks nothing, cannot be cancelled
 * and would take half an answer for a whole one.
 */
import { ask, isDelta } from "./bare.mjs"
import { measure } from "./harness.mjs"

measure(async () => {
  const answer = await ask()
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
