/**
 * Reads Responses streams, of OpenAI and of the vendors that copy it: one server-sent event at a time into model
 * events.
 */
import type { FinishReason, Reason } from "../../model/FinishReason.js"
import { type Fault, malformed } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Usage } from "../../model/Usage.js"
import type { Frame } from "../Framing.js"
import { classify } from "../internal/classify.js"
import * as FinishWords from "../internal/finishWords.js"
import { carriesContent, type JsonObject, number, object, parse, string, tokens } from "../internal/json.js"
import type { Stamp, StepResult, Summary } from "../Protocol.js"
import { awaitsCaller } from "./awaited.js"
import { argumentsDelta, argumentsDone } from "./calls.js"
import { outputOf, readAnew, reconcile } from "./final.js"
import type { Items } from "./item.js"
import { closeItems, intoItem, itemAdded, itemDone, type Read } from "./items.js"
import { doubtOf, type Numbering, outOfOrder } from "./numbering.js"
import { annotationAdded, partAdded, partDone, refusalDelta, refusalDone, textDelta, textDone } from "./parts.js"
import { reasoningDelta } from "./reasoning.js"

/**
 * What the decoder knows of one attempt. All of it comes from a server, so nothing may be relied on.
 *
 * @since 0.1.0
 * @category models
 */
export interface State extends Items, Numbering {
  readonly stamp: Stamp
  started: boolean
  /** True once `response.created` came. */
  created: boolean
  id: string | undefined
  model: string | undefined
  /** How the response ended, in the vendor's words. */
  finish: string | undefined
  usage: JsonObject | undefined
  serviceTier: string | undefined
  /** The items of the final event. */
  output: ReadonlyArray<JsonObject>
  /** The type of an event with content that is not understood. */
  unread: string | undefined
}

/**
 * Written out, because spreading gives the object another shape later, and V8 then recompiles everything that uses it.
 */
export const initial = (stamp: Stamp): State => ({
  byIndex: new Map(),
  byId: new Map(),
  items: [],
  latest: new Map(),
  next: 0,
  refused: false,
  called: false,
  calledCustom: false,
  contradiction: undefined,
  stamp,
  started: false,
  created: false,
  id: undefined,
  model: undefined,
  sequence: undefined,
  firstSequence: undefined,
  doubt: undefined,
  resumed: false,
  following: false,
  finish: undefined,
  usage: undefined,
  serviceTier: undefined,
  output: [],
  unread: undefined
})

export { resume } from "./numbering.js"

export const step = (state: State, event: Frame, events: Array<ModelEvent>): StepResult => {
  const json = parse(event.data)
  const body = object(json)
  if (body === undefined) return json === undefined ? notJson(event) : undefined
  const type = string(body.type) ?? event.event
  const sequence = number(body.sequence_number)
  if (sequence !== undefined) {
    if (state.sequence !== undefined && sequence === state.sequence + 1) state.sequence = sequence
    else {
      const broken = outOfOrder(state, sequence)
      if (broken !== undefined) return broken === "Skip" ? undefined : broken
    }
    state.following = state.resumed
  }
  // Nearly all events. In a function of its own, because V8 compiles a small function about ten answers earlier.
  const result =
    type === "response.output_text.delta"
      ? content(state, "message", body, events, textDelta)
      : other(state, type, body, event, events)
  return state.contradiction === undefined ? result : contradicted(state.contradiction, result)
}

const contradicted = (fault: Fault, otherwise: StepResult): StepResult =>
  typeof otherwise === "object" ? otherwise : { _tag: "Contradiction", fault, otherwise }

const other = (
  state: State,
  type: string | undefined,
  body: JsonObject,
  event: Frame,
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
      if (event.event === "error" || body.error) return classify({ body })
      if (carriesContent(body)) state.unread ??= type ?? "without a type"
      return undefined
  }
}

export const end = (state: State, events: Array<ModelEvent>): Summary => {
  closeItems(state, events)
  return summary(state)
}

