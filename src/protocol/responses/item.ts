/**
 * An output item of a Responses stream while it grows.
 */
import type { GrowingText } from "../../model/internal/text.js"
import type { JsonObject } from "../internal/json.js"

/** An item: one shape for all kinds, so that the hot path stays monomorphic. */
export interface Item {
  readonly kind: "message" | "reasoning" | "call" | "provider"
  readonly type: string
  readonly id: string | undefined
  /** What the item began as. */
  readonly value: JsonObject
  /** True once an event had it whole. */
  done: boolean
  /** Of a message: its parts by the wire's index. */
  readonly parts: Map<number, Part>
  /** Of reasoning and calls: our index of the block that is open, or was last. -1 before there is one. */
  index: number
  /** Of items that are kept whole: our index of them, taken when they begin, so that they keep their place. */
  place: number
  /** Of reasoning and calls: whether the block is open. */
  open: boolean
  /** Of reasoning: which of its texts the open block is for. */
  text: number | undefined
  /** Of reasoning and calls: what their deltas carried. */
  sent: GrowingText
  /** Of calls: whether the arguments were given whole, and whether they then were what the deltas had carried. */
  arguments: "growing" | "whole" | "broken"
}

/** A part of a message. */
export interface Part {
  readonly kind: "text" | "refusal" | "provider"
  /** Our index of its block. */
  index: number
  open: boolean
  /** What its deltas carried. */
  readonly sent: GrowingText
  /** How many annotations were given. */
  annotations: number
  /** Of a part that is not modelled: the latest of it. */
  value: JsonObject
}

/** What of the protocol's state items need. */
export interface Items {
  /** By the wire's index. */
  readonly byIndex: Map<number, Item>
  readonly byId: Map<string, Item>
  /** In the order in which they came. */
  readonly items: Array<Item>
  /** Our index of the next block. */
  next: number
  /** True where a part of a message is a refusal. */
  refused: boolean
  /** True where the model called a function. */
  called: boolean
  /** True where the model called a custom tool, and wrote no text since. */
  calledCustom: boolean
  /** True where a text is not what its deltas carried. */
  disagrees: boolean
}

const kinds: ReadonlyMap<string, Item["kind"]> = new Map([
  ["message", "message"],
  ["reasoning", "reasoning"],
  ["function_call", "call"],
  ["custom_tool_call", "call"]
])

export const kindOf = (type: string): Item["kind"] => kinds.get(type) ?? "provider"

/** What a whole text has beyond what was sent of it, or `undefined` where it is another text. */
export const rest = (whole: string, { value }: GrowingText): string | undefined =>
  whole.startsWith(value) ? whole.slice(value.length) : undefined
