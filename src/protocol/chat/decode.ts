/**
 * Reads Chat Completions streams, of OpenAI and of the many vendors that copy it: one server-sent event at a time into
 * model events.
 *
 * A chunk has choices, a choice has a delta and finally a finish reason, and `[DONE]` follows. The finish reason proves
 * the end as long as only usage follows it.
 */
import type { FinishReason } from "../../model/FinishReason.js"
import { type Fault, malformed, truncated } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Usage } from "../../model/Usage.js"
import type { Frame } from "../Framing.js"
import { classify, isError } from "../internal/classify.js"
import * as Words from "../internal/finishWords.js"
import { foreignError } from "../internal/foreignError.js"
import { array, type JsonObject, number, object, parse, string, tokens } from "../internal/json.js"
import type { Stamp, StepResult, Summary } from "../Protocol.js"
import type { ChatCompletions as Quirks } from "../Quirks.js"
import { closeOpen, part } from "./blocks.js"
import { closeExtras, readSources } from "./extras.js"
import { type Message, readMessage } from "./message.js"
import { closeCalls } from "./toolCalls.js"
import { isSayingMessage, isUnread, quote, unreadable } from "./unread.js"

/**
 * What the decoder knows of one attempt. All of it comes from a server, so nothing may be relied on.
 *
 * @since 0.1.0
 * @category models
 */
export interface State extends Message {
  readonly stamp: Stamp
  /** False if the vendor never gives a finish reason. */
  readonly saysFinish: boolean
  started: boolean
  id: string | undefined
  /** The id of the latest chunk, how often it was repeated, and whether content came under another one before. */
  latestId: string | undefined
  sameId: number
  inherited: boolean
  model: string | undefined
  /** The index of the choice that is read: the first with content. */
  choice: number | undefined
  /** True once a whole message came, to which nothing can be added. */
  whole: boolean
  /** The first choice with content that is not read, quoted. */
  unread: JsonObject | undefined
  finish: string | undefined
  stopSequence: string | undefined
  serviceTier: string | undefined
  usage: JsonObject | undefined
  fallbackUsage: JsonObject | undefined
}

export const initial = (stamp: Stamp, quirks?: Quirks): State => ({
  stamp,
  saysFinish: quirks?.finishReason ?? true,
  started: false,
  id: undefined,
  latestId: undefined,
  sameId: 0,
  inherited: false,
  model: undefined,
  choice: undefined,
  whole: false,
  unread: undefined,
  finish: undefined,
  stopSequence: undefined,
  serviceTier: undefined,
  open: undefined,
  openIndex: 0,
  next: 0,
  calls: [],
  byIndex: new Map(),
  byId: new Map(),
  refusal: "",
  details: [],
  extra: undefined,
  sources: [],
  usage: undefined,
  fallbackUsage: undefined
})

export const step = (state: State, event: Frame, events: Array<ModelEvent>): StepResult => {
  const json = parse(event.data)
  const body = object(json)
  if (body === undefined) return notObject(state, event, json)
  if (body.error || event.event === "error" || isError(body)) return failed(body)
  const choices = array(body.choices)
  const usage = object(body.usage)
  if (choices === undefined || choices.length === 0) {
    const other = notChunk(event, body)
    if (other !== undefined) return other === "Alive" ? undefined : other
  } else if (isSpliced(state, string(body.id), choices)) return spliced(state)
  start(state, body, events)
  if (body.service_tier) state.serviceTier = string(body.service_tier)
  if (body.citations || body.search_results) readSources(state, body)
  if (usage !== undefined) state.usage = usage
  else if (body.x_groq !== undefined) state.fallbackUsage = object(object(body.x_groq)?.usage) ?? state.fallbackUsage
  if (choices === undefined) return undefined
  const finished = state.finish !== undefined
  for (const choice of choices) {
    const fault = readChoice(state, choice, events)
    if (fault !== undefined) return fault
  }
  if (state.finish !== undefined) return proven(state)
  return finished ? "Disproven" : undefined
}

