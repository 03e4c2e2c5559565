/** The content blocks of an Anthropic Messages stream: start, deltas, stop. */
import { malformed } from "../../model/internal/fault.js"
import { GrowingText } from "../../model/internal/text.js"
import type { Citation, ModelEvent } from "../../model/ModelEvent.js"
import { array, type JsonObject, number, object, parse, says, string, stringify } from "../internal/json.js"
import type { StepResult } from "../Protocol.js"

/** A block between its start and its stop: one shape for all kinds, so that the hot path stays monomorphic. */
export interface Block {
  readonly kind: "text" | "reasoning" | "tool-call" | "provider"
  /** Our own count of blocks. */
  readonly index: number
  /** The block as it began. */
  readonly value: JsonObject
  /** The arguments so far, unchanged. */
  readonly json: GrowingText
  signature: string | undefined
}

/** The part of the protocol's state that blocks need. */
export interface Blocks {
  /** The open blocks by the wire's index. */
  readonly blocks: Map<number, Block>
  /** The wire's index of the latest block: deltas without an index belong to it. */
  latest: number
  /** Our index of the next block. */
  next: number
}

export const blockStart = (state: Blocks, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const value = object(body.content_block)
  if (value === undefined) return malformed("the stream has a `content_block_start` without a block")
  state.latest = number(body.index) ?? state.latest + 1
  const unclosed = state.blocks.get(state.latest)
  if (unclosed !== undefined && unclosed.kind !== "tool-call") close(state, unclosed, events)
  const index = state.next++
  switch (value.type) {
    case "text": {
      const text = string(value.text)
      if (text === undefined && says(value.text)) return unreadable("text")
      open(state, "text", index, value)
      events.push({ _tag: "TextStart", index })
      if (text !== undefined) events.push({ _tag: "TextDelta", index, text })
      for (const citation of array(value.citations) ?? []) events.push(citationOf(citation, state.next++))
      return undefined
    }
    case "thinking": {
      const text = string(value.thinking)
      if (text === undefined && says(value.thinking)) return unreadable("thinking")
      open(state, "reasoning", index, value).signature = string(value.signature)
      events.push({ _tag: "ReasoningStart", index })
      if (text !== undefined) events.push({ _tag: "ReasoningDelta", index, text })
      return undefined
    }
    case "tool_use": {
      const name = string(value.name)
      if (name === undefined) return malformed("the stream has a tool call without a name")
      if (says(value.input) && argumentsOf(value.input) === undefined) return unreadable("input")
      open(state, "tool-call", index, value)
      events.push({ _tag: "ToolCallStart", index, id: string(value.id) ?? `call_${index}`, name })
      return undefined
    }
    default:
      open(state, "provider", index, value)
      return undefined
  }
}

const open = (state: Blocks, kind: Block["kind"], index: number, value: JsonObject): Block => {
  const block: Block = { kind, index, value, json: new GrowingText(), signature: undefined }
  state.blocks.set(state.latest, block)
  return block
}

export const blockDelta = (state: Blocks, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const delta = object(body.delta)
  if (delta === undefined) return malformed("the stream has a `content_block_delta` without a delta")
  const block = state.blocks.get(number(body.index) ?? state.latest)
  switch (block?.kind) {
    case "text":
      if (delta.type === "text_delta") {
        const text = string(delta.text)
        if (text === undefined) return says(delta.text) ? unreadable("text") : undefined
        events.push({ _tag: "TextDelta", index: block.index, text })
        return undefined
      }
      if (delta.type === "citations_delta") {
        events.push(citationOf(delta.citation, state.next++))
        return undefined
      }
      return misplaced(delta)
    case "reasoning":
      if (delta.type === "thinking_delta") {
        const text = string(delta.thinking)
        if (text === undefined) return says(delta.thinking) ? unreadable("thinking") : undefined
        events.push({ _tag: "ReasoningDelta", index: block.index, text })
        return undefined
      }
      if (delta.type === "signature_delta") {
        block.signature = string(delta.signature) ?? block.signature
        return undefined
      }
      return misplaced(delta)
    case "tool-call":
      if (delta.type === "input_json_delta") {
        const json = string(delta.partial_json) ?? argumentsOf(delta.partial_json)
        if (json === undefined) return says(delta.partial_json) ? unreadable("partial_json") : undefined
        block.json.append(json)
        events.push({ _tag: "ToolCallDelta", index: block.index, json })
        return undefined
      }
      return misplaced(delta)
    case "provider":
      // Text in a block of an unknown type is text of the answer, which would otherwise be silently shorter.
      if (delta.type === "text_delta" || delta.type === "thinking_delta") return misplaced(delta)
      grow(block, delta)
      return undefined
    case undefined:
      return misplaced(delta)
  }
}

