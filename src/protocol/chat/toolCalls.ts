/**
 * Assembles the tool calls of a Chat Completions stream. Vendors disagree on which chunks carry an index, an id or a
 * name, so each piece is matched to its call here. The result has the arguments that the wire carried, or it stays open
 * and is never run.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { type JsonObject, number, object, string, stringify } from "../internal/json.js"
import { isSaying, quote, unreadable } from "./unread.js"

export interface Call {
  /** The wire's index, if it gave one. */
  readonly wireIndex: number | undefined
  /** The wire's id. */
  id: string | undefined
  /** The id that the call was given at its start; the wire's own may come too late for that. */
  given: string
  /** The name so far: some vendors send it in pieces. */
  name: string
  /** Our index; -1 until the first arguments or the next call show that the name is complete. */
  index: number
  /** Arguments that came before the name. */
  pending: string
  /** The first character of the arguments, without white space. */
  first: string
  /** What the vendor writes beside the call and requires back with it: Gemini's signatures. */
  extra: JsonObject | undefined
  /** True once the arguments came as an object, to which nothing can be added. */
  whole: boolean
}

/** The part of the protocol's state that tool calls need. */
export interface Calls {
  readonly calls: Array<Call>
  /** The latest call with an index or an id of the wire. */
  readonly byIndex: Map<number, Call>
  readonly byId: Map<string, Call>
  next: number
}

/** The index of the single call of the protocol's first version: `function_call`. */
export const LEGACY = -1

export const callDelta = (state: Calls, delta: JsonObject, events: Array<ModelEvent>): Fault | undefined => {
  // Some servers leave the wrapper out.
  const tool = delta.function === undefined || delta.function === null ? delta : object(delta.function)
  if (tool === undefined || otherFields.some((field) => isSaying(delta[field]) || isSaying(tool[field]))) {
    return unreadable("a tool call", delta)
  }
  const { arguments: value } = tool
  const json = argumentsOf(value)
  if (json === undefined) return unreadable("a tool call with arguments", delta)
  const name = string(tool.name)
  const call = match(state, number(delta.index), string(delta.id), name, events)
  if (delta.extra_content) call.extra = object(delta.extra_content) ?? call.extra
  if (name !== undefined && !nameDelta(call, name)) {
    return malformed(`the stream gives one tool call two names: ${quote(call.name)} and ${quote(name)}`)
  }
  if (json === "") return undefined
  if (call.whole || (typeof value === "object" && call.first !== "")) {
    return unreadable("a tool call with arguments after an object", delta)
  }
  call.whole = typeof value === "object"
  if (call.first === "") call.first = /\S/.exec(json)?.[0] ?? ""
  if (call.name === "") {
    call.pending += json
    return undefined
  }
  start(state, call, events)
  events.push({ _tag: "ToolCallDelta", index: call.index, json })
  return undefined
}

/**
 * Ends the calls that are whole. `called` says that the vendor's finish reason is a tool call. Without it, a number may
 * continue, and arguments that never came may still be missing. Such a call, and one without a name, stays open.
 */
export const closeCalls = (state: Calls, called: boolean, events: Array<ModelEvent>): void => {
  for (const call of state.calls) {
    if (call.name === "" && call.pending === "") continue
    start(state, call, events)
    const ends = called || (call.first !== "" && !/[-\d]/.test(call.first))
    if (call.name !== "" && ends) events.push({ _tag: "ToolCallEnd", index: call.index })
    if (call.extra !== undefined) {
      const value = { call: call.given, value: call.extra }
      events.push({ _tag: "ProviderPart", index: state.next++, name: "extra_content", value })
    }
  }
}

/** Other protocols' fields for the arguments, and the calls of custom tools, which take text. */
const otherFields = ["input", "parameters", "args", "params", "custom"] as const

const start = (state: Calls, call: Call, events: Array<ModelEvent>): void => {
  if (call.index >= 0) return
  call.index = state.next++
  call.given = call.id ?? `call_${call.index}`
  events.push({ _tag: "ToolCallStart", index: call.index, id: call.given, name: call.name })
  if (call.pending !== "") events.push({ _tag: "ToolCallDelta", index: call.index, json: call.pending })
  call.pending = ""
}

const match = (
  state: Calls,
  wireIndex: number | undefined,
  id: string | undefined,
  name: string | undefined,
  events: Array<ModelEvent>
): Call => {
  const found = find(state, wireIndex, id, name)
  const latest = state.calls.at(-1)
  if (found !== undefined) {
    if (found.id === undefined && id !== undefined) {
      found.id = id
      state.byId.set(id, found)
    }
    return found
  }
  // Calls begin in the order of their names.
  if (latest !== undefined && latest.name !== "") start(state, latest, events)
  const call: Call = {
    wireIndex,
    id,
    given: "",
    name: "",
    index: -1,
    pending: "",
    first: "",
    extra: undefined,
    whole: false
  }
  state.calls.push(call)
  if (wireIndex !== undefined) state.byIndex.set(wireIndex, call)
  if (id !== undefined) state.byId.set(id, call)
  return call
}

const find = (
  { byId, byIndex, calls }: Calls,
  wireIndex: number | undefined,
  id: string | undefined,
  name: string | undefined
): Call | undefined => {
  if (wireIndex === undefined && id === undefined) return name === undefined ? calls.at(-1) : undefined
  const call = wireIndex === undefined ? byId.get(id ?? "") : byIndex.get(wireIndex)
  return call === undefined || isAnother(call, id, name) ? undefined : call
}

/**
 * A separate call: the same index again, with another id and a name; or, without ids, with another name after the
 * arguments.
 */
const isAnother = (call: Call, id: string | undefined, name: string | undefined): boolean => {
  if (name === undefined || call.name === "") return false
  if (id !== undefined && call.id !== undefined) return id !== call.id
  return name !== call.name && (id !== undefined || call.first !== "")
}

/** Some vendors repeat the name in every chunk. Others send it in pieces, which end with the first arguments. */
const nameDelta = (call: Call, name: string): boolean => {
  if (name === call.name) return true
  if (call.index >= 0) return false
  call.name += name
  return true
}

/** The JSON text of arguments, or `undefined` if they are not in a form of the protocol or of a known vendor. */
const argumentsOf = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  if (value === undefined || value === null) return ""
  return object(value) === undefined ? undefined : stringify(value)
}