export const end = (state: State, events: Array<ModelEvent>): Summary => {
  closeOpen(state, events)
  closeCalls(state, finishReason(state).reason === "tool-calls" && state.finish !== undefined, events)
  if (state.refusal !== "") part(state, "refusal", state.refusal, events)
  closeExtras(state, events)
  const { fallbackUsage, id, model, serviceTier, stopSequence } = state
  return {
    finishReason: finishReason(state),
    stopSequence,
    usage: usage(state),
    rawUsage: state.usage ?? fallbackUsage,
    serviceTier,
    id,
    model
  }
}

export const usage = (state: State): Usage => {
  const told = state.usage ?? state.fallbackUsage
  return {
    inputTokens: tokens(told?.prompt_tokens),
    outputTokens: tokens(told?.completion_tokens),
    cacheReadTokens: tokens(object(told?.prompt_tokens_details)?.cached_tokens),
    cacheWriteTokens: undefined,
    reasoningTokens: tokens(object(told?.completion_tokens_details)?.reasoning_tokens)
  }
}

/** Some vendors never give a reason, and a refusal has none of its own. */
const finishReason = ({ calls, finish, refusal }: State): FinishReason => {
  if (finish === undefined && calls.length > 0) return { reason: "tool-calls", raw: undefined }
  const found = Words.finishReason(finish)
  return refusal !== "" && found.reason === "stop" ? { reason: "refusal", raw: found.raw } : found
}

const start = (state: State, body: JsonObject, events: Array<ModelEvent>): void => {
  state.id ??= string(body.id)
  state.model ??= string(body.model)
  if (state.started) return
  state.started = true
  const { attempt, generation, requestId } = state.stamp
  events.push({ _tag: "ResponseStart", attempt, generation, id: state.id, model: state.model, requestId })
}

/** An empty answer is proven only if no unread content came and no call is missing. */
const proven = (state: State): StepResult => {
  const { calls, finish, next, refusal, unread } = state
  const called = calls.length > 0
  if (finish !== undefined && !called && finishReason(state).reason === "tool-calls") {
    return malformed(`the stream ends with "${finish}", but has no tool call`)
  }
  const empty = next === 0 && refusal === "" && !called
  return empty && unread !== undefined ? unreadable("content", unread) : "Proven"
}

const readChoice = (state: State, value: unknown, events: Array<ModelEvent>): Fault | undefined => {
  const choice = object(value)
  if (choice === undefined) return value === null ? undefined : unreadable("a choice", value)
  const finish = Words.finishWord(choice.finish_reason)
  if (choice.error) return failed(choice)
  const message = messageOf(state, choice)
  const at = number(choice.index) ?? 0
  if (at !== state.choice) {
    const saying = isSayingMessage(message)
    // Only one choice was requested.
    if (state.choice !== undefined) return saying ? unreadable("a second choice", choice) : undefined
    if (saying || finish !== undefined) state.choice = at
  }
  const fault = message === undefined ? undefined : readWhat(state, choice, message, events)
  if (fault !== undefined || finish === undefined) return fault
  state.finish = finish
  // vLLM reports it; a number is the id of a token.
  state.stopSequence = string(choice.stop_reason)
  state.fallbackUsage = object(choice.usage) ?? state.fallbackUsage
  return Words.interruption(finish)
}

/** Servers that ignore `stream: true` send a whole message, and those of the older protocol a text. */
const messageOf = (state: State, choice: JsonObject): unknown => {
  const { content, delta, message, text } = choice
  if (message === undefined && delta !== undefined && delta !== null) return delta
  // Perplexity repeats everything so far beside each delta.
  if (message && (!delta || (state.next === 0 && !isSayingMessage(delta)))) return message
  return delta ?? text ?? content
}

