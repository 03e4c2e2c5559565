import { Config, Console, Data, Effect, Either, Schema } from "effect"
import { Prompt, Provider, Tool, Toolkit, Vendors } from "effect-redial"

const toolkit = Toolkit.make(
  Tool.make("weather", {
    description: "The weather in a city, in degrees Celsius",
    parameters: Schema.Struct({ city: Schema.String })
  }),
  Tool.make("add", {
    description: "Adds two numbers",
    parameters: Schema.Struct({ a: Schema.Number, b: Schema.Number })
  })
)

const run = (call: Toolkit.Call<typeof toolkit>): Effect.Effect<string> => {
  switch (call.name) {
    case "weather":
      return Effect.succeed(`It is 18 degrees in ${call.arguments.city}.`)
    case "add":
      return Effect.succeed(String(call.arguments.a + call.arguments.b))
  }
}

// A call that does not fit is answered as well: the model reads what is wrong with it, and tries again.
const answer = Either.match({
  onLeft: (error: Toolkit.InvalidToolArguments) =>
    Effect.succeed(Prompt.toolResult(error, error.message, { isError: true })),
  onRight: (call: Toolkit.Call<typeof toolkit>) => Effect.map(run(call), (result) => Prompt.toolResult(call, result))
})

class Endless extends Data.TaggedError("Endless") {}

const converse = (question: string) =>
  Effect.gen(function* () {
    let prompt = Prompt.text(question)
    for (let turn = 1; turn <= 10; turn++) {
      const response = yield* Provider.generate({ model: "claude-sonnet-5-5", prompt, tools: toolkit })
      prompt = Prompt.append(prompt, response)
      // The vendor paused a long turn: what it said goes back, and it goes on.
      if (response.finishReason.reason === "pause") continue
      if (response.toolCalls.length === 0) return response.text
      const calls = yield* toolkit.decodeEach(response)
      prompt = Prompt.toolResults(prompt, yield* Effect.forEach(calls, answer, { concurrency: "unbounded" }))
    }
    return yield* new Endless()
  })

const live = Provider.layerConfig(Vendors.anthropic, {
  apiKey: Config.redacted("ANTHROPIC_API_KEY"),
  baseUrl: Config.string("ANTHROPIC_BASE_URL").pipe(Config.withDefault("https://api.anthropic.com"))
})

await converse("How warm are Oslo and Bergen together?").pipe(
  Effect.flatMap(Console.log),
  Effect.provide(live),
  Effect.runPromise
)
