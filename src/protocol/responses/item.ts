/** An output item of a Responses stream while it grows. */
import { contradiction, type Fault, malformed } from "../../model/internal/fault.js"
import type { GrowingText } from "../../model/internal/text.js"
import { type JsonObject, says } from "../internal/json.js"

/** An item: one shape for all kinds, so that the hot path stays monomorphic. */
export interface Item {
  readonly kind: "message" | "reasoning" | "call" | "provider"
  readonly type: string
  readonly id: string | undefined
  /** The wire's index. */
  readonly at: number | undefined
  /** False while it has only deltas: an event that announces it then is not about another item. */
  announced: boolean
  /** True once an event of it had another id: ids of a gateway do not identify items. */
  renamed: boolean
  /** The item as it began. */
  readonly value: JsonObject
  /** The last event that had it whole. */
  final: JsonObject | undefined
  /** True once an event had it whole. */
  done: boolean
  /** Of a message: its parts by the wire's index. A part with two indices is here twice. */
  readonly parts: Map<number, Part>
  /** Of a message: its parts in the order of arrival. An event without an index belongs to the latest. */
  readonly inOrder: Array<Part>
  /** Of reasoning and calls: our index of the open or latest block. -1 before there is one. */
  index: number
  /** Of items that are kept whole: our index, reserved when they begin, so that they keep their place. */
  place: number
  /** Of reasoning and calls: whether the block is open. */
  open: boolean
  /** Of reasoning: the text that the open block is for. */
  text: number | undefined
  /** Of reasoning and calls: what their deltas carried. */
  sent: GrowingText
  /** Of calls: whether the arguments were given whole, and whether they then equalled the deltas. */
  arguments: "growing" | "whole" | "broken"
  /** Of calls: the whole arguments of an event, if they differ from the deltas. */
  said: string | undefined
  /** Of calls: the name that was emitted. */
  name: string | undefined
  /** Of items that are kept whole: the type of an event whose content only the whole item has. */
  unread: string | undefined
}

/** A part of a message. */
export interface Part {
  readonly kind: "text" | "refusal" | "provider"
  /** The wire's index, by the latest event that had it whole. */
  at: number
  /** Our index of its block. */
  index: number
  open: boolean
  /** What its deltas carried. */
  readonly sent: GrowingText
  /** True once an event had it whole: nothing can be added to it. */
  whole: boolean
  /** The whole content by an event, if it differs from the deltas. */
  final: string | undefined
  /** How many annotations were emitted. */
  annotations: number
  /** Of a part that is not modelled: its latest value. */
  value: JsonObject
}

/** The part of the protocol's state that items need. */
export interface Items {
  /** By the wire's index. */
  readonly byIndex: Map<number, Item>
  readonly byId: Map<string, Item>
  /** In the order of arrival. */
  readonly items: Array<Item>
  /** The latest item of each type. */
  readonly latest: Map<string, Item>
  /** Our index of the next block. */
  next: number
  /** True if a part of a message is a refusal. */
  refused: boolean
  /** True if the model called a function. */
  called: boolean
  /** True if the model called a custom tool, and wrote no text since. */
  calledCustom: boolean
  /** The first contradiction between events. */
  contradiction: Fault | undefined
}

/** Written out in one place: spreading gives another shape, for which V8 recompiles everything. */
export const noItems = (): Items => ({
  byIndex: new Map(),
  byId: new Map(),
  items: [],
  latest: new Map(),
  next: 0,
  refused: false,
  called: false,
  calledCustom: false,
  contradiction: undefined
})

const kinds: ReadonlyMap<string, Item["kind"]> = new Map([
  ["message", "message"],
  ["reasoning", "reasoning"],
  ["function_call", "call"],
  ["custom_tool_call", "call"]
])

export const kindOf = (type: string): Item["kind"] => kinds.get(type) ?? "provider"

/** What a whole text has beyond the emitted part, or `undefined` if it is another text. */
export const rest = (whole: string, sent: string): string | undefined =>
  whole.startsWith(sent) ? whole.slice(sent.length) : undefined

/** Records that an event contradicts others. Errors name the first one. */
export const contradict = (state: Items, what: string): void => {
  state.contradiction ??= contradiction(`the provider contradicts itself: ${what}`)
}

/** Fields in which servers that copy the protocol send content. */
const fields = ["delta", "text", "content", "refusal"]

/** Content in a form outside the protocol must not be lost silently; an event without content is skipped. */
export const unreadable = (body: JsonObject): Fault | undefined => {
  const field = fields.find((name) => says(body[name]))
  return field === undefined
    ? undefined
    : malformed(`the stream has a \`${body.type}\` with a \`${field}\` that cannot be read`)
}
