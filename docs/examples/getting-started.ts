import { Console, Effect, Layer, Logger, LogLevel, Redacted, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"

const answer = (text: string) => Reply.stream(Wire.answer("anthropic-messages", { text }))

// A vendor on this machine. The connection of its first answer breaks in the middle of a word.
const simulated = Layer.unwrapScoped(
  Effect.gen(function* () {
    const server = yield* FaultServer.make(({ json }) => {
      const ask = Wire.asked(json)
      return ask === undefined
        ? Reply.cut(answer("Because air scatters blue light most."), { afterEvents: 5 }, "rst")
        : answer(Wire.resumed(ask, "ters blue light most."))
    })
    return Provider.layer(Vendors.anthropic, { apiKey: Redacted.make("none"), baseUrl: server.url })
  })
)

const program = Provider.stream(
  { model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" },
  { delivery: "resume" }
).pipe(
  Stream.runForEach((event) => {
    switch (event._tag) {
      case "TextDelta":
        return Effect.sync(() => process.stdout.write(event.text))
      case "Finish":
        return Console.log(`\n${event.response.attempts.length} attempts, ${event.response.seams.length} seam`)
      default:
        return Effect.void
    }
  })
)

await program.pipe(
  Effect.provide(simulated),
  Logger.withMinimumLogLevel(LogLevel.Warning), // the log goes to the terminal, where the text is
  Effect.runPromise
)
