import { Console, Effect, Schedule, Stream } from "effect"
import { Provider } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import { ollama } from "./ollama/chat.js"

const says = (content: string) => ({ model: "qwen3", message: { role: "assistant", content }, done: false })
const done = { model: "qwen3", message: { role: "assistant", content: "" }, done: true, done_reason: "stop" }

const answer = Reply.jsonLines([says("Because of "), says("Rayleigh "), says("scattering."), done])

const program = Effect.gen(function* () {
  const server = yield* FaultServer.make([
    // A reset in the middle of the text, then a clean end without the last line, then the whole answer.
    Reply.cut(answer, { afterEvents: 2, wait: "20 millis" }, "rst"),
    Reply.cut(answer, { afterEvents: 3 }, "clean"),
    answer
  ])
  const provider = yield* Provider.make(ollama, { baseUrl: server.url, retry: Schedule.recurs(2) })
  yield* provider.stream({ model: "qwen3", prompt: "Why is the sky blue?" }).pipe(
    Stream.runForEach((event) => {
      if (event._tag === "Superseded") return Console.log(`void: "${event.discarded.text}" (${event.error.tag})`)
      return event._tag === "Finish" ? Console.log(event.response.text) : Effect.void
    })
  )
})

await Effect.runPromise(Effect.scoped(program))
