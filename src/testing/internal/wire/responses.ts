/**
 * An answer as Responses writes it.
 */
import { type Description, finishIn, type Written } from "./answer.js"
import { event } from "./event.js"

const words = { length: "max_output_tokens" }

type Fields = Readonly<Record<string, unknown>>

/** A block's item as it begins and as it ends, and the events in between. */
interface Item {
  readonly added: Fields
  readonly done: Fields
  readonly between: ReadonlyArray<Fields & { readonly type: string }>
}

const item = (block: Written, output_index: number): Item => {
  const whole = block.deltas.join("")
  switch (block.type) {
    case "text": {
      const id = `msg_FaultServer${output_index}`
      const at = { item_id: id, output_index, content_index: 0 }
      const part = (text: string) => ({ type: "output_text", annotations: [], logprobs: [], text })
      const message = (status: string, content: ReadonlyArray<object>) => ({
        id,
        type: "message",
        status,
        content,
        role: "assistant"
      })
      return {
        added: message("in_progress", []),
        done: message("completed", [part(whole)]),
        between: [
          { type: "response.content_part.added", ...at, part: part("") },
          ...block.deltas.map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] })),
          { type: "response.output_text.done", ...at, text: whole, logprobs: [] },
          { type: "response.content_part.done", ...at, part: part(whole) }
        ]
      }
    }
    case "reasoning": {
      const id = `rs_FaultServer${output_index}`
      const at = { item_id: id, output_index, summary_index: 0 }
      const part = (text: string) => ({ type: "summary_text", text })
      const reasoning = (summary: ReadonlyArray<object>) => ({
        id,
        type: "reasoning",
        encrypted_content: block.signature,
        summary
      })
      return {
        added: reasoning([]),
        done: reasoning([part(whole)]),
        between: [
          { type: "response.reasoning_summary_part.added", ...at, part: part("") },
          ...block.deltas.map((delta) => ({ type: "response.reasoning_summary_text.delta", ...at, delta })),
          { type: "response.reasoning_summary_text.done", ...at, text: whole },
          { type: "response.reasoning_summary_part.done", ...at, part: part(whole) }
        ]
      }
    }
    case "tool-call": {
      const id = `fc_FaultServer${output_index}`
      const at = { item_id: id, output_index }
      const call = (status: string, json: string) => ({
        id,
        type: "function_call",
        status,
        arguments: json,
        call_id: block.id,
        name: block.name
      })
      return {
        added: call("in_progress", ""),
        done: call("completed", whole),
        between: [
          ...block.deltas.map((delta) => ({ type: "response.function_call_arguments.delta", ...at, delta })),
          { type: "response.function_call_arguments.done", ...at, arguments: whole }
        ]
      }
    }
  }
}

export const answer = ({ blocks, finish, id, model, usage }: Description): ReadonlyArray<string> => {
  const items = blocks.map(item)
  const complete = finish === "stop" || finish === "tool-calls"
  const response = (status: string, ended: Fields = {}) => ({
    id: id ?? "resp_FaultServer",
    object: "response",
    created_at: 1_767_225_600,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: model ?? "gpt-5-2025-08-07",
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: "medium", summary: "auto" },
    service_tier: "default",
    store: false,
    temperature: 1,
    text: { format: { type: "text" }, verbosity: "medium" },
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    truncation: "disabled",
    usage: null,
    metadata: {},
    ...ended
  })
  const ended = {
    ...(!complete && { incomplete_details: { reason: finishIn(words, finish) } }),
    output: items.map(({ done }) => done),
    usage: {
      input_tokens: usage.inputTokens,
      input_tokens_details: {
        cached_tokens: usage.cacheReadTokens ?? 0,
        cache_write_tokens: usage.cacheWriteTokens ?? 0
      },
      output_tokens: usage.outputTokens,
      output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
      total_tokens: usage.inputTokens + usage.outputTokens
    }
  }
  const status = complete ? "completed" : "incomplete"
  return [
    { type: "response.created", response: response("in_progress") },
    { type: "response.in_progress", response: response("in_progress") },
    ...items.flatMap(({ added, between, done }, output_index) => [
      { type: "response.output_item.added", output_index, item: added },
      ...between,
      { type: "response.output_item.done", output_index, item: done }
    ]),
    { type: `response.${status}`, response: response(status, ended) }
  ].map(({ type, ...fields }, sequence_number) => event({ type, sequence_number, ...fields }, type))
}
