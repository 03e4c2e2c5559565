/**
 * What a stream carries that is not read: it is refused by name, with its first words, and never left out in silence.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import { scrub } from "../internal/classify.js"
import { array, type JsonObject, object, stringify } from "../internal/json.js"

/** So much of it says what it is. */
const QUOTED = 300

export const quote = (json: string): string =>
  scrub(json.slice(0, QUOTED))
    .replace(/\s+/g, " ")
    .replace(/[\ud800-\udbff]$/, "") + (json.length > QUOTED ? "…" : "")

export const unreadable = (what: string, value: unknown): Fault =>
  malformed(`the stream has ${what} that is not read: ${quote(stringify(value) ?? "")}`)

/** What is nested deeper counts as said. */
const DEEPEST = 4

/** Whether there is something in it: vendors write null, "" or [] where they say nothing, and numbers beside what they say. */
export const isSaying = (value: unknown, depth = DEEPEST): boolean => {
  if (typeof value === "string") return value !== ""
  if (typeof value !== "object" || value === null) return depth < DEEPEST && value !== undefined && value !== null
  return depth === 0 || Object.values(value).some((one) => isSaying(one, depth - 1))
}

/** What describes a message, and what is read elsewhere. */
const known: ReadonlySet<string> = new Set([
  ...["role", "name", "index", "token_id", "token_ids", "channel", "provider_metadata"],
  ...["reasoning_details", "extra_content"],
  ...["content", "refusal", "reasoning_content", "reasoning", "reasoning_text", "annotations", "images"],
  ...["tool_calls", "function_call"]
])

/** The fields in which servers write what they do not write into a delta. */
const besides = ["message", "text", "content"] as const

/** Whether a choice, or the message that was read of it, has something in it that is not read and may be content. */
export const isUnread = (choice: JsonObject, message: JsonObject): boolean =>
  besides.some((field) => isSayingMessage(choice[field])) ||
  Object.keys(message).some((key) => !known.has(key) && isSaying(message[key]))

/** Whether a message says more than who speaks. */
export const isSayingMessage = (message: unknown): boolean => {
  const fields = object(message)
  if (fields === undefined) return isSaying(message)
  return said.some((key) => isSaying(fields[key])) || isCalling(fields)
}

const said = ["content", "refusal", "reasoning_content", "reasoning", "reasoning_text", "audio", "images"] as const

const isCalling = ({ function_call, tool_calls }: JsonObject): boolean =>
  isSaying(function_call) || (array(tool_calls)?.some(callSays) ?? isSaying(tool_calls))

/** A type, an id and an index alone are no more than the frame of a call. */
const callSays = (call: unknown): boolean => {
  const { id: _id, index: _index, type: _type, ...rest } = object(call) ?? {}
  return isSaying(rest)
}