/** The vendor contradicted itself: its last statements are the answer. */
export const final = (state: State, events: Array<ModelEvent>): Summary => {
  readAnew(state, state.output, events)
  return summary(state)
}

const summary = (state: State): Summary => ({
  finishReason: finishReason(state),
  usage: usage(state),
  rawUsage: state.usage,
  serviceTier: state.serviceTier,
  id: state.id,
  model: state.model
})

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

const finishReasons: Readonly<Record<string, Reason>> = {
  completed: "stop",
  // Some gateways forget to change it.
  in_progress: "stop",
  "incomplete:max_output_tokens": "length",
  "incomplete:max_tokens": "length",
  "incomplete:content_filter": "content-filter"
}

/** The protocol has no status for a refusal or for calls. */
const finishReason = (state: State): FinishReason => {
  const { called, calledCustom, finish, refused } = state
  const found = FinishWords.finishReason(finish, finishReasons)
  if (found.reason !== "stop") return found
  const calls = called || calledCustom || awaitsCaller(state)
  return { reason: calls ? "tool-calls" : refused ? "refusal" : "stop", raw: found.raw }
}

/** Gateways send blank keep-alives, and the end marker of another protocol. */
const notJson = ({ data, event }: Frame): StepResult => {
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

/** Its deltas and its item have the same content. */
const ofReasoning = (body: JsonObject): boolean => object(body.part)?.type === "reasoning_text"

const spliced = (type: string): Fault => malformed(`the stream has a second \`${type}\`: two answers were spliced`)

/** Gateways change the id from event to event, but none starts an answer again after output. */
const progress = (state: State, type: string, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const response = object(body.response) ?? {}
  if (type === "response.created") {
    const id = string(response.id)
    if (state.items.length > 0 && (state.created || id === undefined || id !== (state.id ?? id))) return spliced(type)
    state.created = true
  }
  start(state, response, events)
  return undefined
}

const ended = (state: State, type: string, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const response = object(body.response)
  if (response === undefined && !state.started) return malformed(`the stream has nothing but \`response.${type}\``)
  const status = string(response?.status) ?? type
  if (status === "failed" || status === "cancelled") return failed(`response.${status}`, body)
  if (saysError(response?.error)) return failed("response.failed", body)
  const output = outputOf(response)
  if ("_tag" in output) return output
  start(state, response ?? {}, events)
  const odd = state.contradiction === undefined ? reconcile(state, output, status !== "incomplete", events) : undefined
  if (odd !== undefined) return odd
  // A changed id alone is a habit of gateways; together with another text it is another answer.
  if (state.contradiction !== undefined && (string(response?.id) ?? state.id) !== state.id) return spliced("response")
  const reason = FinishWords.finishWord(object(response?.incomplete_details)?.reason)
  const cut = FinishWords.interruption(reason)
  if (cut !== undefined) return cut
  const unproven = output.length === 0 ? (doubtOf(state) ?? unread(state)) : undefined
  if (unproven !== undefined) return unproven
  state.output = output
  state.finish = reason === undefined ? status : `${status}:${reason}`
  state.usage = object(response?.usage)
  state.serviceTier = string(response?.service_tier)
  return "Complete"
}

/** An answer that lacks content of its stream is not a success. */
const unread = ({ items, unread: type }: State): Fault | undefined => {
  const cut = items.find((item) => item.unread !== undefined && !item.done)
  if (cut !== undefined) return malformed(`the stream has a \`${cut.unread}\` in an item that never came whole`)
  return items.length > 0 || type === undefined
    ? undefined
    : malformed(`the answer is empty, and its stream has a \`${type}\`, which is not understood`)
}

/** Some servers write an empty error when there is none. */
const saysError = (error: unknown): boolean =>
  typeof error === "string" ? error !== "" : Object.values(object(error) ?? {}).some(Boolean)

const failed = (type: string, body: JsonObject): Fault => {
  if (type === "response.cancelled") {
    return { _tag: "ServerError", description: "the provider cancelled the response", code: "cancelled" }
  }
  const error = object(body.response)?.error ?? body.error
  return classify({ body: error === undefined || error === null ? {} : { error } })
}
