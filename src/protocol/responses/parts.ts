/** The parts of the messages of a Responses stream: texts with their annotations, and refusals. */
import { malformed } from "../../model/internal/fault.js"
import { GrowingText } from "../../model/internal/text.js"
import type { Citation, ModelEvent } from "../../model/ModelEvent.js"
import { array, type JsonObject, number, object, string } from "../internal/json.js"
import type { StepResult } from "../Protocol.js"
import { contradict, type Item, type Items, type Part, rest, unreadable } from "./item.js"

/** A part as an item or an event has it whole. */
export interface Whole {
  readonly kind: Part["kind"]
  /** Empty if it says nothing: gateways leave out earlier content. */
  readonly text: string
  readonly value: JsonObject
}

export const textDelta = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const part = partOf(state, item, body.content_index, "text", events)
  const text = string(body.delta)
  if (part.kind !== "text") return misplaced(body)
  if (part.whole) return late(state, part, text)
  if (text === undefined) return unreadable(body)
  send(state, part, text, events)
  return undefined
}

export const refusalDelta = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const part = partOf(state, item, body.content_index, "refusal", events)
  const text = string(body.delta)
  if (part.kind !== "refusal") return misplaced(body)
  if (part.whole) return late(state, part, text)
  if (text === undefined) return unreadable(body)
  send(state, part, text, events)
  return undefined
}

export const textDone = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const text = string(body.text)
  if (text === undefined) return unreadable(body)
  partDoneAs(state, item, body.content_index, { kind: "text", text, value: {} }, events)
  return undefined
}

export const refusalDone = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const text = string(body.refusal)
  if (text === undefined) return unreadable(body)
  partDoneAs(state, item, body.content_index, { kind: "refusal", text, value: {} }, events)
  return undefined
}

export const partAdded = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  if (body.part === undefined || body.part === null) return undefined
  const whole = wholeOf(body.part)
  if (whole === undefined) return oddPart
  partBegins(state, item, number(body.content_index) ?? item.parts.size, whole, events)
  return undefined
}

export const partDone = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  if (body.part === undefined || body.part === null) return undefined
  const whole = wholeOf(body.part)
  if (whole === undefined) return oddPart
  const part = partDoneAs(state, item, body.content_index, whole, events)
  annotate(state, part, whole.value, events)
  close(state, part, events)
  return undefined
}

export const annotationAdded = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const part = partOf(state, item, body.content_index, "text", events)
  part.annotations++
  events.push(citationOf(body.annotation, state.next++))
  return undefined
}

/** Content outside a part must not be lost silently. */
const misplaced = ({ type }: JsonObject): StepResult =>
  malformed(`the stream has a \`${type}\` outside a part of its kind`)

const oddPart = malformed("the stream has a message with a part that is neither an object nor a text")

/** More of a part that was already whole. */
const late = (state: Items, part: Part, text: string | undefined): StepResult => {
  if (text !== undefined) contradict(state, `more of a ${part.kind} came after its end`)
  return undefined
}

const kindOf = ({ text, type }: JsonObject): Part["kind"] => {
  if (type === "output_text" || type === "text" || (type === undefined && typeof text === "string")) return "text"
  return type === "refusal" ? "refusal" : "provider"
}

/** A part, which some servers write as its text alone; `undefined` if it cannot be read. */
export const wholeOf = (part: unknown): Whole | undefined => {
  if (typeof part === "string") return { kind: "text", text: part, value: {} }
  const value = object(part)
  if (value === undefined) return undefined
  const kind = kindOf(value)
  if (kind === "provider") return { kind, text: "", value }
  const text = kind === "text" ? value.text : value.refusal
  return typeof text === "string" || text === undefined || text === null ? { kind, text: text ?? "", value } : undefined
}

/** The part of an index, or the latest one. If there is none, one of the given kind begins. */
const partOf = (
  state: Items,
  item: Item,
  contentIndex: unknown,
  kind: Part["kind"],
  events: Array<ModelEvent>
): Part => {
  const at = number(contentIndex)
  const known = at === undefined ? latest(item, kind) : item.parts.get(at)
  return known ?? begin(state, item, at ?? free(item), kind, events)
}

const latest = ({ inOrder }: Item, kind: Part["kind"]): Part | undefined => {
  const part = inOrder.at(-1)
  return part?.kind === kind && !part.whole ? part : undefined
}

/** An index that no part has. */
const free = ({ parts }: Item): number => {
  const at = parts.size
  return parts.has(at) ? -1 - at : at
}

const begin = (state: Items, item: Item, at: number, kind: Part["kind"], events: Array<ModelEvent>): Part => {
  const part: Part = {
    kind,
    at,
    index: -1,
    open: false,
    sent: new GrowingText(),
    // Nothing can be added to a message that was whole.
    whole: item.done,
    final: undefined,
    annotations: 0,
    value: {}
  }
  item.parts.set(at, part)
  item.inOrder.push(part)
  open(state, part, events)
  return part
}

