/**
 * Responses put back into a conversation, as their own protocol takes them and as the others do.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as ModelRequest from "../../src/model/ModelRequest.js"
import type { ModelResponse } from "../../src/model/ModelResponse.js"
import * as Prompt from "../../src/model/Prompt.js"
import * as AnthropicMessages from "../../src/protocol/AnthropicMessages.js"
import * as ChatCompletions from "../../src/protocol/ChatCompletions.js"
import * as Decoder from "../../src/protocol/internal/decoder.js"
import * as Responses from "../../src/protocol/Responses.js"
import { bytes, stamp, whole } from "../support/protocol/decode.js"
import * as samples from "../support/protocol/samples.js"

/** The conversation after a response: its calls are answered, and the user goes on. */
const goOn = (response: ModelResponse): Prompt.Prompt => {
  const results = response.toolCalls.map((call) => Prompt.toolResult(call, `the ${call.name}`))
  const told = Prompt.toolResults(Prompt.append(Prompt.text("Go"), response), results)
  return [...told, { role: "user", content: "And?" }]
}

const request = (prompt: Prompt.Prompt) => ModelRequest.make({ model: "m", prompt })

const anthropic = (prompt: Prompt.Prompt): unknown =>
  Either.getOrThrow(Either.flatMap(request(prompt), AnthropicMessages.protocol.encode)).messages

const chat = (prompt: Prompt.Prompt): unknown =>
  Either.getOrThrow(Either.flatMap(request(prompt), ChatCompletions.protocol.encode)).messages

const responses = (prompt: Prompt.Prompt): unknown =>
  Either.getOrThrow(Either.flatMap(request(prompt), Responses.protocol.encode)).input

const { blockDelta, blockStart, blockStop, chunk, finish, messageDelta, messageStart, messageStop, named } = samples

const redacted = { type: "redacted_thinking", data: "cmVkYWN0ZWQ=" }
const searched = {
  type: "web_search_tool_result",
  tool_use_id: "srvtoolu_1",
  content: [{ type: "web_search_result", url: "https://a", title: "A", encrypted_content: "ZW5j", page_age: null }],
  caller: { type: "direct" }
}
const citation = {
  type: "web_search_result_location",
  cited_text: "So",
  encrypted_index: "aWR4",
  title: "A",
  url: "https://a"
}
const another = { ...citation, cited_text: "it is", encrypted_index: "aWR5" }
const unknown = { type: "block_of_next_year", id: "x_1", payload: { deep: [1, null] } }

const fromAnthropic = whole(
  "anthropic-messages",
  messageStart() +
    blockStart(0, { type: "thinking", thinking: "", signature: "" }) +
    blockDelta(0, { type: "thinking_delta", thinking: "Hm … " }) +
    blockDelta(0, { type: "thinking_delta", thinking: "yes" }) +
    blockDelta(0, { type: "signature_delta", signature: "c2lnbmVk" }) +
    blockStop(0) +
    blockStart(1, redacted) +
    blockStop(1) +
    blockStart(2, { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }) +
    blockDelta(2, { type: "input_json_delta", partial_json: '{"query":' }) +
    blockDelta(2, { type: "input_json_delta", partial_json: '"news"}' }) +
    blockStop(2) +
    blockStart(3, searched) +
    blockStop(3) +
    // Thinking that is not shown has a signature only.
    blockStart(4, { type: "thinking", thinking: "", signature: "b21pdHRlZA==" }) +
    blockStop(4) +
    blockStart(5, { type: "text", text: "", citations: [] }) +
    blockDelta(5, { type: "citations_delta", citation }) +
    blockDelta(5, { type: "text_delta", text: "So it is." }) +
    blockDelta(5, { type: "citations_delta", citation: another }) +
    blockStop(5) +
    samples.textBlock(6, "\n\n") +
    blockStart(7, unknown) +
    blockStop(7) +
    samples.toolBlock(8, "toolu_1", "weather", '{"city": "Zü', 'rich"}') +
    samples.toolBlock(9, "toolu_2", "time") +
    messageDelta("tool_use") +
    messageStop
)

const fromChat = whole(
  "chat-completions",
  chunk({ role: "assistant", reasoning_content: "Hm … " }) +
    chunk({ content: "I look." }) +
    chunk({ annotations: [{ type: "url_citation", url_citation: { url: "https://a" } }] }) +
    // A part that only one vendor has.
    chunk({ content: [{ type: "reference", reference_ids: [1] }] }) +
    samples.tool(0, { id: "functions.weather:0", type: "function", function: { name: "weather", arguments: "" } }) +
    samples.tool(0, { function: { arguments: '{"city": "Zürich"}' } }) +
    samples.tool(1, { id: "call_b", type: "function", function: { name: "time", arguments: "" } }) +
    finish("tool_calls") +
    samples.done
)

