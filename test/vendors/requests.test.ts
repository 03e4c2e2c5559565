/**
 * What each vendor is sent, over each of its protocols: the address, the one credential, the headers and the body, as its
 * documentation has them. The sources are in the vendors' own files.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ModelRequest, type Protocol, Tool, Vendors } from "effect-redial"
import { environment } from "../support/client/wire.js"
import { sentTo } from "../support/vendors/world.js"

const weather = Tool.make("weather", { description: "The weather" })

/** A conversation with everything in it that vendors differ in. */
const request: ModelRequest.Options = {
  model: "m",
  system: "Be brief",
  prompt: [
    { role: "developer", content: "In French" },
    { role: "user", content: "Hello" },
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "Hm." },
        { type: "tool-call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }
      ]
    },
    { role: "tool", content: [{ type: "tool-result", id: "call_1", content: "18" }] }
  ],
  tools: [weather],
  maxOutputTokens: 100,
  reasoning: { effort: "high" }
}

/** Of Perplexity, whose models take no tools. */
const plain: ModelRequest.Options = { model: "m", system: "Be brief", prompt: "Hello", maxOutputTokens: 100 }

const usage = { stream_options: { include_usage: true } }
const effort = { reasoning_effort: "high" }
const newer = { max_completion_tokens: 100 }
const older = { max_tokens: 100 }

/** A body of Chat Completions: what is the same everywhere, the role of the developer, and what was thought. */
const chat = (fields: object, developer = "system", thought?: string) => ({
  model: "m",
  messages: [
    { role: "system", content: "Be brief" },
    { role: developer, content: "In French" },
    { role: "user", content: "Hello" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: `{"city":"Oslo"}` } }],
      ...(thought !== undefined && { reasoning_content: thought })
    },
    { role: "tool", tool_call_id: "call_1", content: "18" }
  ],
  tools: [
    {
      type: "function",
      function: { name: "weather", description: "The weather", parameters: weather.parameters }
    }
  ],
  stream: true,
  ...fields
})

const messages = (thinking = "adaptive") => ({
  model: "m",
  max_tokens: 100,
  system: [
    { type: "text", text: "Be brief" },
    { type: "text", text: "In French" }
  ],
  messages: [
    { role: "user", content: "Hello" },
    { role: "assistant", content: [{ type: "tool_use", id: "call_1", name: "weather", input: { city: "Oslo" } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "18" }] }
  ],
  tools: [{ name: "weather", description: "The weather", input_schema: weather.parameters }],
  thinking: { type: thinking },
  output_config: { effort: "high" },
  stream: true
})

const responses = {
  model: "m",
  input: [
    { role: "developer", content: "In French" },
    { role: "user", content: "Hello" },
    { type: "function_call", call_id: "call_1", name: "weather", arguments: `{"city":"Oslo"}` },
    { type: "function_call_output", call_id: "call_1", output: "18" }
  ],
  store: false,
  include: ["reasoning.encrypted_content"],
  instructions: "Be brief",
  max_output_tokens: 100,
  tools: [
    {
      type: "function",
      name: "weather",
      description: "The weather",
      parameters: weather.parameters,
      strict: false
    }
  ],
  reasoning: { effort: "high" },
  stream: true
}

const bearer = { authorization: "Bearer test-key" }
const xApiKey = { "x-api-key": "test-key" }
const gateway = { "cf-aig-authorization": "Bearer test-key" }
/** The version of Anthropic Messages that its vendors document; the SDK's own is newer. */
const v2023 = { "anthropic-version": "2023-06-01" }

type Row = readonly [
  id: Vendors.Id,
  address: string,
  credentials: Readonly<Record<string, string>>,
  body: object,
  headers?: Readonly<Record<string, string>>
]

