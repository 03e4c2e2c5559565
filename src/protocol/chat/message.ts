/**
 * Reads what one chunk of a Chat Completions stream adds to the message: reasoning, text, a refusal, tool calls and
 * parts that are kept whole. A whole message has the same fields.
 */
import type { Fault } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { array, type JsonObject, object, string } from "../internal/json.js"
import { type Blocks, closeOpen, part, reasoning, text } from "./blocks.js"
import { citation, type Extras, readDetails } from "./extras.js"
import { type Calls, callDelta, LEGACY } from "./toolCalls.js"
import { unreadable } from "./unread.js"

export interface Message extends Blocks, Calls, Extras {
  refusal: string
}

export const readMessage = (state: Message, message: JsonObject, events: Array<ModelEvent>): Fault | undefined => {
  reasoning(state, reasoningOf(message), events)
  const { annotations, audio, content, extra_content, function_call, images, refusal, tool_calls } = message
  if (message.reasoning_details) readDetails(state, message.reasoning_details)
  if (extra_content) state.extra = object(extra_content) ?? state.extra
  if (typeof content === "string") text(state, content, events)
  else if (content !== undefined && content !== null) {
    const fault = readContent(state, content, events)
    if (fault !== undefined) return fault
  }
  if (typeof refusal === "string") state.refusal += refusal
  else if (refusal) return unreadable("a refusal", refusal)
  if (audio) return unreadable("audio", audio)
  if (annotations) for (const value of array(annotations) ?? []) citation(state, value, events)
  if (images) for (const value of array(images) ?? []) part(state, "image", value, events)
  return tool_calls || function_call ? readCalls(state, tool_calls, function_call, events) : undefined
}

const readCalls = (state: Message, calls: unknown, legacy: unknown, events: Array<ModelEvent>): Fault | undefined => {
  for (const value of array(calls) ?? [calls, legacyCall(legacy)]) {
    if (value === undefined || value === null) continue
    const call = object(value)
    if (call === undefined) return unreadable("a tool call", value)
    closeOpen(state, events)
    const fault = callDelta(state, call, events)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** The single call of the protocol's first version. */
const legacyCall = (value: unknown): unknown => (object(value) ? { index: LEGACY, function: value } : value)

/** Content that is not a string: parts, or a single part. */
const readContent = (state: Message, content: unknown, events: Array<ModelEvent>): Fault | undefined => {
  for (const value of array(content) ?? [content]) {
    if (value === undefined || value === null) continue
    if (typeof value === "string") {
      text(state, value, events)
      continue
    }
    const one = object(value)
    if (one === undefined || !readPart(state, one, events)) return unreadable("content", value)
  }
  return undefined
}

/** False if the part does not match its type. */
const readPart = (state: Message, value: JsonObject, events: Array<ModelEvent>): boolean => {
  switch (value.type) {
    case undefined:
    case "text":
    case "output_text":
      if (typeof value.text !== "string") return false
      text(state, value.text, events)
      return true
    case "thinking":
      reasoning(state, joined(value.thinking), events)
      return true
    case "refusal":
      state.refusal += string(value.refusal) ?? ""
      return typeof value.refusal === "string"
    default:
      if (typeof value.type !== "string") return false
      part(state, value.type, value, events)
      return true
  }
}

/** Vendors repeat the same text in several of these fields, so only the first counts. */
const reasoningOf = (message: JsonObject): string => {
  const plain = string(message.reasoning_content) ?? string(message.reasoning) ?? string(message.reasoning_text)
  if (plain !== undefined) return plain
  const parts = message.reasoning_details ?? message.reasoning_content ?? message.reasoning
  return parts ? joined(parts) : ""
}

/** The text of Mistral's thinking parts and of OpenRouter's details. */
const joined = (parts: unknown): string => {
  if (typeof parts === "string") return parts
  let all = ""
  for (const one of array(parts) ?? [parts]) {
    const entry = object(one)
    all += string(one) ?? string(entry?.text) ?? string(entry?.summary) ?? ""
  }
  return all
}
