/** `@effect/ai-anthropic`: its language model, over Effect's client on `fetch`. */
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as AnthropicClient from "@effect/ai-anthropic/AnthropicClient"
import * as AnthropicLanguageModel from "@effect/ai-anthropic/AnthropicLanguageModel"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { Effect, Layer, ManagedRuntime, Redacted, Stream } from "effect"
import { measure, options } from "./harness.mjs"

const client = AnthropicClient.layer({ apiKey: Redacted.make("bench"), apiUrl: options.url })
const runtime = ManagedRuntime.make(
  AnthropicLanguageModel.layer({ model: "claude-sonnet-4-5", config: { max_tokens: 1024 } }).pipe(
    Layer.provide(client),
    Layer.provide(FetchHttpClient.layer)
  )
)

measure(async () => {
  let came = 0
  const see = (part) => {
    if (part.type === "text-delta") came++
  }
  await runtime.runPromise(
    LanguageModel.streamText({ prompt: "Hello" }).pipe(Stream.runForEach((part) => Effect.sync(() => see(part))))
  )
  return came
})
