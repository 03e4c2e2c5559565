import { Array, Config, Console, Data, Effect, Schema } from "effect"
import { Prompt, Provider, Responses, Vendors } from "effect-redial"

const tools = [
  Responses.tool({ type: "web_search" }),
  Responses.tool({
    type: "mcp",
    server_label: "calendar",
    server_url: "https://calendar.example.com/mcp",
    require_approval: "always"
  })
]

const Request = Schema.Struct({ id: Schema.String, name: Schema.String })

// Requests of OpenAI's own tools to the program arrive as parts that this library does not model.
const answer = (part: Prompt.AssistantPart) =>
  part.type === "provider" && part.name === "mcp_approval_request"
    ? Effect.map(Effect.option(Schema.decodeUnknown(Request)(part.value)), (request) =>
        Array.map(Array.fromOption(request), ({ id, name }) =>
          Responses.toolOutput({
            type: "mcp_approval_response",
            approval_request_id: id,
            approve: name.startsWith("read_")
          })
        )
      )
    : Effect.succeed([])

class Endless extends Data.TaggedError("Endless") {}

const converse = (question: string) =>
  Effect.gen(function* () {
    let prompt = Prompt.text(question)
    for (let turn = 1; turn <= 10; turn++) {
      const response = yield* Provider.generate({ model: "gpt-5", prompt, tools }, { headers: { "x-turn": `${turn}` } })
      if (response.finishReason.reason !== "tool-calls") return response.text
      const outputs = yield* Effect.forEach(response.content, answer)
      prompt = Prompt.toolResults(Prompt.append(prompt, response), outputs.flat())
    }
    return yield* new Endless()
  })

const live = Provider.layerConfig(
  Vendors.openai,
  {
    apiKey: Config.redacted("OPENAI_API_KEY"),
    baseUrl: Config.string("OPENAI_BASE_URL").pipe(Config.withDefault("https://api.openai.com/v1"))
  },
  { protocol: "responses" }
)

await converse("When is my next meeting?").pipe(Effect.flatMap(Console.log), Effect.provide(live), Effect.runPromise)
