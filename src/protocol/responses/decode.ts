/**
 * Reads Responses streams, OpenAI's and those of the vendors that copy it: one server-sent event at a time into model
 * events.
 */
import type { FinishReason, Reason } from "../../model/FinishReason.js"
import { type Fault, malformed } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Usage } from "../../model/Usage.js"
import { classify } from "../internal/classify.js"
import * as FinishWords from "../internal/finishWords.js"
import { array, type JsonObject, number, object, parse, string, tokens } from "../internal/json.js"
import type { ServerSentEvent, Stamp, StepResult, Summary } from "../Protocol.js"
import { argumentsDelta, argumentsDone } from "./calls.js"
import type { Items } from "./item.js"
import { closeItems, intoItem, itemAdded, itemDone, type Read, reconcile } from "./items.js"
import { annotationAdded, partAdded, partDone, refusalDelta, refusalDone, textDelta, textDone } from "./parts.js"
import { reasoningDelta } from "./reasoning.js"

/**
 * What the decoder knows of one attempt; nothing in it is to be relied on.
 *
 * @since 0.1.0
 * @category models
 */
export interface State extends Items {
  readonly stamp: Stamp
  started: boolean
  id: string | undefined
  model: string | undefined
  /** The number of the latest event that had one. */
  sequence: number | undefined
  /** True once the stream was taken up again at `sequence`: what comes twice is skipped. */
  resumed: boolean
  /** True once an event followed on the position where the stream was taken up again. */
  following: boolean
  /** How the response ended, in the vendor's words. */
  finish: string | undefined
  usage: JsonObject | undefined
}

/** Written out: what is spread has one shape at first and later another, and all that was compiled for it is compiled anew. */
export const initial = (stamp: Stamp): State => ({
  byIndex: new Map(),
  byId: new Map(),
  items: [],
  next: 0,
  refused: false,
  called: false,
  calledCustom: false,
  disagrees: false,
  stamp,
  started: false,
  id: undefined,
  model: undefined,
  sequence: undefined,
  resumed: false,
  following: false,
  finish: undefined,
  usage: undefined
})

export const step = (state: State, event: ServerSentEvent, events: Array<ModelEvent>): StepResult => {
  const json = parse(event.data)
  const body = object(json)
  if (body === undefined) return json === undefined ? notJson(event) : undefined
  const type = string(body.type) ?? event.event
  const sequence = number(body.sequence_number)
  if (state.resumed && sequence !== undefined && state.sequence !== undefined) {
    if (sequence <= state.sequence) return undefined
    if (!state.following && sequence > state.sequence + 1)
      return malformed("the rest of the answer has a gap before it")
    state.following = true
  }
  state.sequence = sequence ?? state.sequence
  // Nearly all events. Apart from the others, since V8 compiles a small function some ten answers sooner.
  if (type === "response.output_text.delta") return content(state, "message", body, events, textDelta)
  return other(state, type, body, event, events)
}

const other = (
  state: State,
  type: string | undefined,
  body: JsonObject,
  event: ServerSentEvent,
  events: Array<ModelEvent>
): StepResult => {
  switch (type) {
    case "response.reasoning_summary_text.delta":
    case "response.reasoning_text.delta":
      return content(state, "reasoning", body, events, reasoningDelta)
    case "response.function_call_arguments.delta":
      return content(state, "function_call", body, events, argumentsDelta)
    case "response.custom_tool_call_input.delta":
      return content(state, "custom_tool_call", body, events, argumentsDelta)
    case "response.refusal.delta":
      return content(state, "message", body, events, refusalDelta)
    case "response.output_item.added":
      start(state, {}, events)
      return itemAdded(state, body, events)
    case "response.output_item.done":
      start(state, {}, events)
      return itemDone(state, body, events)
    case "response.content_part.added":
      return ofReasoning(body) ? undefined : content(state, "message", body, events, partAdded)
    case "response.content_part.done":
      return ofReasoning(body) ? undefined : content(state, "message", body, events, partDone)
    case "response.output_text.done":
      return content(state, "message", body, events, textDone)
    case "response.refusal.done":
      return content(state, "message", body, events, refusalDone)
    case "response.output_text.annotation.added":
      return content(state, "message", body, events, annotationAdded)
    case "response.function_call_arguments.done":
      return content(state, "function_call", body, events, argumentsDone)
    case "response.custom_tool_call_input.done":
      return content(state, "custom_tool_call", body, events, argumentsDone)
    case "response.created":
    case "response.queued":
    case "response.in_progress":
      return progress(state, type, body, events)
    case "response.completed":
      return ended(state, "completed", body, events)
    case "response.incomplete":
      return ended(state, "incomplete", body, events)
    case "response.failed":
    case "response.cancelled":
      return failed(type, body)
    case "error":
      return classify({ body })
    default:
      return event.event === "error" || body.error ? classify({ body }) : undefined
  }
}

