/**
 * The tool calls of a Responses stream. A custom tool takes plain text, which is written as one JSON string, so that it
 * is complete exactly when the call is.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import { GrowingText } from "../../model/internal/text.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { type JsonObject, object, parse, string, stringify } from "../internal/json.js"
import type { StepResult } from "../Protocol.js"
import { contradict, type Item, type Items, rest } from "./item.js"

export const callBegins = (state: Items, item: Item, value: JsonObject, events: Array<ModelEvent>): void => {
  const name = string(value.name)
  if (isCustom(item)) state.calledCustom = true
  else state.called = true
  // Arguments that are present here are sent again.
  if (name !== undefined) start(state, item, name, value, events)
}

const isCustom = ({ type }: Item): boolean => type === "custom_tool_call"

const start = (state: Items, item: Item, name: string, value: JsonObject, events: Array<ModelEvent>): void => {
  item.open = true
  item.name = name
  item.index = state.next++
  const id = string(value.call_id) ?? string(value.id) ?? `call_${item.index}`
  events.push({ _tag: "ToolCallStart", index: item.index, id, name })
  if (isCustom(item)) events.push({ _tag: "ToolCallDelta", index: item.index, json: '"' })
  const { value: sent } = item.sent
  item.sent = new GrowingText()
  send(item, sent, events)
}

const send = (item: Item, piece: string, events: Array<ModelEvent>): void => {
  if (piece === "") return
  item.sent.append(piece)
  if (!item.open) return
  const json = isCustom(item) ? JSON.stringify(piece).slice(1, -1) : piece
  events.push({ _tag: "ToolCallDelta", index: item.index, json })
}

export const argumentsDelta = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const piece = string(body.delta) ?? argumentsOf(body.delta)
  if (typeof piece === "object") return piece
  if (piece === undefined || piece === "") return undefined
  if (item.done) return malformed(`the stream has a \`${body.type}\` after the end of its call`)
  if (item.arguments === "whole") {
    item.said ??= item.sent.value
    contradict(state, `${named(item)} has more arguments after their end`)
  }
  send(item, piece, events)
  return undefined
}

export const argumentsDone = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult =>
  item.done ? callStands(state, item, body) : complete(state, item, body, events)

const odd = malformed("the stream has a call whose arguments are neither a text nor an object")

/** Some servers send an object instead of its JSON. Nothing else is treated as arguments. */
const argumentsOf = (value: unknown): string | undefined | Fault => {
  if (typeof value === "string") return value
  if (value === undefined || value === null) return undefined
  return object(value) === undefined ? odd : (stringify(value) ?? odd)
}

/** Adds what no delta carried. If the whole differs from the deltas, the call never counts as whole. */
const complete = (state: Items, item: Item, value: JsonObject, events: Array<ModelEvent>): Fault | undefined => {
  const whole = argumentsOf(value.arguments ?? value.input)
  if (typeof whole === "object") return whole
  if (whole === undefined || saysNothing(item, whole)) return undefined
  const missing = rest(whole, item.sent.value)
  if (missing !== undefined) send(item, missing, events)
  if (missing === undefined && !isSame(item, whole)) {
    item.arguments = "broken"
    item.said = whole
    contradict(state, `the arguments of ${named(item)} differ from its deltas`)
  } else item.arguments = "whole"
  return undefined
}

const saysNothing = ({ sent }: Item, whole: string): boolean => whole === "" && sent.value !== ""

/** The same JSON, possibly formatted differently. A text that is many times as long is not parsed. */
const isSame = (item: Item, whole: string): boolean => {
  const { value } = item.sent
  if (isCustom(item) || value.length > 1_000 + 16 * whole.length) return whole === value
  const said = parse(whole)
  return said !== undefined && stringify(said) === stringify(parse(value))
}

const named = ({ name, type }: Item): string => (name === undefined ? `a \`${type}\`` : `the call of \`${name}\``)

export const callDone = (state: Items, item: Item, value: JsonObject, events: Array<ModelEvent>): Fault | undefined => {
  const name = string(value.name)
  if (item.index < 0 && name !== undefined) start(state, item, name, value, events)
  if (item.index < 0) return malformed("the stream has a tool call without a name")
  isNamed(state, item, value)
  const unread = complete(state, item, value, events)
  if (unread !== undefined) return unread
  if (value.status !== "incomplete" && item.arguments === "growing") item.arguments = "whole"
  if (value.status === "incomplete") item.arguments = "broken"
  callEnds(state, item, events)
  if (saysMore(item, value)) events.push({ _tag: "ProviderPart", index: state.next++, name: item.type, value })
  return undefined
}

/** A call that was whole before: whatever repeats it must be equal. */
export const callStands = (state: Items, item: Item, value: JsonObject): Fault | undefined => {
  const whole = argumentsOf(value.arguments ?? value.input)
  if (typeof whole === "object") return whole
  isNamed(state, item, value)
  if (whole === undefined || saysNothing(item, whole) || whole === item.sent.value || isSame(item, whole)) {
    return undefined
  }
  contradict(state, `the arguments of ${named(item)} are given twice, differently`)
  return undefined
}

/** Whether a whole call extends what came of one so far. */
export const continues = ({ name, sent }: Item, value: JsonObject): boolean => {
  const whole = argumentsOf(value.arguments ?? value.input)
  return name === value.name && sent.value !== "" && typeof whole === "string" && whole.startsWith(sent.value)
}

const isNamed = (state: Items, item: Item, value: JsonObject): void => {
  const name = string(value.name)
  if (name !== undefined && name !== item.name) contradict(state, `${named(item)} is then named \`${name}\``)
}

/** Such a call goes back as its original item: it has more than a name and arguments. */
const saysMore = (item: Item, { caller, namespace }: JsonObject): boolean =>
  isCustom(item) || string(namespace) !== undefined || (object(caller)?.type ?? "direct") !== "direct"

/** A call that was cut stays open, and so counts as incomplete; so does one that never got a name. */
export const callEnds = (state: Items, item: Item, events: Array<ModelEvent>): void => {
  if (item.index < 0) {
    if (item.sent.value !== "") start(state, item, "", item.value, events)
    return
  }
  if (item.arguments !== "whole" || !item.open) return
  item.open = false
  if (isCustom(item)) events.push({ _tag: "ToolCallDelta", index: item.index, json: '"' })
  events.push({ _tag: "ToolCallEnd", index: item.index })
}