const readWhat = (state: State, choice: JsonObject, said: unknown, events: Array<ModelEvent>): Fault | undefined => {
  const message = object(said) ?? (typeof said === "string" ? { content: said } : undefined)
  if (message === undefined) return said === null ? undefined : unreadable("a message", said)
  if (state.whole || state.finish !== undefined || said === choice.message) {
    const fault = late(state, choice, message)
    if (fault !== undefined) return fault
  }
  const fault = readMessage(state, message, events)
  if (state.next === 0 && state.unread === undefined && isUnread(choice, message)) state.unread = choice
  return fault
}

/** A whole message stands alone. Content after a finish reason voids it: another one must come. */
const late = (state: State, choice: JsonObject, message: JsonObject): Fault | undefined => {
  if (!isSayingMessage(message)) return undefined
  const whole = message === choice.message
  if (state.whole || (whole && state.next > 0)) return unreadable("a whole message beside what came before", choice)
  state.whole = whole
  state.finish = undefined
  return undefined
}

/**
 * Some vendors change the id in every chunk, or after the first. If an id was repeated and content has come, a new id
 * means another answer. So does a repeated id, if content came before under another id.
 */
const isSpliced = (state: State, id: string | undefined, choices: ReadonlyArray<unknown>): boolean => {
  if (id === undefined) return false
  if (id === state.latestId) {
    state.sameId++
    return state.inherited
  }
  const content = state.next > 0 || state.calls.length > 0 || state.refusal !== ""
  if (content && state.sameId > 0) return state.finish === undefined || choices.some(saysSomething)
  state.inherited = content && state.latestId !== undefined
  state.latestId = id
  state.sameId = 0
  return false
}

const saysSomething = (choice: unknown): boolean => {
  const { delta, message, text } = object(choice) ?? {}
  return isSayingMessage(delta) || isSayingMessage(message) || isSayingMessage(text)
}

/** Not even the end of the first answer counts then: foreign content follows it. */
const spliced = (state: State): StepResult => {
  if (state.finish === undefined) return malformed("the stream contains a second answer: two answers were spliced")
  state.finish = undefined
  return "Disproven"
}

/** An object without content: a chunk, a keep-alive, an error of any shape, or something unknown. */
const notChunk = ({ data, event }: Frame, body: JsonObject): "Alive" | Fault | undefined => {
  const isChunk = array(body.choices) !== undefined || body.usage || body.object === "chat.completion.chunk"
  if (isChunk && !isOdd(body)) return undefined
  if (alive.has(String(event)) || alive.has(String(body.type)) || Object.keys(body).length === 0) return "Alive"
  const error = foreignError(body)
  return error === undefined ? malformed(`the stream has an event that is not a chunk: ${quote(data)}`) : failed(body)
}

/** Choices in any other form than a list are not read, and an error may stand beside an empty list. */
const isOdd = (body: JsonObject): boolean =>
  (body.choices !== undefined && body.choices !== null && array(body.choices) === undefined) ||
  foreignError(body) !== undefined

const alive: ReadonlySet<string> = new Set(["ping", "keepalive", "keep-alive", "heartbeat"])

const failed = (body: JsonObject): Fault =>
  classify({ body: body.error || isError(body) ? body : (foreignError(body) ?? body) })

const notObject = (state: State, { data, event }: Frame, json: unknown): StepResult => {
  const text = data.trim()
  if (text === "[DONE]") return done(state)
  if (event === "error") return classify({ body: data })
  const first = object(array(json)?.[0])
  if (first !== undefined && isError(first)) return classify({ body: first })
  if (text === "" || json === null || json === "" || text === "[]" || alive.has(String(event))) return undefined
  const what = json === undefined ? "not JSON" : "not a chunk"
  return malformed(`the stream has an event that is ${what}: ${quote(data)}`)
}

/** The marker only says that the server is done, not the model: gateways send it after a cut, too. */
const done = (state: State): StepResult => {
  if (!state.started) return truncated("the answer ended before it began")
  if (state.finish === undefined && state.saysFinish) {
    return truncated(
      "the answer ended without a finish reason (for a vendor that never gives one: `quirks.finishReason`)"
    )
  }
  const result = proven(state)
  return result === "Proven" ? "Complete" : result
}
