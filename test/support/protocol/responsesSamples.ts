/**
 * Short Responses streams, written by hand, and what they are made of.
 */
import type { Sample } from "./samples.js"

type Fields = Readonly<Record<string, unknown>>

export const event = (type: string, fields: Fields = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

const response = (status: string, fields: Fields) => ({
  response: { id: "resp_1", object: "response", model: "gpt-test", status, output: [], usage: null, ...fields }
})

export const created = event("response.created", response("in_progress", {}))

export const usage = {
  input_tokens: 20,
  input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
  output_tokens: 9,
  output_tokens_details: { reasoning_tokens: 3 }
}

export const completed = (output: ReadonlyArray<object> = [], fields: Fields = {}): string =>
  event("response.completed", response("completed", { output, usage, ...fields }))

export const incomplete = (reason: string, output: ReadonlyArray<object> = []): string =>
  event("response.incomplete", response("incomplete", { output, usage, incomplete_details: { reason } }))

export const added = (output_index: number, item: object): string =>
  event("response.output_item.added", { output_index, item })

export const done = (output_index: number, item: object): string =>
  event("response.output_item.done", { output_index, item })

export const textItem = (at: number, text: string, fields: Fields = {}) => ({
  id: `msg_${at}`,
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }],
  ...fields
})

export const textDelta = (at: number, delta: string): string =>
  event("response.output_text.delta", { item_id: `msg_${at}`, output_index: at, content_index: 0, delta })

export const annotation = (at: number, annotation: object): string =>
  event("response.output_text.annotation.added", {
    item_id: `msg_${at}`,
    output_index: at,
    content_index: 0,
    annotation
  })

const part = (text: string) => ({ part: { type: "output_text", text, annotations: [] } })

/** A message, with all its events. */
export const message = (at: number, ...pieces: ReadonlyArray<string>): string => {
  const place = { item_id: `msg_${at}`, output_index: at, content_index: 0 }
  const text = pieces.join("")
  return (
    added(at, { ...textItem(at, ""), status: "in_progress", content: [] }) +
    event("response.content_part.added", { ...place, ...part("") }) +
    pieces.map((piece) => textDelta(at, piece)).join("") +
    event("response.output_text.done", { ...place, text }) +
    event("response.content_part.done", { ...place, ...part(text) }) +
    done(at, textItem(at, text))
  )
}

export const reasoningItem = (at: number, ...summary: ReadonlyArray<string>) => ({
  id: `rs_${at}`,
  type: "reasoning",
  summary: summary.map((text) => ({ type: "summary_text", text })),
  encrypted_content: "c2VjcmV0"
})

export const summaryDelta = (at: number, summary_index: number, delta: string): string =>
  event("response.reasoning_summary_text.delta", { item_id: `rs_${at}`, output_index: at, summary_index, delta })

/** A reasoning item whose summaries come in one piece each. */
export const reasoning = (at: number, ...summary: ReadonlyArray<string>): string =>
  added(at, reasoningItem(at)) +
  summary.map((text, index) => summaryDelta(at, index, text)).join("") +
  done(at, reasoningItem(at, ...summary))

export const callItem = (at: number, name: string, json: string, fields: Fields = {}) => ({
  id: `fc_${at}`,
  type: "function_call",
  status: "completed",
  call_id: `call_${at}`,
  name,
  arguments: json,
  ...fields
})

export const argumentsDelta = (at: number, delta: string): string =>
  event("response.function_call_arguments.delta", { item_id: `fc_${at}`, output_index: at, delta })

/** A call of a function, with all its events. */
export const call = (at: number, name: string, ...pieces: ReadonlyArray<string>): string =>
  added(at, callItem(at, name, "", { status: "in_progress" })) +
  pieces.map((piece) => argumentsDelta(at, piece)).join("") +
  event("response.function_call_arguments.done", {
    item_id: `fc_${at}`,
    output_index: at,
    arguments: pieces.join("")
  }) +
  done(at, callItem(at, name, pieces.join("")))

export const customItem = (at: number, name: string, input: string, fields: Fields = {}) => ({
  id: `ctc_${at}`,
  type: "custom_tool_call",
  call_id: `call_${at}`,
  name,
  input,
  ...fields
})

export const inputDelta = (at: number, delta: string): string =>
  event("response.custom_tool_call_input.delta", { item_id: `ctc_${at}`, output_index: at, delta })

export const search = (at: number, status = "completed") => ({
  id: `ws_${at}`,
  type: "web_search_call",
  status,
  action: { type: "search", query: "news" }
})

const sample = (name: string, before: string, proof: string, after = ""): Sample => ({
  name: `responses ${name}`,
  protocol: "responses",
  before,
  proof,
  after
})

export const responsesSamples: ReadonlyArray<Sample> = [
  sample(
    "text with its annotations",
    created +
      event("response.in_progress", response("in_progress", {})) +
      added(0, textItem(0, "", { content: [], phase: "final_answer" })) +
      textDelta(0, "Grüße, ") +
      annotation(0, { type: "url_citation", url: "https://a" }) +
      textDelta(0, "🌍 Welt") +
      done(0, textItem(0, "Grüße, 🌍 Welt")),
    completed([textItem(0, "Grüße, 🌍 Welt")]),
    textDelta(0, "late") + event("error", { message: "late" })
  ),
  sample(
    "reasoning, text and two calls",
    created +
      reasoning(0, "Hm … ", "yes") +
      message(1, "I ", "look.") +
      call(2, "weather", '{"city": "Zü', 'rich"}') +
      call(3, "time"),
    completed([
      reasoningItem(0, "Hm … ", "yes"),
      textItem(1, "I look."),
      callItem(2, "weather", '{"city": "Zürich"}'),
      callItem(3, "time", "")
    ])
  ),
  sample(
    "a tool of the vendor, a custom tool and a refusal",
    created +
      added(0, search(0, "in_progress")) +
      event("response.web_search_call.searching", { item_id: "ws_0", output_index: 0 }) +
      done(0, search(0)) +
      added(1, customItem(1, "sql", "")) +
      inputDelta(1, 'SELECT "') +
      inputDelta(1, 'ö"\n') +
      done(1, customItem(1, "sql", 'SELECT "ö"\n')) +
      event("response.refusal.delta", { item_id: "msg_2", output_index: 2, content_index: 0, delta: "No" }) +
      event("response.refusal.done", { item_id: "msg_2", output_index: 2, content_index: 0, refusal: "No." }),
    completed()
  ),
  sample("everything in the final event", created, completed([reasoningItem(0, "Hm"), textItem(1, "Hello")])),
  sample(
    "an answer that was cut",
    created + message(0, "Hel") + argumentsDelta(1, "{"),
    incomplete("max_output_tokens")
  )
]
