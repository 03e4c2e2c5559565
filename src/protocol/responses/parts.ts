/**
 * What the messages of a Responses stream are made of: texts with their annotations, and refusals.
 */
import { malformed } from "../../model/internal/fault.js"
import { GrowingText } from "../../model/internal/text.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import { array, type JsonObject, number, object, string } from "../internal/json.js"
import type { StepResult } from "../Protocol.js"
import { type Item, type Items, type Part, rest } from "./item.js"

/** A message says whether it is commentary or the answer, which it has to say again when it goes back. */
export const messageBegins = (state: Items, item: Item, events: Array<ModelEvent>): void => {
  const phase = string(item.value.phase)
  if (phase !== undefined) events.push({ _tag: "ProviderPart", index: state.next++, name: "phase", value: phase })
  for (const [at, part] of (array(item.value.content) ?? []).entries())
    grow(state, item, at, object(part) ?? {}, events)
}

/** Adds what no delta carried. A message that was whole before is only looked at for whether it is the same. */
export const messageDone = (state: Items, item: Item, value: JsonObject, events: Array<ModelEvent>): void => {
  for (const [at, part] of (array(value.content) ?? []).entries()) {
    if (!item.done) annotate(state, grow(state, item, at, object(part) ?? {}, events), object(part) ?? {}, events)
    else if (item.parts.get(at)?.sent.value !== textOf(object(part) ?? {})) state.disagrees = true
  }
  closeParts(state, item, events)
}

export const textDelta = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const part = partOf(state, item, body.content_index, "text", events)
  const text = string(body.delta)
  if (part.kind !== "text") return misplaced(body)
  if (text !== undefined) send(state, part, text, events)
  return undefined
}

export const refusalDelta = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const part = partOf(state, item, body.content_index, "refusal", events)
  const text = string(body.delta)
  if (part.kind !== "refusal") return misplaced(body)
  if (text !== undefined) send(state, part, text, events)
  return undefined
}

export const textDone = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const part = partOf(state, item, body.content_index, "text", events)
  if (part.kind === "text") complete(state, part, string(body.text), events)
  return undefined
}

export const refusalDone = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const part = partOf(state, item, body.content_index, "refusal", events)
  if (part.kind === "refusal") complete(state, part, string(body.refusal), events)
  return undefined
}

export const partAdded = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  grow(state, item, body.content_index, object(body.part) ?? {}, events)
  return undefined
}

export const partDone = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const value = object(body.part) ?? {}
  const part = grow(state, item, body.content_index, value, events)
  annotate(state, part, value, events)
  close(state, part, events)
  return undefined
}

export const annotationAdded = (state: Items, item: Item, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const part = partOf(state, item, body.content_index, "text", events)
  part.annotations++
  events.push({ _tag: "ProviderPart", index: state.next++, name: "annotation", value: body.annotation })
  return undefined
}

export const closeParts = (state: Items, item: Item, events: Array<ModelEvent>): void => {
  for (const part of item.parts.values()) close(state, part, events)
}

/** Content that belongs nowhere must not be lost silently. */
const misplaced = ({ type }: JsonObject): StepResult =>
  malformed(`the stream has a \`${type}\` outside a part of its kind`)

const kindOf = ({ type }: JsonObject): Part["kind"] =>
  type === "output_text" || type === "text" ? "text" : type === "refusal" ? "refusal" : "provider"

const textOf = (value: JsonObject): string | undefined =>
  kindOf(value) === "provider" ? undefined : (string(value.text) ?? string(value.refusal) ?? "")

const partOf = (
  state: Items,
  item: Item,
  contentIndex: unknown,
  kind: Part["kind"],
  events: Array<ModelEvent>
): Part => {
  const at = number(contentIndex) ?? 0
  const known = item.parts.get(at)
  if (known !== undefined) return known
  const part: Part = { kind, index: -1, open: false, sent: new GrowingText(), annotations: 0, value: {} }
  item.parts.set(at, part)
  open(state, part, events)
  return part
}

/** A part as it is at its beginning, or as a whole. */
const grow = (state: Items, item: Item, at: unknown, value: JsonObject, events: Array<ModelEvent>): Part => {
  const part = partOf(state, item, at, kindOf(value), events)
  part.value = value
  if (part.kind === kindOf(value)) complete(state, part, textOf(value), events)
  return part
}

const complete = (state: Items, part: Part, whole: string | undefined, events: Array<ModelEvent>): void => {
  if (whole === undefined) return
  const missing = rest(whole, part.sent)
  if (missing === undefined) state.disagrees = true
  else if (missing !== "") send(state, part, missing, events)
}

const open = (state: Items, part: Part, events: Array<ModelEvent>): void => {
  part.open = true
  part.index = state.next++
  if (part.kind !== "text") return
  state.calledCustom = false
  events.push({ _tag: "TextStart", index: part.index })
}

const send = (state: Items, part: Part, text: string, events: Array<ModelEvent>): void => {
  if (!part.open) open(state, part, events)
  part.sent.append(text)
  if (part.kind === "text") events.push({ _tag: "TextDelta", index: part.index, text })
}

/** Some vendors have the annotations in the whole part only. */
const annotate = (state: Items, part: Part, value: JsonObject, events: Array<ModelEvent>): void => {
  for (const annotation of (array(value.annotations) ?? []).slice(part.annotations)) {
    part.annotations++
    events.push({ _tag: "ProviderPart", index: state.next++, name: "annotation", value: annotation })
  }
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