const kimi = chat({ ...newer, ...effort, ...usage }, "system", "Hm.")
const glm = chat({ ...older, ...effort, thinking: { type: "enabled" } }, "system", "Hm.")
const qwen = chat({ ...older, ...usage, enable_thinking: true })
const asOpenAi = chat({ ...newer, ...effort, ...usage }, "developer")
const asBefore = chat({ ...older, ...effort, ...usage })
const template = chat({ ...older, ...usage, chat_template_kwargs: { enable_thinking: true } })
const behind = "gateway.ai.cloudflare.com/v1/my-account/my-gateway"

const rows: Readonly<Record<Protocol.ProtocolId, ReadonlyArray<Row>>> = {
  "chat-completions": [
    ["openai", "api.openai.com/v1", bearer, asOpenAi],
    ["azure", "my-resource.openai.azure.com/openai/v1", { "api-key": "test-key" }, asOpenAi],
    ["alibaba", "dashscope-intl.aliyuncs.com/compatible-mode/v1", bearer, qwen],
    ["alibaba-cn", "dashscope.aliyuncs.com/compatible-mode/v1", bearer, qwen],
    ["openrouter", "openrouter.ai/api/v1", bearer, chat({ ...older, reasoning: { effort: "high" } })],
    ["moonshot", "api.moonshot.ai/v1", bearer, kimi],
    ["moonshot-cn", "api.moonshot.cn/v1", bearer, kimi],
    ["zai", "api.z.ai/api/paas/v4", bearer, glm],
    ["zhipu", "open.bigmodel.cn/api/paas/v4", bearer, glm],
    [
      "deepseek",
      "api.deepseek.com",
      bearer,
      chat({ ...older, ...effort, ...usage, thinking: { type: "enabled" } }, "system", "Hm.")
    ],
    ["xai", "api.x.ai/v1", bearer, chat({ ...newer, ...effort, ...usage })],
    ["groq", "api.groq.com/openai/v1", bearer, chat({ ...newer, ...effort, ...usage })],
    ["mistral", "api.mistral.ai/v1", bearer, chat({ ...older, ...effort })],
    ["together", "api.together.ai/v1", bearer, asBefore],
    ["fireworks", "api.fireworks.ai/inference/v1", bearer, asBefore],
    ["cerebras", "api.cerebras.ai/v1", bearer, chat({ ...newer, ...effort, ...usage })],
    [
      "perplexity",
      "api.perplexity.ai",
      bearer,
      {
        model: "m",
        messages: [
          { role: "system", content: "Be brief" },
          { role: "user", content: "Hello" }
        ],
        max_tokens: 100,
        stream: true
      }
    ],
    ["nvidia", "integrate.api.nvidia.com/v1", bearer, template],
    ["huggingface", "router.huggingface.co/v1", bearer, chat({ ...newer, ...effort, ...usage })],
    ["gemini", "generativelanguage.googleapis.com/v1beta/openai", bearer, asBefore],
    ["vercel", "ai-gateway.vercel.sh/v1", bearer, chat({ ...older, ...usage, reasoning: { effort: "high" } })],
    ["cloudflare", `${behind}/compat`, gateway, asBefore],
    ["ollama", "localhost:11434/v1", bearer, asBefore],
    ["lmstudio", "localhost:1234/v1", bearer, asBefore],
    ["vllm", "localhost:8000/v1", bearer, template],
    ["llama-cpp", "localhost:8080/v1", bearer, template]
  ],
  responses: [
    ["openai", "api.openai.com/v1", bearer, responses],
    ["azure", "my-resource.openai.azure.com/openai/v1", { "api-key": "test-key" }, responses],
    ["alibaba", "dashscope-intl.aliyuncs.com/compatible-mode/v1", bearer, responses],
    ["alibaba-cn", "dashscope.aliyuncs.com/compatible-mode/v1", bearer, responses],
    ["openrouter", "openrouter.ai/api/v1", bearer, responses],
    ["deepseek", "api.deepseek.com", bearer, responses],
    ["xai", "api.x.ai/v1", bearer, responses],
    ["groq", "api.groq.com/openai/v1", bearer, responses],
    ["fireworks", "api.fireworks.ai/inference/v1", bearer, responses],
    ["huggingface", "router.huggingface.co/v1", bearer, responses],
    ["cloudflare", `${behind}/openai`, gateway, responses],
    ["ollama", "localhost:11434/v1", bearer, responses],
    ["lmstudio", "localhost:1234/v1", bearer, responses],
    ["vllm", "localhost:8000/v1", bearer, responses]
  ],
  "anthropic-messages": [
    ["anthropic", "api.anthropic.com", xApiKey, messages()],
    ["azure-foundry", "my-resource.services.ai.azure.com/anthropic", xApiKey, messages()],
    ["minimax", "api.minimax.io/anthropic", bearer, messages(), v2023],
    ["minimax-cn", "api.minimaxi.com/anthropic", bearer, messages(), v2023],
    ["alibaba", "dashscope-intl.aliyuncs.com/apps/anthropic", bearer, messages(), v2023],
    ["alibaba-cn", "dashscope.aliyuncs.com/apps/anthropic", bearer, messages(), v2023],
    ["openrouter", "openrouter.ai/api", bearer, messages(), v2023],
    ["moonshot", "api.moonshot.ai/anthropic", bearer, messages(), v2023],
    ["moonshot-cn", "api.moonshot.cn/anthropic", bearer, messages(), v2023],
    ["zai", "api.z.ai/api/anthropic", bearer, messages(), v2023],
    ["zhipu", "open.bigmodel.cn/api/anthropic", bearer, messages(), v2023],
    ["deepseek", "api.deepseek.com/anthropic", xApiKey, messages("enabled")],
    ["fireworks", "api.fireworks.ai/inference", bearer, messages(), v2023],
    ["vercel", "ai-gateway.vercel.sh", xApiKey, messages(), v2023],
    ["cloudflare", `${behind}/anthropic`, gateway, messages()],
    ["ollama", "localhost:11434", bearer, messages()],
    ["lmstudio", "localhost:1234", xApiKey, messages()],
    ["vllm", "localhost:8000", bearer, messages()],
    ["llama-cpp", "localhost:8080", bearer, messages()]
  ]
}

