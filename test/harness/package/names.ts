/**
 * What a library that builds on this one may export. The check of the package writes its declarations, which works only
 * where every type that is inferred here has a name that can be imported.
 */
import { Effect, Redacted, Schema } from "effect"
import {
  AnthropicClient,
  AnthropicMessages,
  ChatCompletions,
  ConnectionPool,
  Credentials,
  ModelResponse,
  Prompt,
  Provider,
  ProviderError,
  Responses,
  Tool,
  Toolkit,
  Vendors
} from "effect-redial"
import { Cassette, FaultServer, Reply, ScriptedProvider } from "effect-redial/testing"

const apiKey = Redacted.make("key")

export const layer = Provider.layer(Vendors.azure, { apiKey, resource: "resource" })
export const fromEnv = Provider.layerFromEnv(Vendors.ollama)
export const stream = Provider.stream({ model: "m", prompt: "Hello" }, { delivery: "hold" })
export const object = Provider.generateObject({ model: "m", prompt: "Hello" }, { schema: Schema.String })
export const objects = Provider.streamObject(
  { model: "m", prompt: "Hello" },
  { schema: Schema.Struct({ a: Schema.Date }) }
)
export const elements = Provider.streamElements({ model: "m", prompt: "Hello" }, { element: Schema.String })
export const retried = Effect.retry(Provider.generate({ model: "m", prompt: "Hello" }), {
  while: ProviderError.isRetryable
})
export const result = Prompt.toolResult({ id: "call" }, "18 degrees")
export const bash = AnthropicMessages.tool({ type: "bash_20250124", name: "bash" })
export const browse = ChatCompletions.tool({ type: "browser_search" })
export const search = Responses.tool({ type: "web_search" })
export const patched = Responses.toolOutput({ type: "apply_patch_call_output", call_id: "c", status: "completed" })
export const Message = Schema.Struct({ message: Prompt.AssistantMessage, result: Prompt.ToolResultPart })
export const custom = Vendors.custom({ id: "x", protocol: "responses", baseUrl: "https://llm.example.com/v1" })
export const found = Vendors.find("groq")
export const client = Vendors.groq.endpoints[0].client

export const connections = Effect.map(AnthropicClient.AnthropicClient, ({ connections }) => connections)
export const keys = Effect.map(AnthropicClient.AnthropicClient, ({ keys }) => keys())
export const prepare = Effect.map(AnthropicClient.AnthropicClient, ({ prepare }) => prepare)
export const sources = Effect.map(ConnectionPool.make(), ({ source }) => source)
export const credentials = Credentials.make([Credentials.fromKey(apiKey)])

export const toolkit = Toolkit.make(Tool.make("add", { parameters: Schema.Struct({ a: Schema.Number }) }))
export const decode = toolkit.decode
export const weather = Tool.make("weather", { parameters: { city: Schema.String } })
export const described = <A, I>(schema: Schema.Schema<A, I>) => Tool.make("any", { parameters: schema })

export const response = ModelResponse.make({ text: "Hello" })
export const limited = new ProviderError.RateLimited({ provider: "x" })
export const cut = Reply.cut({ afterEvents: 1 }, "rst")

export const protocol = AnthropicMessages.protocol
export const initial = AnthropicMessages.protocol.initial
export const encode = ChatCompletions.protocol.encode
export const cursor = Responses.protocol.cursor

export const server = FaultServer.make([Reply.status(200)])
export const gate = FaultServer.gate()
export const cassette = Cassette.make("cassette.json")
export const replayed = Provider.layer(Vendors.anthropic, { apiKey, pool: Cassette.pool })
export const turn = ScriptedProvider.answer({ text: "Hello" })

// A pool is taken over and changed; one that is made from nothing would lack what this library needs of it.
export const pool = Effect.map(ConnectionPool.make(), (pool): ConnectionPool.Service => ({ ...pool, fetch }))
// @ts-expect-error
export const scratch: ConnectionPool.Service = {
  fetch,
  retire: Effect.void,
  stats: Effect.succeed({ dialled: 0, open: 0 })
}