/** A part at its beginning, with its content then. */
export const partBegins = (
  state: Items,
  item: Item,
  at: number,
  { kind, text, value }: Whole,
  events: Array<ModelEvent>
): Part => {
  const part = partOf(state, item, at, kind, events)
  part.value = value
  const missing = part.kind === kind ? rest(text, part.sent.value) : undefined
  if (missing !== undefined && missing !== "") send(state, part, missing, events)
  return part
}

/** An event that has a part whole. Not every server gives it the index of its deltas. */
const partDoneAs = (state: Items, item: Item, contentIndex: unknown, whole: Whole, events: Array<ModelEvent>): Part => {
  const part = whole.kind === "provider" ? undefined : meant(state, item, number(contentIndex), whole, events)
  return complete(state, part ?? partOf(state, item, contentIndex, whole.kind, events), whole, events)
}

/** The part that a whole text belongs to, if it is not simply the one of its index. */
const meant = (
  state: Items,
  item: Item,
  at: number | undefined,
  { kind, text }: Whole,
  events: Array<ModelEvent>
): Part | undefined => {
  const part = item.inOrder.at(-1)
  const known = at === undefined ? undefined : item.parts.get(at)
  if (part === undefined || part.kind !== kind || part === known) return known
  if (at === undefined) return part
  // The deltas of the latest part came under another index, if no other part is possible and the text equals them.
  const isKnown = known !== undefined && known.sent.value !== "" && (known.at === at || agrees(text, known))
  if (isKnown || part.whole || part.sent.value === "" || (known !== undefined && !agrees(text, part))) return known
  if (known?.at === at) close(state, known, events)
  item.parts.set(at, part)
  part.at = at
  return part
}

/**
 * Whether a whole text contains what was emitted of a part, and possibly more. White space around it is often trimmed.
 */
export const agrees = (whole: string, { sent }: Part): boolean =>
  whole === "" || rest(whole, sent.value) !== undefined || whole.trim() === sent.value.trim()

/** Adds to a part what no delta carried. */
export const complete = (state: Items, part: Part, whole: Whole, events: Array<ModelEvent>): Part => {
  const { kind, text } = whole
  if (part.kind !== kind) contradict(state, `a ${part.kind} is then called a ${kind}`)
  else if (kind === "provider") part.value = whole.value
  if (part.kind !== kind || text === "") return part
  part.whole = true
  if (part.final !== undefined) part.final = text
  else if (agrees(text, part)) {
    const missing = rest(text, part.sent.value) ?? ""
    if (missing !== "") send(state, part, missing, events)
  } else {
    part.final = text
    contradict(state, `a ${part.kind} differs from its deltas`)
  }
  return part
}

/** Begins a part that no event announced, at the given index if that is free. */
export const another = (
  state: Items,
  item: Item,
  whole: Whole,
  events: Array<ModelEvent>,
  wanted = item.parts.size
): Part => {
  const at = item.parts.has(wanted) ? free(item) : wanted
  return complete(state, begin(state, item, at, whole.kind, events), whole, events)
}

const open = (state: Items, part: Part, events: Array<ModelEvent>): void => {
  part.open = true
  part.index = state.next++
  if (part.kind !== "text") return
  state.calledCustom = false
  events.push({ _tag: "TextStart", index: part.index })
}

export const send = (state: Items, part: Part, text: string, events: Array<ModelEvent>): void => {
  if (!part.open) open(state, part, events)
  part.sent.append(text)
  if (part.kind === "text") events.push({ _tag: "TextDelta", index: part.index, text })
}

const citationOf = (value: unknown, index: number): Citation => {
  const { end_index, filename, start_index, title, url } = object(value) ?? {}
  return {
    _tag: "Citation",
    index,
    url: string(url),
    title: string(title) ?? string(filename),
    start: number(start_index),
    end: number(end_index),
    value
  }
}

/** Some vendors have the annotations only in the whole part. */
export const annotate = (state: Items, part: Part, value: JsonObject, events: Array<ModelEvent>): void => {
  for (const annotation of (array(value.annotations) ?? []).slice(part.annotations)) {
    part.annotations++
    events.push(citationOf(annotation, state.next++))
  }
}

export const closeParts = (state: Items, item: Item, events: Array<ModelEvent>): void => {
  for (const part of item.inOrder) close(state, part, events)
}

const close = (state: Items, part: Part, events: Array<ModelEvent>): void => {
  if (!part.open) return
  part.open = false
  const { index, kind, sent, value } = part
  switch (kind) {
    case "text":
      events.push({ _tag: "TextEnd", index })
      return
    case "refusal":
      state.refused = true
      events.push({ _tag: "ProviderPart", index, name: "refusal", value: sent.value })
      return
    case "provider":
      events.push({ _tag: "ProviderPart", index, name: string(value.type) ?? "unknown", value })
  }
}
