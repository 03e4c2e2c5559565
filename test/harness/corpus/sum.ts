/**
 * What the deltas of a stream add up to, read straight off its JSON: so plain that it can be checked by eye, and without
 * anything of the decoders that it checks. For Responses also what the final event says, which counts where nothing was
 * shown before it.
 */
import { isDeepStrictEqual } from "node:util"
import type { Protocol } from "effect-redial"
import type { Accepted } from "./outcome.js"

export interface Sum {
  readonly text: string
  readonly reasoning: string
  /** The arguments of each call, as they were written. */
  readonly calls: ReadonlyArray<string>
}

type Json = Readonly<Record<string, unknown>>

const object = (value: unknown): Json =>
  // Checked here; what is missing reads as an object without fields.
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {}

const list = (value: unknown): ReadonlyArray<Json> => (Array.isArray(value) ? value.map(object) : [])

const text = (value: unknown): string => (typeof value === "string" ? value : "")

const parse = (data: string): unknown => {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

/** The JSON of each server-sent event; its name counts where the JSON has no type. */
export const jsonOf = (body: string): ReadonlyArray<Json> =>
  body.split(/\r\n\r\n|\n\n|\r\r/).map((event) => {
    const lines = event.split(/\r\n|\n|\r/)
    const field = (name: RegExp) => lines.flatMap((line) => name.exec(line)?.[1] ?? [])
    const json = object(parse(field(/^data:? ?(.*)$/).join("\n")))
    return text(json.type) === "" ? { ...json, type: field(/^event: ?(.*)$/).at(-1) } : json
  })

/** Adds up pieces by their keys, in the order of the first pieces. */
class Pieces {
  private readonly byKey = new Map<string, string>()

  add(key: string, piece: string): void {
    this.byKey.set(key, (this.byKey.get(key) ?? "") + piece)
  }

  /** Only if nothing came under the key. */
  fill(key: string, piece: string): void {
    if ((this.byKey.get(key) ?? "") === "") this.byKey.set(key, piece)
  }

  get all(): ReadonlyArray<string> {
    return [...this.byKey.values()]
  }
}

const anthropic = (events: ReadonlyArray<Json>): Sum => {
  const said: Array<string> = []
  const thought: Array<string> = []
  const calls = new Pieces()
  /** Blocks are counted here: the wire's indices may be used again. */
  let block = 0
  const begin = (value: Json): string => {
    said.push(value.type === "text" ? text(value.text) : "")
    thought.push(value.type === "thinking" ? text(value.thinking) : "")
    if (value.type === "tool_use") calls.add(`${block}`, "")
    return `${block++}`
  }
  const input = (key: string, value: Json): void => {
    if (value.type === "tool_use" && Object.keys(object(value.input)).length > 0)
      calls.fill(key, JSON.stringify(value.input))
  }
  const open = new Map<unknown, readonly [string, Json]>()
  for (const { content_block, delta, index, message, type } of events) {
    if (type === "message_start") for (const value of list(object(message).content)) input(begin(value), value)
    if (type === "content_block_start") open.set(index, [begin(object(content_block)), object(content_block)])
    const [key, value] = open.get(index) ?? []
    if (type === "content_block_stop" && key !== undefined && value !== undefined) input(key, value)
    if (type !== "content_block_delta") continue
    const { partial_json, text: piece, thinking, type: kind } = object(delta)
    if (kind === "text_delta") said.push(text(piece))
    if (kind === "thinking_delta") thought.push(text(thinking))
    if (kind === "input_json_delta" && value?.type === "tool_use" && key !== undefined)
      calls.add(key, text(partial_json))
  }
  return { text: said.join(""), reasoning: thought.join(""), calls: calls.all }
}

/** The first of the fields that says anything: some vendors write the same into several. */
const reasoningIn = ({ content, reasoning, reasoning_content, reasoning_details }: Json): string => {
  const parts = list(content).filter(({ type }) => type === "thinking")
  return (
    text(reasoning_content) ||
    text(reasoning) ||
    list(reasoning_details)
      .map((detail) => text(detail.text) || text(detail.summary))
      .join("") ||
    parts
      .map(
        ({ thinking }) =>
          text(thinking) ||
          list(thinking)
            .map((part) => text(part.text))
            .join("")
      )
      .join("")
  )
}

const chat = (events: ReadonlyArray<Json>): Sum => {
  const said: Array<string> = []
  const thought: Array<string> = []
  const calls = new Pieces()
  const ids = new Map<unknown, unknown>()
  let latest = ""
  for (const { choices } of events) {
    for (const { delta, index = 0, message } of list(choices)) {
      if (index !== 0) continue
      const from = object(delta ?? message)
      said.push(
        text(from.content) ||
          list(from.content)
            .map((part) => (part.type === "text" ? text(part.text) : ""))
            .join("")
      )
      thought.push(reasoningIn(from))
      for (const { function: called, id, index: at } of list(from.tool_calls)) {
        // A new id at a known index is another call.
        if (id !== undefined && id !== null && id !== "") ids.set(at, id)
        latest = at === undefined && !id ? latest : `${at} ${ids.get(at)}`
        calls.add(latest, text(object(called).arguments))
      }
    }
  }
  return { text: said.join(""), reasoning: thought.join(""), calls: calls.all }
}

const responses = (events: ReadonlyArray<Json>): Sum => {
  const said = new Pieces()
  const thought: Array<string> = []
  const calls = new Pieces()
  for (const { arguments: whole, content_index, delta, input, item, output_index, type } of events) {
    const place = `${output_index}`
    switch (type) {
      case "response.output_text.delta":
        said.add(`${place} ${content_index}`, text(delta))
        break
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        thought.push(text(delta))
        break
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        calls.add(place, text(delta))
        break
      // Some servers have no deltas.
      case "response.function_call_arguments.done":
      case "response.custom_tool_call_input.done":
        calls.fill(place, text(whole) || text(input))
        break
      case "response.output_item.done": {
        const { arguments: json, input: plain, type: kind } = object(item)
        if (kind === "function_call" || kind === "custom_tool_call") calls.fill(place, text(json) || text(plain))
      }
    }
  }
  return { text: said.all.join(""), reasoning: thought.join(""), calls: calls.all }
}

/** What the events say that have something whole: the last of them for each place, and deltas where there are none. */
const wholesOf = (events: ReadonlyArray<Json>): Sum => {
  const parts = new Map<string, string>()
  const calls = new Map<string, string>()
  /** Nothing is added to what was whole. */
  const whole = new Set<string>()
  for (const { arguments: json, content_index, delta, input, item, output_index, part, text: said, type } of events) {
    const place = `${output_index}`
    const key = `${place} ${content_index}`
    const isWhole = [place, key].some((some) => whole.has(some))
    const { arguments: called, content, input: plain, type: kind } = object(item)
    switch (type) {
      case "response.output_text.delta":
        if (!isWhole) parts.set(key, (parts.get(key) ?? "") + text(delta))
        break
      case "response.output_text.done":
      case "response.content_part.done":
        parts.set(key, text(said) || text(object(part).text))
        whole.add(key)
        break
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        if (!isWhole) calls.set(place, (calls.get(place) ?? "") + text(delta))
        break
      case "response.function_call_arguments.done":
      case "response.custom_tool_call_input.done":
        calls.set(place, text(json) || text(input))
        whole.add(place)
        break
      case "response.output_item.done":
        if (kind === "function_call" || kind === "custom_tool_call") calls.set(place, text(called) || text(plain))
        if (kind === "message") {
          for (const known of parts.keys()) if (known.startsWith(`${place} `)) parts.set(known, "")
          for (const [at, value] of list(content).entries()) parts.set(`${place} ${at}`, text(value.text))
        }
        whole.add(place)
    }
  }
  return { text: [...parts.values()].join(""), reasoning: "", calls: [...calls.values()] }
}

/** What the final event says. */
const finalOf = (events: ReadonlyArray<Json>): Sum | undefined => {
  const end = events.findLast(({ type }) => type === "response.completed" || type === "response.incomplete")
  const output = list(object(end?.response).output)
  if (output.length === 0) return undefined
  const of = (...types: ReadonlyArray<string>) => output.filter(({ type }) => types.includes(String(type)))
  const texts = (items: ReadonlyArray<Json>, field: string, kinds: ReadonlyArray<string>) =>
    items.flatMap((item) => list(item[field])).map((part) => (kinds.includes(String(part.type)) ? text(part.text) : ""))
  return {
    text: texts(of("message"), "content", ["output_text", "text"]).join(""),
    reasoning: of("reasoning")
      .flatMap((item) => [
        ...texts([item], "summary", ["summary_text"]),
        ...texts([item], "content", ["reasoning_text"])
      ])
      .join(""),
    calls: of("function_call", "custom_tool_call").map((item) => text(item.arguments) || text(item.input))
  }
}

const terminal: Readonly<Record<Protocol.ProtocolId, ReadonlyArray<string>>> = {
  "anthropic-messages": ["message_stop"],
  "chat-completions": [],
  responses: ["response.completed", "response.incomplete"]
}

/** What an answer may consist of: the sum of its deltas, or the vendor's final word. */
export const sumsOf = (protocol: Protocol.ProtocolId, body: string): ReadonlyArray<Sum> => {
  const all = jsonOf(body)
  const end = all.findIndex(({ type }) => terminal[protocol].includes(String(type)))
  // What comes after the end belongs to nobody.
  const events = end < 0 ? all : all.slice(0, end + 1)
  switch (protocol) {
    case "anthropic-messages":
      return [anthropic(events)]
    case "chat-completions":
      return [chat(events)]
    case "responses": {
      const final = finalOf(events)
      return [responses(events), wholesOf(events), ...(final === undefined ? [] : [final])]
    }
  }
}

/** Arguments as the outcome has them: as values, or as text where they are no JSON. */
const valueOf = (json: string): unknown => (json.trim() === "" ? {} : (parse(json) ?? json))

const sorted = (values: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  values.map((value) => JSON.stringify(value)).sort()

/** Where an accepted answer is none of its sums. */
export const wrongIn = (ours: Accepted, candidates: ReadonlyArray<Sum>): ReadonlyArray<string> => {
  const texts = candidates.map((sum) => sum.text)
  const thoughts = candidates.map((sum) => sum.reasoning)
  const args = sorted(ours.toolCalls.map((call) => call.arguments))
  const wrong: Array<string> = []
  const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 1000) ?? "nothing"
  if (!texts.includes(ours.text)) wrong.push(`text: ours ${shown(ours.text)}, its deltas ${shown(texts)}`)
  if (!thoughts.includes(ours.reasoning))
    wrong.push(`reasoning: ours ${shown(ours.reasoning)}, its deltas ${shown(thoughts)}`)
  const isCalled = candidates.some(({ calls }) => isDeepStrictEqual(args, sorted(calls.map(valueOf))))
  // Plain input of a custom tool may look like JSON.
  if (!isCalled && !candidates.some(({ calls }) => isDeepStrictEqual(args, sorted(calls)))) {
    wrong.push(`arguments: ours ${shown(args)}, its deltas ${shown(candidates.map(({ calls }) => calls))}`)
  }
  return wrong
}
