/**
 * The output items of a Responses stream: matches events to items, from the event that adds an item to the event that
 * has it whole.
 *
 * Vendors and gateways leave out many of these events, and some give an item another id in each of them. So an item is
 * matched by its index and its id, whichever is usable. It may begin with any of its events, and an event that has it
 * whole adds what no delta carried.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import { GrowingText } from "../../model/internal/text.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { type JsonObject, number, object, string } from "../internal/json.js"
import type { StepResult } from "../Protocol.js"
import { callBegins, callDone, callEnds, callStands, continues } from "./calls.js"
import { type Item, type Items, kindOf } from "./item.js"
import { hasText, messageBegins, messageDone } from "./messages.js"
import { closeParts } from "./parts.js"
import { closeReasoning, reasoningBegins, reasoningDone, reasoningEnds } from "./reasoning.js"

export type Read = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>) => StepResult

const find = (state: Items, at: number | undefined, id: string | undefined): Item | undefined => {
  const item = at === undefined ? state.items.at(-1) : state.byIndex.get(at)
  if (item !== undefined && (id === undefined || item.id === id)) return item
  return (id === undefined ? undefined : state.byId.get(id)) ?? item
}

/** Whether an event with an id can belong to a matched item. An item that ended under its own id has no other. */
const isOf = (item: Item, id: string | undefined): boolean => {
  if (id === undefined || item.id === id) return true
  if (item.done && !item.renamed) return false
  item.renamed = true
  return true
}

/** Reads an event into its item, which begins with it if no event announced one of its type. */
export const intoItem = (
  state: Items,
  type: string,
  body: JsonObject,
  events: Array<ModelEvent>,
  read: Read
): StepResult => {
  const at = number(body.output_index)
  const id = string(body.item_id)
  const known = find(state, at, id)
  if (known?.kind === "provider" && !known.done && (id === undefined || known.id === id)) {
    // An item that is not modelled comes whole at its end.
    known.unread = string(body.type)
    return undefined
  }
  if (known?.kind === kindOf(type) && isOf(known, id)) return read(state, known, body, events)
  const value = { type, id }
  const item = begin(state, at, value, events)
  item.announced = false
  return beginning(state, item, value, events) ?? read(state, item, body, events)
}

export const itemAdded = (state: Items, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const value = object(body.item)
  if (value === undefined) return malformed("the stream has a `response.output_item.added` without an item")
  const at = number(body.output_index)
  const known = find(state, at, string(value.id))
  if (known !== undefined && known.type === value.type) {
    // Announced twice, or after its end: further content will contradict that.
    if (known.id !== undefined && known.id === value.id && known.announced && known.at === at) return undefined
    if (!known.announced && !known.done) {
      known.announced = true
      return beginning(state, known, value, events)
    }
  }
  return beginning(state, begin(state, at, value, events), value, events)
}

export const itemDone = (state: Items, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const value = object(body.item)
  if (value === undefined) return malformed("the stream has a `response.output_item.done` without an item")
  const at = number(body.output_index)
  const id = string(value.id)
  const found = find(state, at, id) ?? unplaced(state, id, value)
  const known = found !== undefined && found.type === value.type && isOf(found, id) ? found : undefined
  return finish(state, known, at, value, events)
}

/** The latest item of its type, if that has not ended: an item may have another index and another id at its end. */
const unplaced = (state: Items, id: string | undefined, value: JsonObject): Item | undefined => {
  const item = state.latest.get(string(value.type) ?? "")
  if (item === undefined || item.done || id === undefined) return item?.done ? undefined : item
  // Calls are made in parallel.
  if (item.kind === "call") return continues(item, value) ? item : undefined
  return item.kind === "message" && hasText(item) ? item : undefined
}

const begin = (state: Items, at: number | undefined, value: JsonObject, events: Array<ModelEvent>): Item => {
  const type = string(value.type) ?? "unknown"
  const item: Item = {
    kind: kindOf(type),
    type,
    id: string(value.id),
    at,
    announced: true,
    renamed: false,
    value,
    final: undefined,
    done: false,
    parts: new Map(),
    inOrder: [],
    index: -1,
    place: -1,
    open: false,
    text: undefined,
    sent: new GrowingText(),
    arguments: "growing",
    said: undefined,
    name: undefined,
    unread: undefined
  }
  state.items.push(item)
  state.latest.set(type, item)
  if (at !== undefined) state.byIndex.set(at, item)
  if (item.id !== undefined) state.byId.set(item.id, item)
  if (item.kind === "provider") item.place = state.next++
  if (item.kind === "reasoning") reasoningBegins(state, item, events)
  return item
}

/** The content of an item at its beginning. */
const beginning = (state: Items, item: Item, value: JsonObject, events: Array<ModelEvent>): Fault | undefined => {
  switch (item.kind) {
    case "message":
      return messageBegins(state, item, value, events)
    case "call":
      callBegins(state, item, value, events)
      return undefined
    default:
      return undefined
  }
}

/** Reads an event that has an item whole. Later ones must be equal. */
export const finish = (
  state: Items,
  known: Item | undefined,
  at: number | undefined,
  value: JsonObject,
  events: Array<ModelEvent>
): Fault | undefined => {
  const item = known ?? begin(state, at, value, events)
  const odd = known === undefined ? beginning(state, item, value, events) : undefined
  if (odd !== undefined) return odd
  const again = item.done
  item.done = true
  item.announced = true
  item.final = value
  switch (item.kind) {
    case "message":
      return messageDone(state, item, value, events)
    case "call":
      return again ? callStands(state, item, value) : callDone(state, item, value, events)
    case "reasoning":
      if (!again) reasoningDone(state, item, value, events)
      return undefined
    case "provider":
      if (!again) events.push({ _tag: "ProviderPart", index: item.place, name: item.type, value })
      return undefined
  }
}

/** The end is proven: closes what is open. */
export const closeItems = (state: Items, events: Array<ModelEvent>): void => {
  for (const item of state.items) {
    switch (item.kind) {
      case "message":
        closeParts(state, item, events)
        break
      case "reasoning":
        if (item.done) closeReasoning(item, events)
        else reasoningEnds(item, item.value, events)
        break
      case "call":
        if (!item.done) callEnds(state, item, events)
        break
      case "provider":
        if (!item.done) events.push({ _tag: "ProviderPart", index: item.place, name: item.type, value: item.value })
    }
  }
}
