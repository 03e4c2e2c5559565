/**
 * Which deadlines a request has where nobody gave any.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { ChatCompletions, Deadlines, type ModelRequest, type Protocol, Responses, Tool, Toolkit } from "effect-redial"
import { forEndpoint } from "../../src/retry/internal/deadlines.js"

const remote = "https://api.vendor.example/v1"

const minutes = (
  baseUrl: string,
  request: Partial<ModelRequest.Options> = {},
  protocol: Protocol.ProtocolId = "chat-completions",
  deadlines?: Deadlines.Options
): ReadonlyArray<number> => {
  const all = Deadlines.defaults({ baseUrl, protocol, request: { model: "m", prompt: "hi", ...request }, deadlines })
  return [all.firstEvent, all.idle, all.stuck, all.reasoning, all.total].map(Duration.toMinutes)
}

const standard = [3, 2, 10, 30, 60]
const local = [15, 15, 20, 30, 60]
const reasoning = [10, 10, 20, 30, 60]
const tokens = (count: number) => "word".repeat(count)

describe("the deadlines of an endpoint", () => {
  const cases: ReadonlyArray<readonly [baseUrl: string, isLocal: boolean]> = [
    ["https://api.anthropic.com", false],
    ["http://localhost:11434/v1", true],
    ["http://LOCALHOST./v1", true],
    ["http://ollama.localhost", true],
    ["http://studio.local:1234", true],
    ["http://127.0.0.1:1", true],
    ["http://127.9.9.9", true],
    ["http://127.1", true],
    ["http://0x7f000001", true],
    ["http://[::1]:8080", true],
    ["http://[::ffff:127.0.0.1]", true],
    ["http://[fd12:3456::1]", true],
    ["http://[fe80::1]", true],
    ["http://10.0.0.7:8000", true],
    ["http://172.16.0.1", true],
    ["http://172.31.255.255", true],
    ["http://192.168.1.50", true],
    ["http://169.254.1.1", true],
    ["http://172.15.0.1", false],
    ["http://172.32.0.1", false],
    ["http://11.0.0.1", false],
    ["http://192.169.0.1", false],
    ["http://128.0.0.1", false],
    ["http://8.8.8.8", false],
    ["http://[2001:db8::1]", false],
    ["http://[::ffff:8.8.8.8]", false],
    ["https://localhost.example.com", false],
    ["https://127.0.0.1.example.com", false],
    ["https://10.example.com", false],
    ["https://10.0.0.example", false],
    ["https://notlocalhost", false],
    ["https://example.com/localhost", false],
    ["https://local", false],
    ["https://thelocal", false],
    ["scripted:", false],
    ["not a url", false]
  ]
  for (const [baseUrl, isLocal] of cases) {
    it(`are ${isLocal ? "patient" : "the standard ones"} at ${baseUrl}`, () => {
      assert.deepStrictEqual(minutes(baseUrl), isLocal ? local : standard)
    })
  }
})

describe("the deadlines of a request", () => {
  const image = { type: "image", source: { base64: "x".repeat(2_000_000), mediaType: "image/png" } } as const
  const document = { type: "document", source: { base64: "x", mediaType: "application/pdf" } } as const
  const cases: ReadonlyArray<readonly [what: string, Partial<ModelRequest.Options>, ReadonlyArray<number>]> = [
    ["50,000 tokens", { prompt: tokens(50_000) }, standard],
    ["more", { prompt: tokens(50_001) }, [5, 3, 10, 30, 60]],
    ["more than 100,000", { prompt: tokens(100_001) }, [10, 4, 10, 30, 60]],
    ["more than 200,000", { prompt: tokens(200_001) }, [15, 5, 10, 30, 60]],
    [
      "many tokens in parts",
      {
        system: tokens(40_000),
        prompt: [
          { role: "user", content: [{ type: "text", text: tokens(30_000) }] },
          { role: "tool", content: [{ type: "tool-result", id: "c", content: tokens(31_000) }] }
        ]
      },
      [10, 4, 10, 30, 60]
    ],
    [
      "long tools",
      {
        tools: [
          Tool.make("t", { description: tokens(30_000), parameters: { type: "object", description: tokens(30_000) } })
        ]
      },
      [5, 3, 10, 30, 60]
    ],
    [
      "long tools of a toolkit",
      { tools: Toolkit.make(Tool.make("t", { description: tokens(60_000) })) },
      [5, 3, 10, 30, 60]
    ],
    ["a large image, which is read at a fixed price", { prompt: [{ role: "user", content: [image] }] }, standard],
    [
      "a large screenshot in the vendor's own terms",
      {
        prompt: [
          {
            role: "tool",
            content: [
              Responses.toolOutput({
                type: "computer_call_output",
                call_id: "c",
                output: { type: "computer_screenshot", image_url: `data:image/png;base64,${tokens(300_000)}` }
              })
            ]
          }
        ]
      },
      standard
    ],
    [
      "long tools of the vendor",
      { tools: [ChatCompletions.tool({ type: "function", function: { name: "t", description: tokens(60_000) } })] },
      [5, 3, 10, 30, 60]
    ],
    ["two documents", { prompt: [{ role: "user", content: [document, document] }] }, [5, 3, 10, 30, 60]],
    ["an effort", { reasoning: { effort: "high" } }, reasoning],
    ["a budget", { reasoning: { budgetTokens: 2_000 } }, reasoning],
    ["no effort", { model: "o3", reasoning: { effort: "none" } }, standard],
    ["thinking of the vendor's own kind", { providerOptions: { responses: { reasoning: {} } } }, reasoning],
    ["much of both", { model: "o3", prompt: tokens(200_001) }, [15, 10, 20, 30, 60]],
    ...["o1", "o3-mini", "gpt-5", "gpt-5.1-codex", "deepseek-reasoner", "deepseek/deepseek-r1", "MiniMax-M2"].map(
      (model) => [model, { model }, reasoning] as const
    ),
    ...["qwq-32b", "nvidia/llama-3.3-nemotron-super", "qwen3-235b-thinking", "openai/gpt-oss-120b", "grok-4"].map(
      (model) => [model, { model }, reasoning] as const
    ),
    ...["gpt-4o", "claude-opus-4-6", "omni", "o", "mixtral-8x7b", "deepseek-chat", "thinker/plain"].map(
      (model) => [model, { model }, standard] as const
    )
  ]
  for (const [what, request, expected] of cases) {
    it(`with ${what} are ${expected.join(", ")} minutes`, () => {
      assert.deepStrictEqual(minutes(remote, request), expected)
    })
  }

  it("are short of patience with silence where the protocol pings", () => {
    assert.deepStrictEqual(
      minutes(remote, { reasoning: { effort: "high" } }, "anthropic-messages"),
      [10, 2, 20, 30, 60]
    )
    assert.deepStrictEqual(minutes(remote, { reasoning: { effort: "high" } }, "responses"), reasoning)
  })

  it("begin with what is known of the vendor", () => {
    const vendor = { idle: "30 seconds", total: "90 minutes" } as const
    assert.deepStrictEqual(minutes(remote, {}, "responses", vendor), [3, 0.5, 10, 30, 90])
    assert.deepStrictEqual(minutes(remote, { model: "o3" }, "responses", vendor), [10, 10, 20, 30, 90])
  })

  it("give way to those of the layer, and these to those of the call, exactly, also where they are shorter", () => {
    const local = { baseUrl: "http://localhost", protocol: "responses" } as const
    const of = forEndpoint(local, { idle: "1 second", stuck: 5, total: undefined })
    assert.deepStrictEqual(of({ model: "m", prompt: "" }, { stuck: "7 millis", idle: undefined }), {
      firstEvent: 900_000,
      idle: 1_000,
      stuck: 7,
      reasoning: 1_800_000,
      total: 3_600_000
    })
  })
})
