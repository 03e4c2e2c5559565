/**
 * What a request says, and what a server receives for it, over real sockets: one row per field and protocol.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import {
  AnthropicMessages,
  ChatCompletions,
  type ModelRequest,
  type Prompt,
  type Protocol,
  Provider,
  Responses,
  Tool,
  Vendors
} from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { apiKey } from "../support/request.js"

type Request = Partial<ModelRequest.Options>

/** Each row: what it is about, the request, and the fields of the body that come of it. */
type Rows = ReadonlyArray<readonly [about: string, request: Request, received: object]>

const provider = (protocol: Protocol.ProtocolId, baseUrl: string) =>
  Provider.make(Vendors.custom({ id: "own", protocol, baseUrl }), { apiKey })

const received = (protocol: Protocol.ProtocolId, request: Request) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([Reply.stream(Wire.answer(protocol, { text: "Hello" }))])
    const service = yield* provider(protocol, server.url)
    yield* service.generate({ model: "m", prompt: "Hello", ...request })
    const [first] = yield* server.requests
    return first?.json as Readonly<Record<string, unknown>>
  })

const receives = (protocol: Protocol.ProtocolId, rows: Rows) => {
  for (const [about, request, fields] of rows) {
    it.scopedLive(about, () =>
      Effect.gen(function* () {
        const body = yield* received(protocol, request)
        const found = Object.fromEntries(Object.keys(fields).map((name) => [name, body[name]]))
        assert.deepStrictEqual(found, fields)
      })
    )
  }
}

/** Each row: what it is about, the request, the field that is named, and some of the words. Nothing is sent. */
const refuses = (
  protocol: Protocol.ProtocolId,
  rows: ReadonlyArray<readonly [about: string, request: Request, field: string, words: RegExp]>
) => {
  for (const [about, request, field, words] of rows) {
    it.scopedLive(`refuses ${about}`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.stream([])])
        const service = yield* provider(protocol, server.url)
        const error = yield* Effect.flip(service.generate({ model: "m", prompt: "Hello", ...request }))
        assert(error._tag === "InvalidRequest", error.message)
        assert.strictEqual(error.field, field)
        assert.match(error.message, words)
        assert.deepStrictEqual(yield* server.requests, [])
      })
    )
  }
}

const marked = Tool.make("weather", { cache: "1h" })
const weather = Tool.make("weather", { description: "The weather", parameters: Schema.Struct({ city: Schema.String }) })
const search = AnthropicMessages.tool({ type: "web_search_20260209", name: "web_search", max_uses: 3 })
const find = Responses.tool({ type: "web_search" })
const browse = ChatCompletions.tool({ type: "browser_search" })

const noParameters = { type: "object", properties: {} }

const question: Prompt.UserMessage = { role: "user", content: "Hello" }
const report: Prompt.DocumentPart = {
  type: "document",
  source: { text: "It rains." },
  name: "report.txt",
  context: "From 1901."
}

const answered = (...parts: ReadonlyArray<Prompt.AssistantPart>): Prompt.Prompt => [
  question,
  { role: "assistant", content: parts }
]

const asks = (name: string): Prompt.ToolCallPart => ({ type: "tool-call", id: "call_1", name, arguments: { a: 1 } })

const mid = (...messages: ReadonlyArray<Prompt.Message>): Request => ({ prompt: [question, ...messages] })

/** Who has no types. */
const own = (protocol: string, options: object): Request => ({ providerOptions: { [protocol]: options } })

const foreignTool = /"web_search", a tool of anthropic-messages, and the provider speaks (responses|chat-completions)/

