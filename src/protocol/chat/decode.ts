/**
 * Reads Chat Completions streams, OpenAI's and those of the many that copy it: one server-sent event at a time into
 * model events.
 */
import * as FinishReason from "../../model/FinishReason.js"
import { malformed, truncated } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Usage } from "../../model/Usage.js"
import { classify, isError } from "../internal/classify.js"
import { array, type JsonObject, number, object, parse, string } from "../internal/json.js"
import type { ServerSentEvent, Stamp, StepResult, Summary } from "../Protocol.js"
import { type Call, callDeltas, closeCalls } from "./toolCalls.js"

/**
 * What the decoder knows of one attempt; nothing in it is to be relied on.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly stamp: Stamp
  started: boolean
  id: string | undefined
  /** The id of the latest chunk, and how many before it had the same one. */
  latestId: string | undefined
  sameId: number
  model: string | undefined
  finish: string | undefined
  /** Which choices came, and which of them gave a finish reason. */
  readonly choices: Set<number>
  readonly finished: Set<number>
  /** The block that text or reasoning goes to; tool calls stay open beside it. */
  open: "text" | "reasoning" | undefined
  openIndex: number
  /** Our index of the next block. */
  next: number
  readonly calls: Array<Call>
  refusal: string
  usage: JsonObject | undefined
  fallbackUsage: JsonObject | undefined
}

export const initial = (stamp: Stamp): State => ({
  stamp,
  started: false,
  id: undefined,
  latestId: undefined,
  sameId: 0,
  model: undefined,
  finish: undefined,
  choices: new Set(),
  finished: new Set(),
  open: undefined,
  openIndex: 0,
  next: 0,
  calls: [],
  refusal: "",
  usage: undefined,
  fallbackUsage: undefined
})

export const step = (state: State, event: ServerSentEvent, events: Array<ModelEvent>): StepResult => {
  const json = parse(event.data)
  const body = object(json)
  if (body === undefined) return notObject(state, event, json)
  if (body.error || event.event === "error" || isError(body)) return classify({ body })
  const choices = array(body.choices)
  const usage = object(body.usage)
  if (choices === undefined && usage === undefined) return undefined
  const id = string(body.id)
  if (id !== undefined && isSpliced(state, id, choices)) {
    return malformed("the stream has a second answer in it: two answers were spliced")
  }
  state.id ??= id
  state.model ??= string(body.model)
  if (!state.started) {
    state.started = true
    const { attempt, generation, requestId } = state.stamp
    events.push({ _tag: "ResponseStart", attempt, generation, id: state.id, model: state.model, requestId })
  }
  if (usage !== undefined) state.usage = usage
  else if (body.x_groq !== undefined) state.fallbackUsage = object(object(body.x_groq)?.usage) ?? state.fallbackUsage
  if (choices === undefined || choices.length === 0) {
    // Usage alone comes last. It proves an answer in text, but not that the arguments of a tool are whole.
    const whole = usage !== undefined && state.next > 0 && state.calls.length === 0
    return whole || isFinished(state) ? "Proven" : undefined
  }
  for (const choice of choices) {
    const result = readChoice(state, object(choice), events)
    if (result !== undefined) return result
  }
  return isFinished(state) ? "Proven" : undefined
}

export const end = (state: State, events: Array<ModelEvent>): Summary => {
  closeOpen(state, events)
  closeCalls(state, events)
  if (state.refusal !== "") {
    events.push({ _tag: "ProviderPart", index: state.next++, name: "refusal", value: state.refusal })
  }
  return { finishReason: finishReason(state), usage: usage(state), id: state.id, model: state.model }
}

export const usage = (state: State): Usage => {
  const told = state.usage ?? state.fallbackUsage
  return {
    inputTokens: number(told?.prompt_tokens),
    outputTokens: number(told?.completion_tokens),
    cacheReadTokens: number(object(told?.prompt_tokens_details)?.cached_tokens),
    cacheWriteTokens: undefined,
    reasoningTokens: number(object(told?.completion_tokens_details)?.reasoning_tokens)
  }
}

const finishReasons: Readonly<Record<string, FinishReason.Reason>> = {
  stop: "stop",
  end: "stop",
  eos: "stop",
  length: "length",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  model_length: "length",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter"
}

/** Some vendors never give a reason, and a refusal has none of its own. */
const finishReason = ({ calls, finish, refusal }: State): FinishReason.FinishReason => {
  if (finish === undefined && calls.length > 0) return { reason: "tool-calls", raw: undefined }
  const found = FinishReason.fromRaw(finish, finishReasons)
  return refusal !== "" && found.reason === "stop" ? { reason: "refusal", raw: found.raw } : found
}

const isFinished = (state: State): boolean => state.choices.size > 0 && state.finished.size === state.choices.size