export const end = (state: State, events: Array<ModelEvent>): Summary => {
  closeItems(state, events)
  return { finishReason: finishReason(state), usage: usage(state), id: state.id, model: state.model }
}

export const usage = ({ usage: told }: State): Usage => {
  const input = object(told?.input_tokens_details)
  return {
    inputTokens: tokens(told?.input_tokens),
    outputTokens: tokens(told?.output_tokens),
    cacheReadTokens: tokens(input?.cached_tokens),
    cacheWriteTokens: tokens(input?.cache_write_tokens),
    reasoningTokens: tokens(object(told?.output_tokens_details)?.reasoning_tokens)
  }
}

/** From here on events have to follow on the last one: the server sends again what came after a position. */
export const resume = (state: State): void => {
  state.resumed = true
  state.following = false
}

const finishReasons: Readonly<Record<string, Reason>> = {
  completed: "stop",
  // Some gateways forget to change it.
  in_progress: "stop",
  "incomplete:max_output_tokens": "length",
  "incomplete:max_tokens": "length",
  "incomplete:content_filter": "content-filter"
}

/** The protocol has no word for a refusal or for calls. */
const finishReason = ({ called, calledCustom, finish, refused }: State): FinishReason => {
  const found = FinishWords.finishReason(finish, finishReasons)
  if (found.reason !== "stop") return found
  return { reason: called || calledCustom ? "tool-calls" : refused ? "refusal" : "stop", raw: found.raw }
}

/** Gateways send blank signs of life, and the marker of another protocol. */
const notJson = ({ data, event }: ServerSentEvent): StepResult => {
  if (event === "error") return classify({ body: data })
  const text = data.trim()
  if (event === "ping" || event === "keepalive" || text === "" || text === "[DONE]") return undefined
  return malformed("the stream has an event that is not JSON")
}

const start = (state: State, response: JsonObject, events: Array<ModelEvent>): void => {
  state.id ??= string(response.id)
  state.model ??= string(response.model)
  if (state.started) return
  state.started = true
  const { attempt, generation, requestId } = state.stamp
  events.push({ _tag: "ResponseStart", attempt, generation, id: state.id, model: state.model, requestId })
}

const content = (state: State, type: string, body: JsonObject, events: Array<ModelEvent>, read: Read): StepResult => {
  if (!state.started) start(state, {}, events)
  return intoItem(state, type, body, events, read)
}

/** Its deltas and its item say the same. */
const ofReasoning = (body: JsonObject): boolean => object(body.part)?.type === "reasoning_text"

const spliced = (type: string): Fault => malformed(`the stream has a second \`${type}\`: two answers were spliced`)

/** Gateways change the id from event to event, but none of them begins an answer again after output. */
const progress = (state: State, type: string, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const response = object(body.response) ?? {}
  const again = state.items.length > 0 && type === "response.created"
  if (again && (response.id === undefined || response.id !== state.id)) return spliced(type)
  start(state, response, events)
  return undefined
}

const ended = (state: State, type: string, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const response = object(body.response)
  if (response === undefined && !state.started) return malformed(`the stream has nothing but \`response.${type}\``)
  const status = string(response?.status) ?? type
  if (status === "failed" || status === "cancelled") return failed(`response.${status}`, body)
  start(state, response ?? {}, events)
  reconcile(state, array(response?.output) ?? [], events)
  // An id that changes is a gateway's habit; with another text it is another answer.
  if (state.disagrees && string(response?.id) !== state.id) return spliced(`response`)
  const reason = FinishWords.finishWord(object(response?.incomplete_details)?.reason)
  const cut = FinishWords.interruption(reason)
  if (cut !== undefined) return cut
  state.finish = reason === undefined ? status : `${status}:${reason}`
  state.usage = object(response?.usage)
  return "Complete"
}

const failed = (type: string, body: JsonObject): Fault => {
  if (type === "response.cancelled") {
    return { _tag: "ServerError", description: "the provider cancelled the response", code: "cancelled" }
  }
  const error = object(body.response)?.error ?? body.error
  return classify({ body: object(error) === undefined ? {} : { error } })
}
