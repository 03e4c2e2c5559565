/**
 * Puts the tool calls of a Chat Completions stream together. Vendors disagree on which chunks carry an index, an id or
 * a name, so each piece is matched to its call here.
 */
import type { ModelEvent } from "../../model/ModelEvent.js"
import { type JsonObject, number, object, string, stringify } from "../internal/json.js"

export interface Call {
  /** The wire's index, where it gave one. */
  readonly wireIndex: number | undefined
  id: string | undefined
  name: string | undefined
  /** Our index; -1 until the name is known. */
  index: number
  /** Arguments that came before the name. */
  pending: string
}

/** What of the protocol's state tool calls need. */
export interface Calls {
  readonly calls: Array<Call>
  next: number
}

export const callDeltas = (state: Calls, delta: JsonObject | undefined, events: Array<ModelEvent>): void => {
  if (delta === undefined) return
  const tool = object(delta.function)
  const name = string(tool?.name)
  const call = match(state, number(delta.index), string(delta.id), name)
  const json = argumentsOf(tool?.arguments)
  // Some vendors repeat the name in every chunk: it is whole from the start.
  call.name ??= name
  if (call.name === undefined) {
    call.pending += json
    return
  }
  if (call.index < 0) start(state, call, call.name, events)
  if (json !== "") events.push({ _tag: "ToolCallDelta", index: call.index, json })
}

/** A call that never got a name cannot be run: it stays open, and so counts as incomplete. */
export const closeCalls = (state: Calls, events: Array<ModelEvent>): void => {
  for (const call of state.calls) {
    if (call.name !== undefined) events.push({ _tag: "ToolCallEnd", index: call.index })
    else if (call.pending !== "") start(state, call, "", events)
  }
}

const start = (state: Calls, call: Call, name: string, events: Array<ModelEvent>): void => {
  call.index = state.next++
  events.push({ _tag: "ToolCallStart", index: call.index, id: call.id ?? `call_${call.index}`, name })
  if (call.pending !== "") events.push({ _tag: "ToolCallDelta", index: call.index, json: call.pending })
  call.pending = ""
}

const match = (state: Calls, wireIndex: number | undefined, id: string | undefined, name: string | undefined): Call => {
  const found = find(state.calls, wireIndex, id, name)
  if (found !== undefined) {
    found.id ??= id
    return found
  }
  const call: Call = { wireIndex, id, name, index: -1, pending: "" }
  state.calls.push(call)
  return call
}

const find = (
  calls: ReadonlyArray<Call>,
  wireIndex: number | undefined,
  id: string | undefined,
  name: string | undefined
): Call | undefined => {
  if (wireIndex === undefined && id === undefined) return name === undefined ? calls.at(-1) : undefined
  for (let at = calls.length - 1; at >= 0; at--) {
    const call = calls[at]!
    if (wireIndex === undefined ? call.id !== id : call.wireIndex !== wireIndex) continue
    return isAnother(call, id, name) ? undefined : call
  }
  return undefined
}

/** The same index again, with another id and a name, or with another name: a call of its own. */
const isAnother = (call: Call, id: string | undefined, name: string | undefined): boolean => {
  if (name === undefined || call.name === undefined) return false
  if (id !== undefined && call.id !== undefined) return id !== call.id
  return name !== call.name
}

const argumentsOf = (value: unknown): string => {
  if (typeof value === "string") return value
  return object(value) === undefined ? "" : (stringify(value) ?? "")
}