/**
 * Some vendors change the id in every chunk, or after the first. Where it was constant, and content has come, a new one
 * that begins as answers do, with a role, belongs to another answer.
 */
const isSpliced = (state: State, id: string, choices: ReadonlyArray<unknown> | undefined): boolean => {
  if (id === state.latestId) {
    state.sameId++
    return false
  }
  const constant = state.sameId >= 2
  state.latestId = id
  state.sameId = 0
  if (!constant || state.next === 0) return false
  return choices?.some((choice) => string(object(object(choice)?.delta)?.role) !== undefined) ?? false
}

const notObject = (state: State, { data, event }: ServerSentEvent, json: unknown): StepResult => {
  if (json !== undefined) {
    const first = object(array(json)?.[0])
    return first !== undefined && isError(first) ? classify({ body: first }) : undefined
  }
  const text = data.trim()
  if (text === "[DONE]") return state.started ? "Complete" : truncated("the answer ended before it began")
  if (event === "error") return classify({ body: data })
  if (event === "ping" || text === "") return undefined
  return malformed("the stream has an event that is not JSON")
}

const readChoice = (state: State, choice: JsonObject | undefined, events: Array<ModelEvent>): StepResult => {
  if (choice === undefined) return undefined
  const at = number(choice.index) ?? 0
  state.choices.add(at)
  const finish = string(choice.finish_reason)
  if (finish === "error" || choice.error) return classify({ body: choice.error ? choice : {} })
  if (finish !== undefined) {
    state.finished.add(at)
    state.fallbackUsage = object(choice.usage) ?? state.fallbackUsage
  }
  // Only one choice was asked for.
  if (at !== 0) return undefined
  const delta = object(choice.delta)
  if (delta !== undefined) readDelta(state, delta, events)
  state.finish = finish ?? state.finish
  return undefined
}

const readDelta = (state: State, delta: JsonObject, events: Array<ModelEvent>): void => {
  reasoning(state, reasoningOf(delta), events)
  if (typeof delta.content === "string") text(state, delta.content, events)
  else if (delta.content) for (const part of array(delta.content) ?? []) contentPart(state, object(part), events)
  if (typeof delta.refusal === "string") state.refusal += delta.refusal
  if (delta.tool_calls) {
    for (const call of array(delta.tool_calls) ?? []) {
      closeOpen(state, events)
      callDeltas(state, object(call), events)
    }
  }
  if (delta.annotations) {
    for (const value of array(delta.annotations) ?? []) {
      events.push({ _tag: "ProviderPart", index: state.next++, name: "annotation", value })
    }
  }
}

/** Hosts mirror the same text in several of these fields, so only the first counts. */
const reasoningOf = (delta: JsonObject): string => {
  const plain = string(delta.reasoning_content) ?? string(delta.reasoning) ?? string(delta.reasoning_text)
  if (plain !== undefined) return plain
  return delta.reasoning_details ? joined(delta.reasoning_details) : ""
}

/** The text of Mistral's thinking parts and of OpenRouter's details. */
const joined = (parts: unknown): string => {
  if (typeof parts === "string") return parts
  let all = ""
  for (const part of array(parts) ?? []) {
    const entry = object(part)
    all += string(entry?.text) ?? string(entry?.summary) ?? ""
  }
  return all
}

const contentPart = (state: State, part: JsonObject | undefined, events: Array<ModelEvent>): void => {
  switch (part?.type) {
    case "text":
      text(state, string(part.text) ?? "", events)
      return
    case "thinking":
      reasoning(state, joined(part.thinking), events)
      return
    case undefined:
      return
    default:
      events.push({ _tag: "ProviderPart", index: state.next++, name: String(part?.type), value: part })
  }
}

const text = (state: State, piece: string, events: Array<ModelEvent>): void => {
  if (piece === "") return
  if (state.open !== "text") {
    closeOpen(state, events)
    state.open = "text"
    state.openIndex = state.next++
    events.push({ _tag: "TextStart", index: state.openIndex })
  }
  events.push({ _tag: "TextDelta", index: state.openIndex, text: piece })
}

const reasoning = (state: State, piece: string, events: Array<ModelEvent>): void => {
  if (piece === "") return
  if (state.open !== "reasoning") {
    closeOpen(state, events)
    state.open = "reasoning"
    state.openIndex = state.next++
    events.push({ _tag: "ReasoningStart", index: state.openIndex })
  }
  events.push({ _tag: "ReasoningDelta", index: state.openIndex, text: piece })
}

const closeOpen = (state: State, events: Array<ModelEvent>): void => {
  if (state.open === "text") events.push({ _tag: "TextEnd", index: state.openIndex })
  else if (state.open === "reasoning") {
    events.push({ _tag: "ReasoningEnd", index: state.openIndex, signature: undefined })
  }
  state.open = undefined
}
