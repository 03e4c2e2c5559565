/** Refuses content of a stream that is not read, by name and with its first words. It is never dropped silently. */
import { type Fault, malformed } from "../../model/internal/fault.js"
import { scrub } from "../internal/classify.js"
import { array, type JsonObject, object, stringify } from "../internal/json.js"

/** The length of the quotation. */
const QUOTED = 300

export const quote = (json: string): string =>
  scrub(json.slice(0, QUOTED))
    .replace(/\s+/g, " ")
    .replace(/[\ud800-\udbff]$/, "") + (json.length > QUOTED ? "…" : "")

export const unreadable = (what: string, value: unknown): Fault =>
  malformed(`the stream has ${what} that is not read: ${quote(stringify(value) ?? "")}`)

/** Anything nested deeper counts as content. */
const DEEPEST = 4

/** Whether a value has content: vendors write null, "" or [] for nothing, and numbers as annotations. */
export const isSaying = (value: unknown, depth = DEEPEST): boolean => {
  if (typeof value === "string") return value !== ""
  if (typeof value !== "object" || value === null) return depth < DEEPEST && value !== undefined && value !== null
  return depth === 0 || Object.values(value).some((one) => isSaying(one, depth - 1))
}

/** Fields that describe a message, or are read elsewhere. */
const known: ReadonlySet<string> = new Set([
  ...["role", "name", "index", "token_id", "token_ids", "channel", "provider_metadata"],
  ...["reasoning_details", "extra_content"],
  ...["content", "refusal", "reasoning_content", "reasoning", "reasoning_text", "annotations", "images"],
  ...["tool_calls", "function_call"]
])

/** The fields in which servers write content outside a delta. */
const besides = ["message", "text", "content"] as const

/** Whether a choice, or the message that was read from it, has an unread field that may be content. */
export const isUnread = (choice: JsonObject, message: JsonObject): boolean =>
  besides.some((field) => isSayingMessage(choice[field])) ||
  Object.keys(message).some((key) => !known.has(key) && isSaying(message[key]))

/** Whether a message has more than a role. */
export const isSayingMessage = (message: unknown): boolean => {
  const fields = object(message)
  if (fields === undefined) return isSaying(message)
  return said.some((key) => isSaying(fields[key])) || isCalling(fields)
}

const said = ["content", "refusal", "reasoning_content", "reasoning", "reasoning_text", "audio", "images"] as const

const isCalling = ({ function_call, tool_calls }: JsonObject): boolean =>
  isSaying(function_call) || (array(tool_calls)?.some(callSays) ?? isSaying(tool_calls))

/** A type, an id and an index alone are only the frame of a call. */
const callSays = (call: unknown): boolean => {
  const { id: _id, index: _index, type: _type, ...rest } = object(call) ?? {}
  return isSaying(rest)
}
