/**
 * The messages of a Responses stream as a whole: at their end, and in the final event. They are compared with what the
 * deltas carried, and missing content is added.
 *
 * Servers number the parts of a message differently in its deltas and in the whole message, merge parts, or merge
 * messages. So parts are compared one by one, or else all together.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { array, type JsonObject, object, string } from "../internal/json.js"
import { contradict, type Item, type Items, type Part, rest } from "./item.js"
import { agrees, annotate, another, closeParts, complete, partBegins, send, type Whole, wholeOf } from "./parts.js"

/** A message says whether it is commentary or the answer, and must say so again when it goes back. */
export const messageBegins = (
  state: Items,
  item: Item,
  value: JsonObject,
  events: Array<ModelEvent>
): Fault | undefined => {
  const phase = string(value.phase)
  if (phase !== undefined) events.push({ _tag: "ProviderPart", index: state.next++, name: "phase", value: phase })
  const wholes = wholesOf(value)
  if (wholes === undefined) return odd
  for (const [at, whole] of wholes.entries()) partBegins(state, item, at, whole, events)
  return undefined
}

/** Adds what no delta carried. */
export const messageDone = (
  state: Items,
  item: Item,
  value: JsonObject,
  events: Array<ModelEvent>
): Fault | undefined => {
  const wholes = wholesOf(value)
  if (wholes === undefined) return odd
  if (fitsByPlace(item, wholes)) eachByPlace(state, item, wholes, events)
  else if (!allTogether(state, [item], wholes, events)) contradict(state, "a message differs from its deltas")
  if (wholes.some(({ text }) => text !== "")) for (const part of item.inOrder) part.whole = true
  closeParts(state, item, events)
  return undefined
}

/** Whether a message can be the one of the final event. */
export const fits = (item: Item, value: JsonObject): boolean => {
  const wholes = wholesOf(value) ?? []
  return fitsByPlace(item, wholes) || missingOf(item.inOrder, wholes) !== undefined
}

/** Compares all messages with those of the final event together, if they do not match one by one. */
export const messagesDone = (
  state: Items,
  values: ReadonlyArray<JsonObject>,
  events: Array<ModelEvent>
): Fault | undefined => {
  const wholes = values.map(wholesOf)
  if (wholes.includes(undefined)) return odd
  const items = state.items.filter(({ kind }) => kind === "message")
  if (
    !allTogether(
      state,
      items,
      wholes.flatMap((some) => some ?? []),
      events
    )
  ) {
    contradict(state, "the final event has other messages than the events before it")
  }
  return undefined
}

export const hasText = (item: Item): boolean => item.inOrder.some(({ sent }) => sent.value !== "")

export const saysText = (value: JsonObject): boolean => wholesOf(value)?.some(({ text }) => text !== "") === true

const odd = malformed("the stream has a message whose content cannot be read")

/** The parts of a whole message; `undefined` if they cannot be read. */
const wholesOf = ({ content }: JsonObject): ReadonlyArray<Whole> | undefined => {
  if (content === undefined || content === null || content === "") return []
  const parts = typeof content === "string" || object(content) !== undefined ? [content] : array(content)
  const wholes: Array<Whole> = []
  for (const part of parts ?? [undefined]) {
    const whole = wholeOf(part)
    if (whole === undefined) return undefined
    wholes.push(whole)
  }
  return wholes
}

/** The part at the same place as a part of a whole message. */
const placed = (item: Item, at: number, kind: Part["kind"]): Part | undefined => {
  const part = item.parts.get(at)
  return part?.at === at && part.kind === kind ? part : undefined
}

/** Whether anything of a part arrived. */
const counts = ({ kind, sent }: Part): boolean => kind === "provider" || sent.value !== ""

/** Whether each part is where its deltas were, in the order of arrival, with nothing missing before others. */
const fitsByPlace = (item: Item, wholes: ReadonlyArray<Whole>): boolean => {
  let found = 0
  /** Our index of the text that follows. */
  let followed = Number.POSITIVE_INFINITY
  for (let at = wholes.length - 1; at >= 0; at--) {
    const { kind, text } = wholes[at]!
    const part = placed(item, at, kind)
    if (part !== undefined && counts(part)) found++
    if (part !== undefined && !agrees(text, part)) return false
    if (kind !== "text") continue
    const sent = part?.sent.value ?? ""
    const isMissing = part?.open !== true && text.trim().length > sent.trim().length
    if (isMissing && followed < Number.POSITIVE_INFINITY) return false
    if (part === undefined || sent === "") continue
    if (part.index > followed) return false
    followed = part.index
  }
  return found === item.inOrder.filter(counts).length
}

const eachByPlace = (state: Items, item: Item, wholes: ReadonlyArray<Whole>, events: Array<ModelEvent>): void => {
  for (const [at, whole] of wholes.entries()) {
    const known = placed(item, at, whole.kind)
    const part = known === undefined ? another(state, item, whole, events, at) : complete(state, known, whole, events)
    annotate(state, part, whole.value, events)
  }
}

/** What the wholes have beyond the emitted texts, text by text; `undefined` if they do not begin with them. */
const missingOf = (parts: ReadonlyArray<Part>, wholes: ReadonlyArray<Whole>): ReadonlyArray<Whole> | undefined => {
  const missing: Array<Whole> = []
  for (const kind of ["text", "refusal"] as const) {
    const all = wholes.filter((whole) => whole.kind === kind)
    const sent = parts.map((part) => (part.kind === kind ? part.sent.value : "")).join("")
    const said = all.map(({ text }) => text).join("")
    if (said === "" || said.trim() === sent.trim()) continue
    if (rest(said, sent) === undefined) return undefined
    let known = sent.length
    for (const whole of all) {
      if (whole.text.length > known) missing.push({ kind, text: whole.text.slice(known), value: {} })
      known = Math.max(0, known - whole.text.length)
    }
  }
  return missing
}

/** Compares parts with wholes only by their texts. False if they contradict each other. */
const allTogether = (
  state: Items,
  items: ReadonlyArray<Item>,
  wholes: ReadonlyArray<Whole>,
  events: Array<ModelEvent>
): boolean => {
  const parts = items.flatMap(({ inOrder }) => inOrder)
  const missing = missingOf(parts, wholes)
  const item = items.at(-1)
  if (missing === undefined || item === undefined) return missing !== undefined
  for (const whole of missing) {
    const latest = item.inOrder.at(-1)
    if (latest?.kind === whole.kind) send(state, latest, whole.text, events)
    else another(state, item, whole, events)
  }
  const unread = wholes.filter(({ kind }) => kind === "provider")
  for (const whole of unread.slice(parts.filter(({ kind }) => kind === "provider").length)) {
    another(state, item, whole, events)
  }
  const latest = item.inOrder.at(-1)
  if (latest === undefined) return true
  const given = parts.reduce((sum, { annotations }) => sum + annotations, 0)
  const annotations = wholes.flatMap(({ value }) => array(value.annotations) ?? [])
  annotate(state, latest, { annotations: annotations.slice(given - latest.annotations) }, events)
  return true
}
