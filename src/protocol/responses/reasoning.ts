/**
 * The reasoning items of a Responses stream. Each text of an item, of its summary or of its content, is a block of its
 * own. The item itself is kept whole beside them, so that it can go back unchanged.
 */
import type { ModelEvent } from "../../model/ModelEvent.js"
import { array, type JsonObject, number, object, string } from "../internal/json.js"
import type { StepResult } from "../Protocol.js"
import { type Item, type Items, rest, unreadable } from "./item.js"

export const reasoningBegins = (state: Items, item: Item, events: Array<ModelEvent>): void => {
  open(state, item, events)
  item.place = state.next++
}

const open = (state: Items, item: Item, events: Array<ModelEvent>): void => {
  item.open = true
  item.text = undefined
  item.index = state.next++
  events.push({ _tag: "ReasoningStart", index: item.index })
}

/** Summaries are numbered up from 0, contents down from -1. */
const content = (index: unknown): number => -1 - (number(index) ?? 0)

export const reasoningDelta = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const piece = string(body.delta)
  if (piece === undefined) return unreadable(body)
  send(state, item, number(body.summary_index) ?? content(body.content_index), piece, events)
  return undefined
}

const send = (state: Items, item: Item, text: number, piece: string, events: Array<ModelEvent>): void => {
  if (item.text !== undefined && item.text !== text) closeReasoning(item, events)
  if (!item.open) open(state, item, events)
  item.text = text
  item.sent.append(piece)
  events.push({ _tag: "ReasoningDelta", index: item.index, text: piece })
}

/** A piece that comes after the end of its item still opens a block. */
export const closeReasoning = (item: Item, events: Array<ModelEvent>): void => {
  if (!item.open) return
  item.open = false
  events.push({ _tag: "ReasoningEnd", index: item.index, signature: undefined })
}

/** Adds what no delta carried. */
export const reasoningDone = (state: Items, item: Item, value: JsonObject, events: Array<ModelEvent>): void => {
  const texts = [
    ...textsOf(value.summary).map((text, at) => ({ at, text })),
    ...textsOf(value.content).map((text, at) => ({ at: content(at), text }))
  ]
  const missing = rest(texts.map(({ text }) => text).join(""), item.sent.value)
  let sent = missing === undefined ? Number.POSITIVE_INFINITY : item.sent.value.length
  for (const { at, text } of texts) {
    if (text.length > sent) send(state, item, at, text.slice(sent), events)
    sent = Math.max(0, sent - text.length)
  }
  reasoningEnds(item, value, events)
}

export const reasoningEnds = (item: Item, value: JsonObject, events: Array<ModelEvent>): void => {
  closeReasoning(item, events)
  events.push({ _tag: "ProviderPart", index: item.place, name: item.type, value })
}

const textsOf = (parts: unknown): ReadonlyArray<string> =>
  (array(parts) ?? []).map((part) => string(object(part)?.text) ?? "")
