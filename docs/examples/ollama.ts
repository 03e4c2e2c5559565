import { Config, Console, Effect, Stream } from "effect"
import { Provider } from "effect-redial"
import { ollama } from "./ollama/chat.js"

const live = Provider.layerConfig(ollama, {
  baseUrl: Config.string("OLLAMA_BASE_URL").pipe(Config.withDefault("http://localhost:11434"))
})

await Provider.streamText({
  model: "qwen3",
  prompt: "Why is the sky blue?",
  providerOptions: { "ollama-chat": { keep_alive: "10m" } }
}).pipe(
  Stream.runForEach((text) => Effect.sync(() => process.stdout.write(text))),
  Effect.zipRight(Console.log("")),
  Effect.provide(live),
  Effect.runPromise
)
