/**
 * An answer as Anthropic Messages writes it.
 */
import { type Description, finishIn, type Written } from "./answer.js"
import { event } from "./event.js"

const words = { stop: "end_turn", length: "max_tokens", "tool-calls": "tool_use" }

/** An event whose name stands in its data as well. */
const typed = (type: string, fields: object = {}): string => event({ type, ...fields }, type)

export const PING = event('{"type": "ping"}', "ping")

const opening = (block: Written): object => {
  switch (block.type) {
    case "text":
      return { type: "text", text: "" }
    case "reasoning":
      return { type: "thinking", thinking: "", signature: "" }
    case "tool-call":
      return { type: "tool_use", id: block.id, name: block.name, input: {} }
  }
}

const deltas = (block: Written): ReadonlyArray<object> => {
  switch (block.type) {
    case "text":
      return block.deltas.map((text) => ({ type: "text_delta", text }))
    case "reasoning":
      return [
        ...block.deltas.map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature: block.signature }
      ]
    case "tool-call":
      // The arguments begin with an empty piece, and empty arguments are that piece alone.
      return ["", ...(block.empty ? [] : block.deltas)].map((partial_json) => ({
        type: "input_json_delta",
        partial_json
      }))
  }
}

export const answer = ({ blocks, finish, id, model, usage }: Description): ReadonlyArray<string> => {
  const cached = {
    cache_creation_input_tokens: usage.cacheWriteTokens ?? 0,
    cache_read_input_tokens: usage.cacheReadTokens ?? 0
  }
  const fresh = usage.inputTokens - cached.cache_creation_input_tokens - cached.cache_read_input_tokens
  const read = { input_tokens: Math.max(0, fresh), ...cached }
  const message = {
    model: model ?? "claude-sonnet-4-5-20250929",
    id: id ?? "msg_01FaultServer",
    type: "message",
    role: "assistant",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...read, output_tokens: 1, service_tier: "standard" }
  }
  return [
    typed("message_start", { message }),
    ...blocks.flatMap((block, index) => [
      typed("content_block_start", { index, content_block: opening(block) }),
      ...(index === 0 ? [PING] : []),
      ...deltas(block).map((delta) => typed("content_block_delta", { index, delta })),
      typed("content_block_stop", { index })
    ]),
    typed("message_delta", {
      delta: { stop_reason: finishIn(words, finish), stop_sequence: null },
      usage: { ...read, output_tokens: usage.outputTokens }
    }),
    typed("message_stop")
  ]
}