describe("a request over Anthropic Messages", () => {
  receives("anthropic-messages", [
    [
      "has the vendor's own tools, each as it was written, in their places",
      {
        tools: [
          search,
          weather,
          AnthropicMessages.tool({ type: "code_execution_20260521", name: "code_execution" }),
          AnthropicMessages.tool({
            type: "computer_20251124",
            name: "computer",
            display_width_px: 1024,
            display_height_px: 768
          }),
          AnthropicMessages.tool({ type: "mcp_toolset", mcp_server_name: "docs", cache_control: { type: "ephemeral" } })
        ],
        providerOptions: { "anthropic-messages": { mcp_servers: [{ type: "url", name: "docs", url: "https://a.b" }] } }
      },
      {
        tools: [
          { type: "web_search_20260209", name: "web_search", max_uses: 3 },
          { name: "weather", description: "The weather", input_schema: weather.parameters },
          { type: "code_execution_20260521", name: "code_execution" },
          { type: "computer_20251124", name: "computer", display_width_px: 1024, display_height_px: 768 },
          { type: "mcp_toolset", mcp_server_name: "docs", cache_control: { type: "ephemeral" } }
        ],
        mcp_servers: [{ type: "url", name: "docs", url: "https://a.b" }]
      }
    ],
    [
      "chooses one of them by its name",
      { tools: [search], toolChoice: { tool: "web_search" }, parallelToolCalls: false },
      { tool_choice: { type: "tool", name: "web_search", disable_parallel_tool_use: true } }
    ],
    [
      "marks a tool, and a call, for caching",
      {
        tools: [marked],
        prompt: [
          ...answered({ ...asks("weather"), cache: "5m" }),
          { role: "tool", content: [{ type: "tool-result", id: "call_1", content: "18", cache: "1h" }] }
        ]
      },
      {
        tools: [{ name: "weather", input_schema: noParameters, cache_control: { type: "ephemeral", ttl: "1h" } }],
        messages: [
          { role: "user", content: "Hello" },
          {
            role: "assistant",
            content: [
              {
                type: "tool_use",
                id: "call_1",
                name: "weather",
                input: { a: 1 },
                cache_control: { type: "ephemeral", ttl: "5m" }
              }
            ]
          },
          {
            role: "user",
            content: [
              {
                type: "tool_result",
                tool_use_id: "call_1",
                content: "18",
                cache_control: { type: "ephemeral", ttl: "1h" }
              }
            ]
          }
        ]
      }
    ],
    [
      "says what is to be known of a document, and asks for citations",
      { prompt: [{ role: "user", content: [{ ...report, citations: true }] }] },
      {
        messages: [
          {
            role: "user",
            content: [
              {
                type: "document",
                source: { type: "text", media_type: "text/plain", data: "It rains." },
                title: "report.txt",
                context: "From 1901.",
                citations: { enabled: true }
              }
            ]
          }
        ]
      }
    ],
    [
      "has system text of before all messages in front, whoever said it",
      {
        system: "Be brief.",
        prompt: [{ role: "system", content: "Be kind." }, { role: "developer", content: "Be exact." }, question]
      },
      {
        system: [
          { type: "text", text: "Be brief." },
          { type: "text", text: "Be kind." },
          { type: "text", text: "Be exact." }
        ],
        messages: [{ role: "user", content: "Hello" }]
      }
    ],
    [
      "has later system text in its place",
      mid(
        { role: "system", content: "Be brief." },
        { role: "assistant", content: "Hi." },
        { role: "user", content: "And?" },
        { role: "developer", content: [{ type: "text", text: "Be kind.", cache: "5m" }] },
        { role: "system", content: "Be exact." }
      ),
      {
        messages: [
          { role: "user", content: "Hello" },
          { role: "system", content: "Be brief." },
          { role: "assistant", content: [{ type: "text", text: "Hi." }] },
          { role: "user", content: "And?" },
          {
            role: "system",
            content: [
              { type: "text", text: "Be kind.", cache_control: { type: "ephemeral", ttl: "5m" } },
              { type: "text", text: "Be exact." }
            ]
          }
        ]
      }
    ],
    [
      "gives a result in the vendor's own terms as it is",
      {
        prompt: [
          ...answered(asks("bash")),
          {
            role: "tool",
            content: [
              {
                type: "provider",
                name: "tool_result",
                value: { type: "tool_result", tool_use_id: "call_1", content: [{ type: "document" }] }
              },
              Responses.toolOutput({ type: "apply_patch_call_output", call_id: "call_2", status: "completed" })
            ]
          },
          { role: "user", content: "And?" }
        ]
      },
      {
        messages: [
          { role: "user", content: "Hello" },
          { role: "assistant", content: [{ type: "tool_use", id: "call_1", name: "bash", input: { a: 1 } }] },
          {
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "call_1", content: [{ type: "document" }] },
              { type: "text", text: "And?" }
            ]
          }
        ]
      }
    ],
    [
      "puts the tools of the options behind its own",
      {
        tools: [weather],
        toolChoice: "required",
        providerOptions: { "anthropic-messages": { tools: [{ type: "bash_20250124", name: "bash" }] } }
      },
      {
        tools: [
          { name: "weather", description: "The weather", input_schema: weather.parameters },
          { type: "bash_20250124", name: "bash" }
        ],
        tool_choice: { type: "any" }
      }
    ],
    [
      "chooses among the tools of the options alone",
      {
        toolChoice: "required",
        providerOptions: { "anthropic-messages": { tools: [{ type: "bash_20250124", name: "bash" }] } }
      },
      { tools: [{ type: "bash_20250124", name: "bash" }], tool_choice: { type: "any" } }
    ],
    [
      "takes system text and fields of betas from the options",
      {
        providerOptions: {
          "anthropic-messages": {
            system: "Be brief.",
            container: "c_1",
            context_management: { edits: [{ type: "clear_tool_uses_20250919" }] }
          }
        }
      },
      {
        system: "Be brief.",
        container: "c_1",
        context_management: { edits: [{ type: "clear_tool_uses_20250919" }] }
      }
    ]
  ])
  const conversation = { role: "assistant", content: "Hi." } as const
  refuses("anthropic-messages", [
    [
      "a tool of another protocol",
      { tools: [find] },
      "tools",
      /"web_search", a tool of responses, .* anthropic-messages/
    ],
    ["two tools of one name", { tools: [search, Tool.make("web_search")] }, "tools", /two tools named "web_search"/],
    [
      "the choice of a set of tools",
      {
        tools: [AnthropicMessages.tool({ type: "mcp_toolset", mcp_server_name: "docs" })],
        toolChoice: { tool: "docs" }
      },
      "toolChoice",
      /"docs", a set of tools/
    ],
    [
      "system text right behind an answer",
      mid(conversation, { role: "system", content: "Be brief." }, question),
      "prompt",
      /system message at position 2.*right before the model answers/
    ],
    [
      "system text before the user speaks",
      mid({ role: "developer", content: "Be brief." }, question),
      "prompt",
      /developer message at position 1/
    ],
    [
      "system text whose answer came over another protocol, so that nothing follows it",
      mid(
        { role: "system", content: "Be brief." },
        {
          role: "assistant",
          content: [
            { type: "provider", name: "web_search_call", value: { type: "web_search_call" }, protocol: "responses" }
          ]
        },
        question
      ),
      "prompt",
      /system message at position 1/
    ],
    [
      "a result that is no block",
      mid(conversation, { role: "tool", content: [{ type: "provider", name: "tool_result", value: "18" }] }),
      "prompt",
      /part "tool_result" in a tool message whose `value` is not a `tool_result` of Anthropic Messages/
    ],
    ["the conversation in the options", own("anthropic-messages", { messages: [] }), "providerOptions", /`messages`/],
    [
      "a tool of the request in the options again",
      {
        tools: [marked],
        ...own("anthropic-messages", { tools: [{ name: "weather", input_schema: { type: "object" } }] })
      },
      "providerOptions",
      /a tool "weather" in `tools` that the request has, too/
    ],
    ["the model in the options", own("anthropic-messages", { model: "n" }), "providerOptions", /`model`.*request/],
    [
      "betas in the options",
      own("anthropic-messages", { betas: ["a"] }),
      "providerOptions",
      /`anthropic-beta`.*headers/
    ],
    [
      "system text in both places",
      { system: "Be brief.", ...own("anthropic-messages", { system: "Be kind." }) },
      "providerOptions",
      /`system`.*say it once/
    ]
  ])
})

