/**
 * Compares the final event of a Responses stream with all items: it adds what no other event had, or contradicts what
 * came before. If it contradicts and nothing was shown, the answer is read again from the vendor's last statements.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { array, type JsonObject, object, string } from "../internal/json.js"
import { contradict, type Item, type Items, noItems } from "./item.js"
import { closeItems, finish } from "./items.js"
import { fits, hasText, messagesDone, saysText } from "./messages.js"

/** The items of the final event. Servers that write none may still write the text. */
export const outputOf = (response: JsonObject | undefined): ReadonlyArray<JsonObject> | Fault => {
  const output = response?.output ?? []
  const values = array(output) ?? [output]
  const items = values.map(object).filter((item) => item !== undefined)
  if (items.length < values.length) return malformed("the final event has an `output` that cannot be read")
  if (items.length > 0) return items
  const text = string(response?.output_text)
  return text === undefined ? [] : [{ type: "message", content: [{ type: "output_text", text }] }]
}

/** Compares what came with the final event, and adds what is missing. */
export const reconcile = (
  state: Items,
  output: ReadonlyArray<JsonObject>,
  isWhole: boolean,
  events: Array<ModelEvent>
): Fault | undefined => {
  if (output.length === 0) {
    if (!isInOrder(state)) contradict(state, "its messages came in another order than in the final event")
    return undefined
  }
  const came = state.items.length
  const known = match(state, output)
  const messages = output.filter(({ type }) => type === "message")
  const apart = messagesFit(state, output, known, isWhole)
  if (!apart) {
    const odd = messagesDone(state, messages, events)
    if (odd !== undefined) return odd
  }
  for (const [at, value] of output.entries()) {
    if (value.type === "message" && !apart) continue
    const odd = finish(state, known[at], undefined, value, events)
    if (odd !== undefined) return odd
  }
  const found = new Set(known)
  for (const item of state.items.slice(0, came)) {
    if (item.kind === "call" && item.done && !found.has(item)) {
      contradict(state, `the final event lacks the call of \`${item.name}\``)
    }
  }
  return undefined
}

/** Items are matched by their ids or, if a gateway changes ids, by their type and order. */
const match = (state: Items, output: ReadonlyArray<JsonObject>): ReadonlyArray<Item | undefined> => {
  const ids = new Set(output.map(({ id }) => id))
  const others = new Map<unknown, Array<Item>>()
  for (const item of state.items.toReversed()) {
    if (item.id !== undefined && ids.has(item.id)) continue
    const same = others.get(item.type)
    if (same === undefined) others.set(item.type, [item])
    else same.push(item)
  }
  return output.map((value) => {
    const known = state.byId.get(string(value.id) ?? "")
    return known?.type === value.type ? known : others.get(value.type)?.pop()
  })
}

/** Whether the messages can be read one by one: each equals its own deltas, in the same order. */
const messagesFit = (
  state: Items,
  output: ReadonlyArray<JsonObject>,
  known: ReadonlyArray<Item | undefined>,
  isWhole: boolean
): boolean => {
  const came = shownOf(state)
  const places = new Map(came.map((item, place) => [item, place]))
  let next = 0
  let isNew = false
  for (const [at, value] of output.entries()) {
    if (value.type !== "message") continue
    const item = known[at]
    const place = item && places.get(item)
    if (place === undefined) isNew ||= saysText(value)
    else if (isNew || place !== next++) return false
    if (item !== undefined && !fits(item, value)) return false
  }
  return next === came.length || !isWhole
}

/** The messages that have text, in the order in which the text came. */
const shownOf = (state: Items): ReadonlyArray<Item> =>
  state.items.filter((item) => item.kind === "message" && hasText(item)).sort((a, b) => blockOf(a) - blockOf(b))

const blockOf = ({ inOrder }: Item): number => inOrder.find(({ sent }) => sent.value !== "")?.index ?? -1

/** Items in the order of their indices, or in the order of arrival if the indices are unusable. */
const inPlace = (items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const places = new Set(items.map(({ at }) => at))
  return places.size < items.length || places.has(undefined)
    ? items
    : items.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
}

const isInOrder = (state: Items): boolean => {
  const shown = shownOf(state)
  return inPlace(shown).every((item, at) => item === shown[at])
}

/** The answer by the vendor's last statements: those of the final event or, if it has none, of each item. */
export const readAnew = (state: Items, output: ReadonlyArray<JsonObject>, events: Array<ModelEvent>): void => {
  const anew = noItems()
  const values = output.length > 0 ? output : inPlace(state.items).map(lastWord)
  for (const value of values) finish(anew, undefined, undefined, value, events)
  closeItems(anew, events)
  state.called = anew.called
  state.calledCustom = anew.calledCustom
  state.refused = anew.refused
}

/** The item as an event had it whole, or else as its deltas built it. */
const lastWord = (item: Item): JsonObject => {
  if (item.final !== undefined) return item.final
  switch (item.kind) {
    case "message": {
      const content = item.inOrder.map(({ final, kind, sent, value }) => {
        const text = final ?? sent.value
        if (kind === "provider") return value
        return kind === "text" ? { type: "output_text", text } : { type: "refusal", refusal: text }
      })
      return { ...item.value, content }
    }
    case "call":
      return {
        ...item.value,
        name: item.name ?? "unnamed",
        arguments: item.said ?? item.sent.value,
        status: item.said === undefined && item.arguments !== "whole" ? "incomplete" : "completed"
      }
    default:
      return item.value
  }
}
