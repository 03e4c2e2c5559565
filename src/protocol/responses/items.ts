/**
 * The output items of a Responses stream: which of them an event belongs to, and their way from the event that adds one
 * to the event that has it whole.
 *
 * Vendors and gateways leave out many of these events, and some give an item another id in each of them. So an item is
 * known by its place and by its id, whichever helps; it may begin with any of its events; and what an event says of the
 * whole adds what no delta carried.
 */
import { malformed } from "../../model/internal/fault.js"
import { GrowingText } from "../../model/internal/text.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { type JsonObject, number, object, string } from "../internal/json.js"
import type { StepResult } from "../Protocol.js"
import { callBegins, callDone, callEnds } from "./calls.js"
import { type Item, type Items, kindOf } from "./item.js"
import { closeParts, messageBegins, messageDone } from "./parts.js"
import { closeReasoning, reasoningBegins, reasoningDone, reasoningEnds } from "./reasoning.js"

export type Read = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>) => StepResult

const find = (state: Items, at: number | undefined, id: string | undefined): Item | undefined => {
  const item = at === undefined ? state.items.at(-1) : state.byIndex.get(at)
  if (item !== undefined && (id === undefined || item.id === id)) return item
  return (id === undefined ? undefined : state.byId.get(id)) ?? item
}

/**
 * Reads an event into its item, which begins with it where nothing announced one of its kind. An item that is not modelled
 * comes whole at its end.
 */
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
  if (known?.kind === "provider") return undefined
  const item = known?.kind === kindOf(type) ? known : begin(state, at, { type, id }, events)
  return read(state, item, body, events)
}

const begin = (state: Items, at: number | undefined, value: JsonObject, events: Array<ModelEvent>): Item => {
  const type = string(value.type) ?? "unknown"
  const item: Item = {
    kind: kindOf(type),
    type,
    id: string(value.id),
    value,
    done: false,
    parts: new Map(),
    index: -1,
    place: -1,
    open: false,
    text: undefined,
    sent: new GrowingText(),
    arguments: "growing"
  }
  state.items.push(item)
  if (at !== undefined) state.byIndex.set(at, item)
  if (item.id !== undefined) state.byId.set(item.id, item)
  switch (item.kind) {
    case "message":
      messageBegins(state, item, events)
      break
    case "reasoning":
      reasoningBegins(state, item, events)
      break
    case "call":
      callBegins(state, item, value, events)
      break
    case "provider":
      item.place = state.next++
  }
  return item
}

export const itemAdded = (state: Items, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const value = object(body.item)
  if (value === undefined) return malformed("the stream has a `response.output_item.added` without an item")
  const id = string(value.id)
  const known = id === undefined ? undefined : state.byId.get(id)
  if (known === undefined || known.done || known.type !== value.type) {
    begin(state, number(body.output_index), value, events)
  }
  return undefined
}

export const itemDone = (state: Items, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const value = object(body.item)
  if (value === undefined) return malformed("the stream has a `response.output_item.done` without an item")
  const at = number(body.output_index)
  const known = find(state, at, string(value.id))
  finish(state, known?.type === value.type ? known : undefined, at, value, events)
  return undefined
}

const finish = (
  state: Items,
  known: Item | undefined,
  at: number | undefined,
  value: JsonObject,
  events: Array<ModelEvent>
): void => {
  const item = known ?? begin(state, at, value, events)
  if (item.kind === "message") messageDone(state, item, value, events)
  if (item.done) return
  item.done = true
  switch (item.kind) {
    case "reasoning":
      reasoningDone(state, item, value, events)
      return
    case "call":
      callDone(state, item, value, events)
      return
    case "provider":
      events.push({ _tag: "ProviderPart", index: item.place, name: item.type, value })
  }
}

/**
 * What the final event says of all items. They are matched by their ids or, where a gateway changes ids, by their type
 * and order.
 */
export const reconcile = (state: Items, output: ReadonlyArray<unknown>, events: Array<ModelEvent>): void => {
  const values = output.map(object).filter((value) => value !== undefined)
  const ids = new Set(values.map(({ id }) => id))
  const others = new Map<unknown, Array<Item>>()
  for (const item of state.items.toReversed()) {
    if (item.id !== undefined && ids.has(item.id)) continue
    const same = others.get(item.type)
    if (same === undefined) others.set(item.type, [item])
    else same.push(item)
  }
  for (const value of values) {
    const known = state.byId.get(string(value.id) ?? "")
    const item = known?.type === value.type ? known : others.get(value.type)?.pop()
    finish(state, item, undefined, value, events)
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