describe("a request over Chat Completions", () => {
  receives("chat-completions", [
    [
      "has the vendor's own tools, each as it was written, in their places",
      {
        tools: [
          browse,
          marked,
          ChatCompletions.tool({ type: "function", function: { name: "exact", strict: true } }),
          ChatCompletions.tool({ type: "builtin_function", function: { name: "$web_search" } })
        ]
      },
      {
        tools: [
          { type: "browser_search" },
          { type: "function", function: { name: "weather", parameters: noParameters } },
          { type: "function", function: { name: "exact", strict: true } },
          { type: "builtin_function", function: { name: "$web_search" } }
        ]
      }
    ],
    [
      "chooses a function of the vendor by its name",
      {
        tools: [ChatCompletions.tool({ type: "function", function: { name: "exact", strict: true } })],
        toolChoice: { tool: "exact" }
      },
      { tool_choice: { type: "function", function: { name: "exact" } } }
    ],
    [
      "says what is to be known of a document right before it",
      { prompt: [{ role: "user", content: [report] }] },
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "From 1901." },
              { type: "text", text: "# report.txt\n\nIt rains." }
            ]
          }
        ]
      }
    ],
    [
      "has system and developer text in its place",
      mid(
        { role: "system", content: "Be brief." },
        { role: "assistant", content: "Hi." },
        { role: "developer", content: "Be kind." },
        question
      ),
      {
        messages: [
          { role: "user", content: "Hello" },
          { role: "system", content: "Be brief." },
          { role: "assistant", content: "Hi." },
          { role: "developer", content: "Be kind." },
          { role: "user", content: "Hello" }
        ]
      }
    ],
    [
      "puts the tools of the options behind its own",
      {
        tools: [marked],
        providerOptions: { "chat-completions": { tools: [{ type: "custom", custom: { name: "sql" } }] } }
      },
      {
        tools: [
          { type: "function", function: { name: "weather", parameters: noParameters } },
          { type: "custom", custom: { name: "sql" } }
        ]
      }
    ]
  ])
  refuses("chat-completions", [
    ["a tool of another protocol", { tools: [search] }, "tools", foreignTool],
    [
      "the choice of a tool that is no function",
      { tools: [browse], toolChoice: { tool: "browser_search" } },
      "toolChoice",
      /"browser_search", which is not a function/
    ],
    [
      "citations",
      { prompt: [{ role: "user", content: [{ ...report, citations: true }] }] },
      "prompt",
      /`citations`, which Chat Completions cannot give/
    ],
    [
      "what answers a call that this protocol has not",
      mid({
        role: "tool",
        content: [{ type: "provider", name: "apply_patch_call_output", value: { type: "apply_patch_call_output" } }]
      }),
      "prompt",
      /"apply_patch_call_output" in a tool message, where Chat Completions accept only tool results/
    ],
    ["the conversation in the options", own("chat-completions", { messages: [] }), "providerOptions", /`messages`/],
    [
      "a tool of the request in the options again",
      { tools: [marked], ...own("chat-completions", { tools: [{ type: "function", function: { name: "weather" } }] }) },
      "providerOptions",
      /a tool "weather" in `tools` that the request has, too/
    ],
    ["the model in the options", own("chat-completions", { model: "n" }), "providerOptions", /`model`/]
  ])
})