const reasoning = {
  id: "rs_1",
  type: "reasoning",
  summary: [{ type: "summary_text", text: "Hm" }],
  encrypted_content: "ZW5jcnlwdGVk"
}
const search = { id: "ws_1", type: "web_search_call", status: "completed", action: { type: "search", query: "news" } }
const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: "I look.", annotations: [] }]
}
const call = {
  id: "fc_1",
  type: "function_call",
  status: "completed",
  call_id: "call_1",
  name: "weather",
  arguments: '{"city":"x"}'
}

const fromResponses = ((): ModelResponse => {
  const output = [reasoning, search, message, call]
  const decoder = Decoder.make(Responses.protocol, stamp)
  const event = (type: string, fields: object) => named({ type, ...fields })
  const body =
    event("response.created", { response: { id: "resp_1", status: "in_progress", model: "m", output: [] } }) +
    output.map((item, output_index) => event("response.output_item.done", { output_index, item })).join("") +
    event("response.completed", { response: { id: "resp_1", status: "completed", model: "m", output } })
  const last = [...decoder.push(bytes(body)), ...decoder.end()].at(-1)
  assert(last?._tag === "Finish", decoder.fault?.description)
  return last.response
})()

const go = { role: "user", content: "Go" }

describe("a response goes back over its own protocol", () => {
  it("Anthropic Messages: every block as it came, in order, with signatures and ids", () => {
    assert.deepStrictEqual(anthropic(goOn(fromAnthropic)), [
      go,
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm … yes", signature: "c2lnbmVk" },
          redacted,
          { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "news" } },
          searched,
          { type: "thinking", thinking: "", signature: "b21pdHRlZA==" },
          { type: "text", text: "So it is.", citations: [citation, another] },
          unknown,
          { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Zürich" } },
          { type: "tool_use", id: "toolu_2", name: "time", input: {} }
        ]
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_1", content: "the weather" },
          { type: "tool_result", tool_use_id: "toolu_2", content: "the time" },
          { type: "text", text: "And?" }
        ]
      }
    ])
  })

  it("Anthropic Messages: a paused turn goes on where it paused", () => {
    const begun = blockStart(0, { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} })
    const pause = whole(
      "anthropic-messages",
      messageStart() + begun + blockStop(0) + messageDelta("pause_turn") + messageStop
    )
    const rest = whole(
      "anthropic-messages",
      messageStart() +
        blockStart(0, searched) +
        blockStop(0) +
        samples.textBlock(1, "So.") +
        messageDelta("end_turn") +
        messageStop
    )
    const paused = Prompt.append(Prompt.text("Go"), pause)
    const use = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }
    assert.strictEqual(pause.finishReason.reason, "pause")
    assert.deepStrictEqual(anthropic(paused), [go, { role: "assistant", content: [use] }])
    assert.deepStrictEqual(anthropic(Prompt.append(paused, rest)), [
      go,
      { role: "assistant", content: [use, searched, { type: "text", text: "So." }] }
    ])
  })

  it("Anthropic Messages: a response without content adds nothing", () => {
    const empty = whole("anthropic-messages", messageStart() + messageDelta("end_turn") + messageStop)
    assert.deepStrictEqual(anthropic(goOn(empty)), [go, { role: "user", content: "And?" }])
  })

  it("Chat Completions: text and calls, whose ids and order are kept", () => {
    assert.deepStrictEqual(chat(goOn(fromChat)), [
      go,
      {
        role: "assistant",
        content: "I look.",
        tool_calls: [
          {
            id: "functions.weather:0",
            type: "function",
            function: { name: "weather", arguments: '{"city":"Zürich"}' }
          },
          { id: "call_b", type: "function", function: { name: "time", arguments: "{}" } }
        ]
      },
      { role: "tool", tool_call_id: "functions.weather:0", content: "the weather" },
      { role: "tool", tool_call_id: "call_b", content: "the time" },
      { role: "user", content: "And?" }
    ])
  })

  it("Chat Completions: a refusal is a refusal still", () => {
    const refused = whole(
      "chat-completions",
      chunk({ role: "assistant", refusal: "I will " }) + chunk({ refusal: "not." }) + finish("stop") + samples.done
    )
    assert.deepStrictEqual(chat(goOn(refused)), [
      go,
      { role: "assistant", content: [{ type: "refusal", refusal: "I will not." }] },
      { role: "user", content: "And?" }
    ])
  })
})

