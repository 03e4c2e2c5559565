/**
 * The floor's work as an Effect `Stream`, and nothing else: what any library costs at least that hands over its events in
 * one. It pulls once per piece of the network.
 */
import { Chunk, Effect, Option, Stream } from "effect"
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
const headers = { "content-type": "application/json" }

const events = Stream.unwrap(
  Effect.promise(async () => {
    const answer = await request(url, { method: "POST", headers, body })
    const pieces = answer.body[Symbol.asyncIterator]()
    const decoder = new TextDecoder()
    let text = ""
    const pull = Effect.flatMap(
      Effect.promise(() => pieces.next()),
      ({ done, value }) => {
        if (done) return Effect.fail(Option.none())
        const out = []
        text += decoder.decode(value, { stream: true })
        let from = 0
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n", from)) {
          const data = text.slice(text.indexOf("data: ", from) + 6, end)
          if (data !== "[DONE]") out.push(JSON.parse(data))
          from = end + 2
        }
        text = text.slice(from)
        return out.length === 0 ? pull : Effect.succeed(Chunk.unsafeFromArray(out))
      }
    )
    return Stream.repeatEffectChunkOption(pull)
  })
)

let came = 0
const see = (event) => {
  if (isDelta(event)) came++
}

const run = {
  chunk: Stream.runForEachChunk((events) =>
    Effect.sync(() => {
      for (const event of events) see(event)
    })
  ),
  each: Stream.runForEach((event) => Effect.sync(() => see(event)))
}[options.consume]

measure(async () => {
  came = 0
  await Effect.runPromise(run(events))
  return came
})
