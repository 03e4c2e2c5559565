/**
 * The floor's work as an Effect `Stream`, and nothing else: what any library costs at least that hands over its events in
 * one. It pulls once per piece of the network.
 */
import { Chunk, Effect, Option, Stream } from "effect"
import { ask, isDelta } from "./bare.mjs"
import { measure, options } from "./harness.mjs"

const events = Stream.unwrap(
  Effect.promise(async () => {
    const answer = await ask()
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
