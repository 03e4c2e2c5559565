/**
 * The tool calls of a Responses stream. A custom tool takes plain text, which is written as one JSON string, so that it
 * is whole exactly when the call is.
 */

import { malformed } from "../../model/internal/fault.js"
import { GrowingText } from "../../model/internal/text.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { type JsonObject, object, parse, string, stringify } from "../internal/json.js"
import type { StepResult } from "../Protocol.js"
import { type Item, type Items, rest } from "./item.js"

export const callBegins = (state: Items, item: Item, value: JsonObject, events: Array<ModelEvent>): void => {
  const name = string(value.name)
  if (isCustom(item)) state.calledCustom = true
  else state.called = true
  // Arguments that stand here already come again.
  if (name !== undefined) start(state, item, name, value, events)
}

const isCustom = ({ type }: Item): boolean => type === "custom_tool_call"

const start = (state: Items, item: Item, name: string, value: JsonObject, events: Array<ModelEvent>): void => {
  item.open = true
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

export const argumentsDelta = (_: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const piece = string(body.delta)
  if (piece === undefined) return undefined
  if (item.done) return malformed(`the stream has a \`${body.type}\` after the end of its call`)
  send(item, piece, events)
  return undefined
}

export const argumentsDone = (_: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  if (!item.done) complete(item, textOf(body.arguments ?? body.input), events)
  return undefined
}

/** What the deltas carried is not taken back. Where the whole says something else, the call is never taken for whole. */
const complete = (item: Item, whole: string | undefined, events: Array<ModelEvent>): void => {
  if (whole === undefined) return
  const missing = rest(whole, item.sent)
  if (missing !== undefined) send(item, missing, events)
  const same =
    missing !== undefined || (!isCustom(item) && stringify(parse(whole)) === stringify(parse(item.sent.value)))
  item.arguments = same ? "whole" : "broken"
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : object(value) === undefined ? undefined : stringify(value)

export const callDone = (state: Items, item: Item, value: JsonObject, events: Array<ModelEvent>): void => {
  const name = string(value.name)
  if (item.index < 0 && name !== undefined) start(state, item, name, value, events)
  complete(item, textOf(value.arguments ?? value.input), events)
  if (value.status !== "incomplete" && item.arguments === "growing") item.arguments = "whole"
  if (value.status === "incomplete") item.arguments = "broken"
  callEnds(state, item, events)
  if (item.index >= 0 && saysMore(item, value)) {
    events.push({ _tag: "ProviderPart", index: state.next++, name: item.type, value })
  }
}

/** Such a call goes back as the item that it was: a name and arguments are not all of it. */
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