const paths: Readonly<Record<Protocol.ProtocolId, string>> = {
  "chat-completions": "/chat/completions",
  responses: "/responses",
  "anthropic-messages": "/v1/messages"
}

const protocols = ["chat-completions", "responses", "anthropic-messages"] as const

for (const protocol of protocols) {
  describe(`over ${protocol}`, () => {
    for (const [id, address, credentials, body, headers = {}] of rows[protocol]) {
      it.scopedLive(`${id} is sent what it documents, and one credential`, () =>
        Effect.gen(function* () {
          yield* environment({ OPENAI_API_KEY: "canary", ANTHROPIC_API_KEY: "canary", ANTHROPIC_AUTH_TOKEN: "canary" })
          const sent = yield* sentTo(id, protocol, id === "perplexity" ? plain : request)
          assert.deepStrictEqual([sent.method, sent.address], ["POST", address + paths[protocol]])
          assert.deepStrictEqual(sent.credentials, credentials)
          assert.deepStrictEqual(sent.body, body)
          for (const [name, value] of Object.entries(headers)) assert.strictEqual(sent.headers[name], value)
        })
      )
    }
  })
}

describe("the vendors", () => {
  it("are all here, with all of their protocols", () => {
    const tested = protocols.flatMap((protocol) => rows[protocol].map(([id]) => `${id} ${protocol}`))
    const served = Vendors.all.flatMap(({ endpoints, id }: Vendors.Vendor) =>
      endpoints.map(({ protocol }) => `${id} ${protocol}`)
    )
    assert.deepStrictEqual(tested.sort(), served.sort())
  })
})
