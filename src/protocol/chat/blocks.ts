/**
 * The blocks of an answer over Chat Completions. Chunks only say what is added: text and reasoning close each other.
 */
import type { ModelEvent } from "../../model/ModelEvent.js"

export interface Blocks {
  /** The block that text or reasoning is added to; tool calls stay open beside it. */
  open: "text" | "reasoning" | undefined
  openIndex: number
  /** Our index of the next block. */
  next: number
}

export const text = (state: Blocks, piece: string, events: Array<ModelEvent>): void => {
  if (piece === "") return
  if (state.open !== "text") {
    closeOpen(state, events)
    state.open = "text"
    state.openIndex = state.next++
    events.push({ _tag: "TextStart", index: state.openIndex })
  }
  events.push({ _tag: "TextDelta", index: state.openIndex, text: piece })
}

export const reasoning = (state: Blocks, piece: string, events: Array<ModelEvent>): void => {
  if (piece === "") return
  if (state.open !== "reasoning") {
    closeOpen(state, events)
    state.open = "reasoning"
    state.openIndex = state.next++
    events.push({ _tag: "ReasoningStart", index: state.openIndex })
  }
  events.push({ _tag: "ReasoningDelta", index: state.openIndex, text: piece })
}

/** A part without events of its own, whole. */
export const part = (state: Blocks, name: string, value: unknown, events: Array<ModelEvent>): void => {
  events.push({ _tag: "ProviderPart", index: state.next++, name, value })
}

export const closeOpen = (state: Blocks, events: Array<ModelEvent>): void => {
  if (state.open === "text") events.push({ _tag: "TextEnd", index: state.openIndex })
  else if (state.open === "reasoning") {
    events.push({ _tag: "ReasoningEnd", index: state.openIndex, signature: undefined })
  }
  state.open = undefined
}
