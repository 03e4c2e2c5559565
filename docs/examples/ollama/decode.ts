import { type Framing, type ModelEvent, Protocol, type Usage } from "effect-redial"

type Json = Readonly<Record<string, unknown>>

/** The state of one answer. It belongs to one attempt, so it may be mutated. */
export interface State {
  readonly stamp: Protocol.Stamp
  begun: boolean
  model: string | undefined
  /** The block that is being written. */
  open: { readonly type: "Text" | "Reasoning"; readonly index: number } | undefined
  /** The index of the next block. */
  next: number
  calls: number
  doneReason: string | undefined
  usage: Usage.Usage
}

export const initial = (stamp: Protocol.Stamp): State => ({
  stamp,
  begun: false,
  model: undefined,
  open: undefined,
  next: 0,
  calls: 0,
  doneReason: undefined,
  usage: {}
})

/** Takes a line, pushes the events that it means, and says what it proves. */
export const step = (
  state: State,
  { data }: Framing.Frame,
  events: Array<ModelEvent.ModelEvent>
): Protocol.StepResult => {
  const line = object(parse(data))
  if (line === undefined) return Protocol.malformed("a line of the answer is not an object of JSON")
  if (line.error !== undefined) return Protocol.classify({ body: line, requestId: state.stamp.requestId })
  if (typeof line.done !== "boolean") return Protocol.malformed("a line of the answer does not say whether it is done")
  const model = typeof line.model === "string" ? line.model : undefined
  if (!state.begun) {
    state.begun = true
    state.model = model
    events.push({ _tag: "ResponseStart", ...state.stamp, id: undefined, model })
  } else if (model !== state.model) {
    return Protocol.contradiction(`the answer of ${state.model} goes on as one of ${model}`)
  }
  const fault = readMessage(state, line.message ?? {}, events)
  if (fault !== undefined || !line.done) return fault
  state.doneReason = typeof line.done_reason === "string" ? line.done_reason : undefined
  state.usage = { inputTokens: count(line.prompt_eval_count), outputTokens: count(line.eval_count) }
  // This line is the only proof of the end, and nothing follows it. A reason that means a failure proves nothing.
  return Protocol.interruption(state.doneReason) ?? "Complete"
}

const readMessage = (
  state: State,
  message: unknown,
  events: Array<ModelEvent.ModelEvent>
): Protocol.Fault | undefined => {
  const { content, thinking, tool_calls } = { content: "", thinking: "", tool_calls: [], ...object(message) }
  const isUnderstood =
    object(message) !== undefined &&
    typeof content === "string" &&
    typeof thinking === "string" &&
    Array.isArray(tool_calls)
  if (!isUnderstood) return Protocol.malformed("a message of the answer has a form that is not understood")
  if (thinking !== "") events.push({ _tag: "ReasoningDelta", index: write(state, "Reasoning", events), text: thinking })
  if (content !== "") events.push({ _tag: "TextDelta", index: write(state, "Text", events), text: content })
  for (const call of tool_calls) {
    const called = object(object(call)?.function)
    const json = stringify(called?.arguments ?? {})
    if (typeof called?.name !== "string" || json === undefined) {
      return Protocol.malformed("a tool call of the answer has a form that is not understood")
    }
    close(state, events)
    const index = state.next++
    // The API has no ids. These are unique in the answer, and identify the tool when its result goes back.
    events.push({ _tag: "ToolCallStart", index, id: `call_${state.calls++}`, name: called.name })
    events.push({ _tag: "ToolCallDelta", index, json }, { _tag: "ToolCallEnd", index })
  }
  return undefined
}

/** The index of the growing block. A new one begins if the last block was of the other kind. */
const write = (state: State, type: "Text" | "Reasoning", events: Array<ModelEvent.ModelEvent>): number => {
  if (state.open?.type === type) return state.open.index
  close(state, events)
  const index = state.next++
  state.open = { type, index }
  events.push({ _tag: `${type}Start`, index })
  return index
}

const close = (state: State, events: Array<ModelEvent.ModelEvent>): void => {
  if (state.open !== undefined) events.push({ _tag: `${state.open.type}End`, index: state.open.index })
  state.open = undefined
}

/** The end is proven: closes what is open, and returns the summary. */
export const end = (state: State, events: Array<ModelEvent.ModelEvent>): Protocol.Summary => {
  close(state, events)
  const finishReason = Protocol.finishReason(state.doneReason)
  return {
    // Ollama says `stop` even if the model waits for its tools.
    finishReason:
      state.calls > 0 && finishReason.reason === "stop" ? { ...finishReason, reason: "tool-calls" } : finishReason,
    usage: state.usage,
    id: undefined,
    model: state.model
  }
}

/** A server may send any bytes, so these functions never throw. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const stringify = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

const isObject = (u: unknown): u is Json => typeof u === "object" && u !== null && !Array.isArray(u)

const object = (u: unknown): Json | undefined => (isObject(u) ? u : undefined)

const count = (u: unknown): number | undefined => (Number.isSafeInteger(u) && Number(u) >= 0 ? Number(u) : undefined)