describe("a response goes on over another protocol", () => {
  it("from Anthropic Messages to Chat Completions: text and calls", () => {
    assert.deepStrictEqual(chat(goOn(fromAnthropic)), [
      go,
      {
        role: "assistant",
        content: "So it is.\n\n",
        tool_calls: [
          { id: "toolu_1", type: "function", function: { name: "weather", arguments: '{"city":"Zürich"}' } },
          { id: "toolu_2", type: "function", function: { name: "time", arguments: "{}" } }
        ]
      },
      { role: "tool", tool_call_id: "toolu_1", content: "the weather" },
      { role: "tool", tool_call_id: "toolu_2", content: "the time" },
      { role: "user", content: "And?" }
    ])
  })

  it("from Chat Completions to Anthropic Messages: text and calls, whose ids are written so that they are taken", () => {
    const id = "functions_2eweather_3a0"
    assert.deepStrictEqual(anthropic(goOn(fromChat)), [
      go,
      {
        role: "assistant",
        content: [
          { type: "text", text: "I look." },
          { type: "tool_use", id, name: "weather", input: { city: "Zürich" } },
          { type: "tool_use", id: "call_b", name: "time", input: {} }
        ]
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: id, content: "the weather" },
          { type: "tool_result", tool_use_id: "call_b", content: "the time" },
          { type: "text", text: "And?" }
        ]
      }
    ])
  })

  it("from Responses to Anthropic Messages: text and calls, not the items around them", () => {
    assert.deepStrictEqual(anthropic(goOn(fromResponses)), [
      go,
      {
        role: "assistant",
        content: [
          { type: "text", text: "I look." },
          { type: "tool_use", id: "call_1", name: "weather", input: { city: "x" } }
        ]
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "call_1", content: "the weather" },
          { type: "text", text: "And?" }
        ]
      }
    ])
  })

  it("from Responses to Chat Completions: text and calls, not the items around them", () => {
    assert.deepStrictEqual(chat(goOn(fromResponses)), [
      go,
      {
        role: "assistant",
        content: "I look.",
        tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"x"}' } }]
      },
      { role: "tool", tool_call_id: "call_1", content: "the weather" },
      { role: "user", content: "And?" }
    ])
  })

  it("from Responses to Anthropic Messages: the text that a custom tool takes", () => {
    const custom = { type: "custom_tool_call", call_id: "call_9", name: "shell", input: "ls" }
    const content: Prompt.AssistantMessage["content"] = [
      { type: "tool-call", id: "call_9", name: "shell", arguments: "ls" },
      { type: "provider", name: "custom_tool_call", value: custom, protocol: "responses" }
    ]
    assert.deepStrictEqual(anthropic([{ role: "assistant", content }]), [
      { role: "assistant", content: [{ type: "tool_use", id: "call_9", name: "shell", input: { input: "ls" } }] }
    ])
  })

  it("blocks of one protocol are never sent over another", () => {
    const foreign = [
      [
        "anthropic",
        anthropic,
        [fromChat, fromResponses],
        ["reference", "url_citation", "rs_1", "web_search_call", "fc_1"]
      ],
      ["chat", chat, [fromAnthropic, fromResponses], ["redacted_thinking", "srvtoolu_1", "c2lnbmVk", "rs_1", "ws_1"]],
      [
        "responses",
        responses,
        [fromAnthropic, fromChat],
        ["redacted_thinking", "c2lnbmVk", "reference", "url_citation"]
      ]
    ] as const
    for (const [name, encode, from, words] of foreign) {
      for (const response of from) {
        const written = JSON.stringify(encode(goOn(response)))
        for (const word of words) assert.notInclude(written, word, name)
      }
    }
  })

  it("both protocols have compactions, and each is told its own", () => {
    const say = (value: object, protocol?: string): Prompt.Prompt => [
      {
        role: "assistant",
        content: [
          { type: "provider", name: "compaction", value, protocol },
          { type: "text", text: "a" }
        ]
      }
    ]
    const ours = { type: "compaction", content: "a summary", encrypted_content: null }
    const theirs = { type: "compaction", id: "cmp_1", encrypted_content: "ZW5j" }
    const text = { type: "text", text: "a" }
    assert.deepStrictEqual(anthropic(say(ours)), [{ role: "assistant", content: [ours, text] }])
    assert.deepStrictEqual(anthropic(say(theirs, "responses")), [{ role: "assistant", content: [text] }])
  })
})

describe("every sample goes back over every protocol", () => {
  for (const { after: rest, before, name, proof, protocol } of samples.samples) {
    it(name, () => {
      const prompt = goOn(whole(protocol, before + proof + rest))
      for (const encode of [anthropic, chat, responses]) assert.doesNotThrow(() => encode(prompt))
    })
  }
})

describe("what a program answers to a call of one protocol", () => {
  const call = { type: "apply_patch_call", id: "apc_1", call_id: "c" }
  const answer = { type: "apply_patch_call_output", call_id: "c", status: "completed" } as const
  const prompt: Prompt.Prompt = [
    ...Prompt.text("Go"),
    { role: "assistant", content: [{ type: "provider", name: call.type, value: call, protocol: "responses" }] },
    { role: "tool", content: [Responses.toolOutput(answer)] },
    { role: "user", content: "And?" }
  ]

  it("goes back with it, and is left out with it over the others", () => {
    assert.deepStrictEqual(responses(prompt), [
      { role: "user", content: "Go" },
      call,
      answer,
      { role: "user", content: "And?" }
    ])
    assert.deepStrictEqual(chat(prompt), [
      { role: "user", content: "Go" },
      { role: "user", content: "And?" }
    ])
    assert.deepStrictEqual(anthropic(prompt), [
      { role: "user", content: "Go" },
      { role: "user", content: [{ type: "text", text: "And?" }] }
    ])
  })
})
