/** Reads Anthropic Messages streams: one server-sent event at a time into model events. */
import type { Reason } from "../../model/FinishReason.js"
import { type Fault, malformed, truncated } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Container } from "../../model/ModelResponse.js"
import type { Usage } from "../../model/Usage.js"
import type { Frame } from "../Framing.js"
import { classify } from "../internal/classify.js"
import { finishReason, finishWord, interruption } from "../internal/finishWords.js"
import { array, carriesContent, type JsonObject, object, parse, says, string, tokens } from "../internal/json.js"
import type { Stamp, StepResult, Summary } from "../Protocol.js"
import { type Blocks, blockDelta, blockStart, blockStop, close } from "./blocks.js"

/**
 * What the decoder knows of one attempt. All of it comes from a server, so nothing may be relied on.
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
  /** True once `message_delta` gave the stop reason: no content may follow. */
  stopped: boolean
  /** The type of an event with content that is not understood. */
  unread: string | undefined
  stopReason: string | undefined
  stopSequence: string | undefined
  stopDetails: JsonObject | undefined
  container: Container | undefined
  contextManagement: JsonObject | undefined
  /** The latest value of each field of the usage. */
  usage: JsonObject | undefined
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
  stopSequence: undefined,
  stopDetails: undefined,
  container: undefined,
  contextManagement: undefined,
  usage: undefined,
  blocks: new Map(),
  latest: -1,
  next: 0
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
  // A tool call that was not closed was cut: it stays open, so it never counts as whole.
  for (const block of state.blocks.values()) if (block.kind !== "tool-call") close(state, block, events)
  state.blocks.clear()
  const { container, contextManagement, id, model, stopDetails, stopReason, stopSequence } = state
  return {
    finishReason: finishReason(stopReason, finishReasons),
    stopSequence,
    stopDetails,
    usage: usage(state),
    rawUsage: state.usage,
    serviceTier: string(state.usage?.service_tier),
    container,
    contextManagement,
    id,
    model
  }
}

export const usage = ({ usage: told }: State): Usage => {
  const input = counted(told?.input_tokens)
  const read = counted(told?.cache_read_input_tokens)
  const written = counted(told?.cache_creation_input_tokens)
  const kept = object(told?.cache_creation)
  return {
    // The wire counts only the input that no cache was involved in.
    inputTokens: input === undefined ? undefined : tokens(input + (read ?? 0) + (written ?? 0)),
    outputTokens: tokens(told?.output_tokens),
    cacheReadTokens: tokens(read),
    cacheWriteTokens: tokens(written),
    ...(kept && {
      cacheWrite5mTokens: tokens(kept.ephemeral_5m_input_tokens),
      cacheWrite1hTokens: tokens(kept.ephemeral_1h_input_tokens)
    }),
    reasoningTokens: tokens(object(told?.output_tokens_details)?.thinking_tokens)
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

/** Gateways send blank keep-alives, and the end marker of another protocol. */
const notJson = ({ data, event }: Frame): StepResult => {
  if (event === "error") return classify({ body: data })
  const text = data.trim()
  if (event === "ping" || text === "" || text === "[DONE]") return undefined
  return malformed("the stream has an event that is not JSON")
}

const early = (type: string): Fault => malformed(`the stream has a \`${type}\` before the message began`)

const late = (type: string): Fault =>
  malformed(`the stream has a \`${type}\` after its stop reason: two answers were spliced`)

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
  readEnding(state, message)
  const { attempt, generation, requestId } = state.stamp
  events.push({
    _tag: "ResponseStart",
    attempt,
    generation,
    id,
    model: state.model,
    requestId,
    ...(state.usage && { usage: usage(state) })
  })
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
  const delta = object(body.delta) ?? {}
  readUsage(state, body.usage)
  readEnding(state, delta)
  readEnding(state, body)
  const reason = finishWord(delta.stop_reason)
  if (reason === undefined) return undefined
  if (state.stopped && reason !== state.stopReason) {
    return malformed(`the stream has the stop reason \`${state.stopReason}\` and then \`${reason}\``)
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
  // An answer that lacks content of its stream is not a success.
  return state.next > 0 || state.unread === undefined
    ? "Complete"
    : malformed(`the answer is empty, and its stream has a \`${state.unread}\`, which is not understood`)
}

/** The numbers are totals, so a later one replaces an earlier one. */
const readUsage = (state: State, from: unknown): void => {
  const said = Object.entries(object(from) ?? {}).filter(([, value]) => says(value))
  if (said.length > 0) state.usage = { ...state.usage, ...Object.fromEntries(said) }
}

/** The fields beside the stop reason: in the start of a message, in its delta, or beside the delta. */
const readEnding = (state: State, from: JsonObject): void => {
  const container = object(from.container)
  const id = string(container?.id)
  state.stopSequence = string(from.stop_sequence) ?? state.stopSequence
  state.stopDetails = object(from.stop_details) ?? state.stopDetails
  state.contextManagement = object(from.context_management) ?? state.contextManagement
  if (id !== undefined) state.container = { id, expiresAt: string(container?.expires_at) }
}

/** NaN stands for an invalid count: any sum with it is unknown, too. */
const counted = (u: unknown): number | undefined => (typeof u === "number" ? (tokens(u) ?? Number.NaN) : undefined)
