/**
 * Short streams, written by hand, one per thing that a vendor does. `proof` ends with the event that proves the end.
 */
import type { ProtocolId } from "../../../src/protocol/Protocol.js"
import { responsesSamples } from "./responsesSamples.js"

export interface Sample {
  readonly name: string
  readonly protocol: ProtocolId
  readonly before: string
  readonly proof: string
  readonly after: string
}

/** One server-sent event with its name, as Anthropic writes it. */
export const named = (data: { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

/** One server-sent event without a name, as OpenAI writes it. */
export const unnamed = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

export const done = "data: [DONE]\n\n"

export const messageStart = (usage: object = { input_tokens: 12, output_tokens: 1 }): string =>
  named({
    type: "message_start",
    message: { id: "msg_1", type: "message", role: "assistant", model: "claude-test", content: [], usage }
  } as { type: string })

export const blockStart = (index: number, content_block: object): string =>
  named({ type: "content_block_start", index, content_block } as { type: string })

export const blockDelta = (index: number, delta: object): string =>
  named({ type: "content_block_delta", index, delta } as { type: string })

export const blockStop = (index: number): string => named({ type: "content_block_stop", index } as { type: string })

export const messageDelta = (stop_reason: string | null, usage: object = { output_tokens: 9 }): string =>
  named({ type: "message_delta", delta: { stop_reason }, usage } as { type: string })

export const messageStop = named({ type: "message_stop" })

export const textBlock = (index: number, ...pieces: ReadonlyArray<string>): string =>
  blockStart(index, { type: "text", text: "" }) +
  pieces.map((text) => blockDelta(index, { type: "text_delta", text })).join("") +
  blockStop(index)

export const toolBlock = (index: number, id: string, name: string, ...pieces: ReadonlyArray<string>): string =>
  blockStart(index, { type: "tool_use", id, name, input: {} }) +
  pieces.map((partial_json) => blockDelta(index, { type: "input_json_delta", partial_json })).join("") +
  blockStop(index)

export const chunk = (delta: object | undefined, rest: object = {}, choice: object = {}): string =>
  unnamed({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    model: "gpt-test",
    choices: delta === undefined ? [] : [{ index: 0, delta, finish_reason: null, ...choice }],
    ...rest
  })

export const finish = (finish_reason: string, delta: object = {}, rest: object = {}): string =>
  chunk(delta, rest, { finish_reason })

export const usage = { prompt_tokens: 20, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 4 } }

export const tool = (index: number | undefined, call: object): string => chunk({ tool_calls: [{ index, ...call }] })

const anthropic = (name: string, before: string, after = ""): Sample => ({
  name: `anthropic-messages ${name}`,
  protocol: "anthropic-messages",
  before,
  proof: messageStop,
  after
})

const chat = (name: string, before: string, proof: string, after: string): Sample => ({
  name: `chat-completions ${name}`,
  protocol: "chat-completions",
  before,
  proof,
  after
})

export const samples: ReadonlyArray<Sample> = [
  anthropic(
    "text",
    messageStart() + named({ type: "ping" }) + textBlock(0, "Grüße, ", "🌍 Welt", "!") + messageDelta("end_turn"),
    blockDelta(0, { type: "text_delta", text: "late" })
  ),
  anthropic(
    "reasoning, text and two tools",
    messageStart() +
      blockStart(0, { type: "thinking", thinking: "", signature: "" }) +
      blockDelta(0, { type: "thinking_delta", thinking: "Hm … " }) +
      blockDelta(0, { type: "thinking_delta", thinking: "yes" }) +
      blockDelta(0, { type: "signature_delta", signature: "c2lnbmVk" }) +
      blockStop(0) +
      textBlock(1, "I look.") +
      toolBlock(2, "toolu_1", "weather", "", '{"city": "Zü', 'rich"}') +
      toolBlock(3, "toolu_2", "time") +
      messageDelta("tool_use")
  ),
  anthropic(
    "server tools and citations",
    messageStart() +
      blockStart(0, { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }) +
      blockDelta(0, { type: "input_json_delta", partial_json: '{"query":' }) +
      blockDelta(0, { type: "input_json_delta", partial_json: '"news"}' }) +
      blockStop(0) +
      blockStart(1, { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] }) +
      blockStop(1) +
      blockStart(2, { type: "text", text: "", citations: [] }) +
      blockDelta(2, { type: "citations_delta", citation: { type: "web_search_result_location", url: "https://a" } }) +
      blockDelta(2, { type: "text_delta", text: "So it is." }) +
      blockStop(2) +
      messageDelta("end_turn")
  ),
  chat(
    "text and usage",
    unnamed({ id: "", model: "", choices: [], prompt_filter_results: [] }) +
      chunk({ role: "assistant", content: "" }) +
      chunk({ content: "Grüße, " }) +
      chunk({ content: "🌍 Welt" }),
    finish("stop"),
    chunk(undefined, { usage }) + done
  ),
  chat(
    "reasoning and parallel tools",
    chunk({ role: "assistant", reasoning_content: "Hm … " }) +
      chunk({ reasoning_content: "yes", content: "" }) +
      tool(0, { id: "call_a", type: "function", function: { name: "weather", arguments: "" } }) +
      tool(0, { function: { arguments: '{"city": "Zü' } }) +
      tool(1, { id: "call_b", type: "function", function: { name: "time", arguments: "{}" } }) +
      tool(0, { function: { arguments: 'rich"}' } }),
    finish("tool_calls"),
    chunk(undefined, { usage }) + done
  ),
  chat(
    "text in place of a delta",
    unnamed({ choices: [{ index: 0, text: "4", finish_reason: null }] }),
    finish("stop"),
    done
  ),
  chat(
    "a message that comes whole",
    "",
    unnamed({
      id: "chatcmpl-1",
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: [{ type: "text", text: "I look." }],
            tool_calls: [{ id: "call_a", name: "weather", arguments: { city: "Zürich" } }]
          },
          finish_reason: "tool_calls"
        }
      ]
    }),
    done
  ),
  chat(
    "a function call of the first version, whose name comes in pieces",
    chunk({ function_call: { name: "wea" } }) +
      chunk({ function_call: { name: "ther" } }) +
      chunk({ function_call: { arguments: '{"city":' } }) +
      chunk({ function_call: { arguments: "1}" } }),
    finish("function_call"),
    done
  ),
  ...responsesSamples
]

export const answer = (blocks: string, reason = "end_turn") =>
  messageStart() + blocks + messageDelta(reason) + messageStop