const chooses = (tool: Tool.VendorTool, choice: object): Rows[number] => [
  `chooses ${tool.name} as the vendor takes it`,
  { tools: [tool], toolChoice: { tool: tool.name } },
  { tool_choice: choice }
]

const mcp = Responses.tool({ type: "mcp", server_label: "docs", server_url: "https://docs.example.com/mcp" })

describe("a request over Responses", () => {
  receives("responses", [
    [
      "has the vendor's own tools, each as it was written, in their places",
      {
        tools: [
          find,
          marked,
          mcp,
          Responses.tool({ type: "file_search", vector_store_ids: ["vs_1"] }),
          Responses.tool({ type: "code_interpreter", container: { type: "auto" } }),
          Responses.tool({ type: "computer" })
        ]
      },
      {
        tools: [
          { type: "web_search" },
          { type: "function", name: "weather", parameters: noParameters, strict: false },
          { type: "mcp", server_label: "docs", server_url: "https://docs.example.com/mcp" },
          { type: "file_search", vector_store_ids: ["vs_1"] },
          { type: "code_interpreter", container: { type: "auto" } },
          { type: "computer" }
        ]
      }
    ],
    chooses(mcp, { type: "mcp", server_label: "docs" }),
    chooses(Responses.tool({ type: "custom", name: "sql" }), { type: "custom", name: "sql" }),
    chooses(Responses.tool({ type: "computer" }), { type: "computer" }),
    chooses(Responses.tool({ type: "shell" }), { type: "shell" }),
    chooses(find, { type: "allowed_tools", mode: "required", tools: [{ type: "web_search" }] }),
    [
      "answers the vendor's own calls as they want it",
      {
        prompt: [
          ...answered({
            type: "provider",
            name: "computer_call",
            value: { type: "computer_call", id: "cu_1", call_id: "call_1", action: { type: "screenshot" } }
          }),
          {
            role: "tool",
            content: [
              Responses.toolOutput({
                type: "computer_call_output",
                call_id: "call_1",
                output: { type: "computer_screenshot", image_url: "https://a.b/c.png" }
              }),
              { type: "tool-result", id: "call_2", content: "18" }
            ]
          }
        ]
      },
      {
        input: [
          { role: "user", content: "Hello" },
          { type: "computer_call", id: "cu_1", call_id: "call_1", action: { type: "screenshot" } },
          {
            type: "computer_call_output",
            call_id: "call_1",
            output: { type: "computer_screenshot", image_url: "https://a.b/c.png" }
          },
          { type: "function_call_output", call_id: "call_2", output: "18" }
        ]
      }
    ],
    [
      "leaves out what answers a call of another protocol, as it does the call",
      mid({
        role: "tool",
        content: [
          { type: "provider", name: "tool_result", value: {}, protocol: "anthropic-messages" },
          { type: "tool-result", id: "call_2", content: "18" }
        ]
      }),
      {
        input: [
          { role: "user", content: "Hello" },
          { type: "function_call_output", call_id: "call_2", output: "18" }
        ]
      }
    ],
    [
      "says what is to be known of a document right before it",
      { prompt: [{ role: "user", content: [report] }] },
      {
        input: [
          {
            role: "user",
            content: [
              { type: "input_text", text: "From 1901." },
              { type: "input_text", text: "# report.txt\n\nIt rains." }
            ]
          }
        ]
      }
    ],
    [
      "has system and developer text in its place",
      mid({ role: "system", content: "Be brief." }, { role: "developer", content: "Be kind." }, question),
      {
        input: [
          { role: "user", content: "Hello" },
          { role: "system", content: "Be brief." },
          { role: "developer", content: "Be kind." },
          { role: "user", content: "Hello" }
        ]
      }
    ],
    [
      "puts the tools of the options behind its own",
      { tools: [marked], providerOptions: { responses: { tools: [{ type: "image_generation" }] } } },
      {
        tools: [
          { type: "function", name: "weather", parameters: noParameters, strict: false },
          { type: "image_generation" }
        ]
      }
    ],
    [
      "takes system text from the options",
      { providerOptions: { responses: { instructions: "Be brief." } } },
      { instructions: "Be brief." }
    ]
  ])
  refuses("responses", [
    ["a tool of another protocol", { tools: [search] }, "tools", foreignTool],
    [
      "the choice of a tool that cannot be named",
      { tools: [Responses.tool({ type: "local_shell" })], toolChoice: { tool: "local_shell" } },
      "toolChoice",
      /"local_shell"/
    ],
    [
      "citations",
      { prompt: [{ role: "user", content: [{ ...report, citations: true }] }] },
      "prompt",
      /`citations`, which Responses cannot give/
    ],
    ["the conversation in the options", own("responses", { input: [] }), "providerOptions", /`input`/],
    [
      "a tool of the request in the options again",
      {
        tools: [marked],
        ...own("responses", { tools: [{ type: "function", name: "weather", parameters: null, strict: null }] })
      },
      "providerOptions",
      /a tool "weather" in `tools` that the request has, too/
    ],
    ["the model in the options", own("responses", { model: "n" }), "providerOptions", /`model`/],
    [
      "system text in both places",
      { system: "Be brief.", ...own("responses", { instructions: "Be kind." }) },
      "providerOptions",
      /`instructions`.*say it once/
    ]
  ])
})
