/**
 * Reads Anthropic Messages streams: one server-sent event at a time into model events.
 */
import type { Reason } from "../../model/FinishReason.js"
import { type Fault, malformed, truncated } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Usage } from "../../model/Usage.js"
import type { Frame } from "../Framing.js"
import { classify } from "../internal/classify.js"
import { finishReason, finishWord, interruption } from "../internal/finishWords.js"
import { array, carriesContent, type JsonObject, object, parse, says, string, tokens } from "../internal/json.js"
import type { Stamp, StepResult, Summary } from "../Protocol.js"
import { type Blocks, blockDelta, blockStart, blockStop, close } from "./blocks.js"

/**
 * What the decoder knows of one attempt; nothing in it is to be relied on.
 *
 * @since 0.1.0
 * @category models
 */
export interface State extends Blocks {
  readonly stamp: Stamp
  started: boolean
  id: string | undefined
  model: string | undefined
  /** True once anything followed the start of the message. */
  continued: boolean
  /** True once `message_delta` said why the model stopped: no content may follow. */
  stopped: boolean
  /** The type of an event with content that is not understood. */
  unread: string | undefined
  stopReason: string | undefined
  inputTokens: number | undefined
  outputTokens: number | undefined
  cacheReadTokens: number | undefined
  cacheWriteTokens: number | undefined
  reasoningTokens: number | undefined
}

export const initial = (stamp: Stamp): State => ({
  stamp,
  started: false,
  id: undefined,
  model: undefined,
  continued: false,
  stopped: false,
  unread: undefined,
  stopReason: undefined,
  blocks: new Map(),
  latest: -1,
  next: 0,
  inputTokens: undefined,
  outputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  reasoningTokens: undefined
})

export const step = (state: State, event: Frame, events: Array<ModelEvent>): StepResult => {
  const json = parse(event.data)
  const body = object(json)
  if (body === undefined) return json === undefined ? notJson(event) : undefined
  const type = string(body.type) ?? event.event
  switch (type) {
    case "content_block_delta":
      return state.stopped ? late(type) : blockDelta(state, body, events)
    case "content_block_start":
      if (!state.started) return early(type)
      if (state.stopped) return late(type)
      state.continued = true
      return blockStart(state, body, events)
    case "content_block_stop":
      return blockStop(state, body, events)
    case "message_start":
      return messageStart(state, body, events)
    case "message_delta":
      return messageDelta(state, body)
    case "message_stop":
      return messageStop(state, type)
    case "error":
      return classify({ body })
    default:
      if (event.event === "error" || (type === undefined && body.error)) return classify({ body })
      if (carriesContent(body)) state.unread ??= type ?? "event without a type"
      return undefined
  }
}

export const end = (state: State, events: Array<ModelEvent>): Summary => {
  // A tool call that was not closed was cut: it stays open, so it is never taken for a whole one.
  for (const block of state.blocks.values()) if (block.kind !== "tool-call") close(state, block, events)
  state.blocks.clear()
  return {
    finishReason: finishReason(state.stopReason, finishReasons),
    usage: usage(state),
    id: state.id,
    model: state.model
  }
}

export const usage = (state: State): Usage => {
  const { cacheReadTokens, cacheWriteTokens, inputTokens, outputTokens, reasoningTokens } = state
  return {
    // The wire counts only what no cache was involved in.
    inputTokens:
      inputTokens === undefined ? undefined : tokens(inputTokens + (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0)),
    outputTokens: tokens(outputTokens),
    cacheReadTokens: tokens(cacheReadTokens),
    cacheWriteTokens: tokens(cacheWriteTokens),
    reasoningTokens: tokens(reasoningTokens)
  }
}

const finishReasons: Readonly<Record<string, Reason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool-calls",
  pause_turn: "pause",
  refusal: "refusal"
}

/** Gateways send blank signs of life, and the marker of another protocol. */
const notJson = ({ data, event }: Frame): StepResult => {
  if (event === "error") return classify({ body: data })
  const text = data.trim()
  if (event === "ping" || text === "" || text === "[DONE]") return undefined
  return malformed("the stream has an event that is not JSON")
}

const early = (type: string): Fault => malformed(`the stream has a \`${type}\` before the message began`)

const late = (type: string): Fault =>
  malformed(`the stream has a \`${type}\` after it said why the model stopped: two answers were spliced`)

const messageStart = (state: State, body: JsonObject, events: Array<ModelEvent>): StepResult => {
  const message = object(body.message) ?? {}
  const id = string(message.id)
  if (state.started) {
    return id === state.id && !state.continued
      ? undefined
      : malformed("the stream has a second `message_start`: two answers were spliced")
  }
  state.started = true
  state.id = id
  state.model = string(message.model)
  readUsage(state, message.usage)
  const { attempt, generation, requestId } = state.stamp
  events.push({ _tag: "ResponseStart", attempt, generation, id, model: state.model, requestId })
  state.stopReason = finishWord(message.stop_reason)
  state.continued = state.stopReason !== undefined
  // A turn that only continues a tool's own program comes whole in its start.
  const content = contentOf(message)
  if (content === undefined) return malformed("the stream has a `message_start` whose content cannot be read")
  for (const block of content) {
    state.continued = true
    const result = blockStart(state, { content_block: block }, events) ?? blockStop(state, {}, events)
    if (result !== undefined) return result
  }
  return undefined
}

const contentOf = ({ content }: JsonObject): ReadonlyArray<unknown> | undefined => {
  if (!says(content)) return []
  return typeof content === "string" ? [{ type: "text", text: content }] : array(content)
}

const messageDelta = (state: State, body: JsonObject): StepResult => {
  if (!state.started) return early("message_delta")
  state.continued = true
  readUsage(state, body.usage)
  const reason = finishWord(object(body.delta)?.stop_reason)
  if (reason === undefined) return undefined
  if (state.stopped && reason !== state.stopReason) {
    return malformed(`the stream says that the model stopped for \`${state.stopReason}\` and for \`${reason}\``)
  }
  state.stopped = true
  state.stopReason = reason
  return interruption(reason)
}

const messageStop = (state: State, type: string): StepResult => {
  if (!state.continued) return early(type)
  if (state.stopReason === undefined) return truncated("the answer was stopped without a reason")
  const cut = interruption(state.stopReason)
  if (cut !== undefined) return cut
  // An answer that lacks what its stream carried is none.
  return state.next > 0 || state.unread === undefined
    ? "Complete"
    : malformed(`the answer is empty, and its stream has a \`${state.unread}\`, which is not understood`)
}

/** The numbers are totals, so a later one replaces an earlier one. */
const readUsage = (state: State, from: unknown): void => {
  const usage = object(from)
  if (usage === undefined) return
  state.inputTokens = counted(usage.input_tokens) ?? state.inputTokens
  state.outputTokens = counted(usage.output_tokens) ?? state.outputTokens
  state.cacheReadTokens = counted(usage.cache_read_input_tokens) ?? state.cacheReadTokens
  state.cacheWriteTokens = counted(usage.cache_creation_input_tokens) ?? state.cacheWriteTokens
  state.reasoningTokens = counted(object(usage.output_tokens_details)?.thinking_tokens) ?? state.reasoningTokens
}

/** NaN stands for a number that counts nothing: whatever is summed up with it is unknown too. */
const counted = (u: unknown): number | undefined => (typeof u === "number" ? (tokens(u) ?? Number.NaN) : undefined)