/** Content outside a block must not be lost silently; deltas of an unknown kind may be skipped. */
const misplaced = ({ partial_json, text, thinking, type }: JsonObject): StepResult => {
  const isKnown = type === "text_delta" || type === "thinking_delta" || type === "input_json_delta"
  return isKnown || says(text) || says(thinking) || says(partial_json)
    ? malformed(`the stream has a \`${type ?? "delta without a type"}\` outside a block of its kind`)
    : undefined
}

const unreadable = (field: string): StepResult => malformed(`the stream has a \`${field}\` that cannot be read`)

/** Arguments as JSON. Some servers send an object instead; anything else is not treated as arguments. */
const argumentsOf = (value: unknown): string | undefined =>
  object(value) === undefined ? string(value) : stringify(value)

/** Blocks that are not modelled grow field by field: text is appended, anything else is replaced. */
const grow = (block: Block, delta: JsonObject): void => {
  for (const key in delta) {
    const value = delta[key]
    const before = block.value[key]
    if (key === "type" || key === "__proto__") continue
    if (key === "partial_json") block.json.append(string(value) ?? "")
    // Each delta of a compaction is the whole compaction.
    else if (typeof value === "string" && typeof before === "string" && delta.type !== "compaction_delta") {
      block.value[key] = before + value
    } else block.value[key] = value
  }
}

export const blockStop = (state: Blocks, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const at = number(body.index) ?? state.latest
  const block = state.blocks.get(at)
  if (block === undefined) return undefined
  state.blocks.delete(at)
  close(state, block, events)
  return undefined
}

/** A citation of a document has no address. */
const citationOf = (value: unknown, index: number): Citation => {
  const { cited_text, document_title, source, title, url } = object(value) ?? {}
  const address = string(url) ?? string(source)
  return {
    _tag: "Citation",
    index,
    url: address !== undefined && URL.canParse(address) ? address : undefined,
    title: string(title) ?? string(document_title),
    quote: string(cited_text),
    value
  }
}

/** Such a call goes back with its whole block: its caller, or the toolset that it belongs to. */
const saysMore = ({ caller, toolset_name }: JsonObject): boolean =>
  string(toolset_name) !== undefined || (object(caller)?.type ?? "direct") !== "direct"

export const close = (state: Blocks, block: Block, events: Array<ModelEvent>): void => {
  const { index, value } = block
  const json = block.json.value
  switch (block.kind) {
    case "text":
      events.push({ _tag: "TextEnd", index })
      return
    case "reasoning":
      events.push({ _tag: "ReasoningEnd", index, signature: block.signature })
      return
    case "tool-call": {
      const whole = json === "" ? argumentsOf(value.input) : undefined
      if (whole !== undefined && whole !== "{}") events.push({ _tag: "ToolCallDelta", index, json: whole })
      events.push({ _tag: "ToolCallEnd", index })
      if (saysMore(value)) events.push({ _tag: "ProviderPart", index: state.next++, name: "tool_use", value })
      return
    }
    case "provider":
      if (json !== "") value.input = parse(json) ?? json
      events.push({ _tag: "ProviderPart", index, name: string(value.type) ?? "unknown", value })
  }
}
