/**
 * What vendors of Chat Completions write beside the text of a message: reasoning details and signatures, which they
 * require back, and sources.
 *
 * Sources: OpenRouter, "Preserving reasoning blocks" (`reasoning_details`); Google, "OpenAI compatibility"
 * (`extra_content`); Perplexity, Sonar API (`search_results`, `citations`).
 */
import type { ModelEvent } from "../../model/ModelEvent.js"
import { array, type JsonObject, number, object, says, string } from "../internal/json.js"
import { type Blocks, part } from "./blocks.js"

export interface Extras {
  /** The reasoning details, each with the content of all its pieces. */
  details: Array<JsonObject>
  /** Fields beside the message, which go back in the same place. */
  extra: JsonObject | undefined
  /** The sources of the whole answer, which some vendors repeat in every chunk. */
  sources: ReadonlyArray<unknown>
}

/** Pieces of one detail have the same type and index. Their text is appended; anything else is replaced. */
export const readDetails = (state: Extras, value: unknown): void => {
  for (const one of array(value) ?? []) {
    const piece = object(one)
    if (piece === undefined) continue
    const last = state.details.at(-1)
    if (last !== undefined && last.type === piece.type && last.index === piece.index) grow(last, piece)
    else state.details.push({ ...piece })
  }
}

const growing: ReadonlySet<string> = new Set(["text", "summary", "data"])

const grow = (detail: JsonObject, piece: JsonObject): void => {
  for (const [key, value] of Object.entries(piece)) {
    const before = detail[key]
    if (growing.has(key) && typeof before === "string" && typeof value === "string") detail[key] = before + value
    else if (says(value)) detail[key] = value
  }
}

/** Sources of the whole answer; the latest list is complete. */
export const readSources = (state: Extras, { citations, search_results }: JsonObject): void => {
  const found = array(search_results) ?? array(citations)
  if (found !== undefined && found.length > 0) state.sources = found
}

/** A source of the answer, or of a position in it. */
export const citation = (state: Blocks, value: unknown, events: Array<ModelEvent>): void => {
  const about = object(value)
  const source = object(about?.url_citation) ?? about
  events.push({
    _tag: "Citation",
    index: state.next++,
    url: string(source?.url) ?? string(value),
    title: string(source?.title),
    quote: undefined,
    start: number(source?.start_index),
    end: number(source?.end_index),
    value
  })
}

/** Emits what is complete only at the end. */
export const closeExtras = (state: Extras & Blocks, events: Array<ModelEvent>): void => {
  for (const source of state.sources) citation(state, source, events)
  if (state.details.length > 0) part(state, "reasoning_details", state.details, events)
  if (state.extra !== undefined) part(state, "extra_content", { value: state.extra }, events)
}
