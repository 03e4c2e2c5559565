/** Computes the deadlines of a request from a table of facts. */
import * as Duration from "effect/Duration"
import type * as ModelRequest from "../../model/ModelRequest.js"
import { isVendorTool } from "../../model/Tool.js"
import { toolsOf } from "../../model/Toolkit.js"
import type { Deadlines, Facts, Options } from "../Deadlines.js"

interface Traits {
  readonly tokens: number
  readonly reasons: boolean
  readonly local: boolean
  readonly pings: boolean
}

const MINUTE = 60_000

const standard: Deadlines = {
  firstEvent: 3 * MINUTE,
  idle: 2 * MINUTE,
  stuck: 10 * MINUTE,
  reasoning: 30 * MINUTE,
  total: 60 * MINUTE
}

/** Of all rows that apply, the longest value counts. */
const patience: ReadonlyArray<readonly [applies: (traits: Traits) => boolean, atLeast: Partial<Deadlines>]> = [
  // A long prompt is read before the first event.
  [({ tokens }) => tokens > 50_000, { firstEvent: 5 * MINUTE, idle: 3 * MINUTE }],
  [({ tokens }) => tokens > 100_000, { firstEvent: 10 * MINUTE, idle: 4 * MINUTE }],
  [({ tokens }) => tokens > 200_000, { firstEvent: 15 * MINUTE, idle: 5 * MINUTE }],
  [({ reasons }) => reasons, { firstEvent: 10 * MINUTE, stuck: 20 * MINUTE }],
  // Anthropic Messages is the only protocol whose servers ping while a model thinks silently.
  [({ pings, reasons }) => reasons && !pings, { idle: 10 * MINUTE }],
  // A single machine, perhaps without a graphics card, loads the model first.
  [({ local }) => local, { firstEvent: 15 * MINUTE, idle: 15 * MINUTE, stuck: 20 * MINUTE }]
]

const fields = ["firstEvent", "idle", "stuck", "reasoning", "total"] as const

/**
 * The deadlines of requests to one endpoint: the defaults, overridden field by field by those of the provider, and
 * these by those of the call. What does not depend on the request is computed once.
 */
export const forEndpoint = (
  { baseUrl, deadlines, protocol }: Omit<Facts, "request">,
  given?: Options
): ((request: ModelRequest.Options, call?: Options) => Deadlines) => {
  const local = isLocal(baseUrl)
  const pings = protocol === "anthropic-messages"
  const standing = { ...standard, ...inMillis(deadlines) }
  const exact = inMillis(given)
  return (request, call) => {
    const traits = { tokens: estimateTokens(request), reasons: isReasoning(request), local, pings }
    const out = { ...standing }
    for (const [applies, atLeast] of patience) {
      if (applies(traits)) for (const field of fields) out[field] = Math.max(out[field], atLeast[field] ?? 0)
    }
    return { ...out, ...exact, ...(call && inMillis(call)) }
  }
}

/** The fields that were set. */
const inMillis = (options: Options = {}): Partial<Deadlines> => {
  const out: { -readonly [K in keyof Deadlines]?: number } = {}
  for (const field of fields) {
    const given = options[field]
    if (given !== undefined) out[field] = Duration.toMillis(given)
  }
  return out
}

/** Four characters per token. The size of images and documents says little about their tokens, even as data URLs. */
const estimateTokens = ({ prompt, system, tools }: ModelRequest.Options): number => {
  const IMAGE = 6_000
  const DOCUMENT = 120_000
  let characters = 0
  const read = (value: unknown): void => {
    if (typeof value === "string") characters += value.startsWith("data:") ? IMAGE : value.length
    else if (Array.isArray(value)) for (const item of value) read(item)
    else if (typeof value === "object" && value !== null) {
      const { source, type } = value as { readonly source?: object; readonly type?: unknown }
      if (type === "image") characters += IMAGE
      else if (type === "document" && (source === undefined || !("text" in source))) characters += DOCUMENT
      else for (const item of Object.values(value)) read(item)
    }
  }
  read(prompt)
  read(system)
  for (const tool of toolsOf(tools) ?? [])
    read(isVendorTool(tool) ? tool.definition : [tool.description, tool.parameters])
  return characters / 4
}

/** By the last part of its name: gateways put the vendor before it. */
const reasoner =
  /^(o\d|gpt-([5-9]|oss)|deepseek-(r\d|reasoner)|qwq|magistral|minimax-m\d|grok-[4-9])|nemotron|thinking|reasoning|-r1\b/i

const isReasoning = ({ model, providerOptions, reasoning }: ModelRequest.Options): boolean => {
  if (reasoning?.effort === "none") return false
  if (reasoning?.effort !== undefined || reasoning?.budgetTokens !== undefined) return true
  const given = Object.values(providerOptions ?? {}).flatMap((options) => Object.keys(options ?? {}))
  if (given.some((name) => name === "thinking" || name === "reasoning" || name === "reasoning_effort")) return true
  return reasoner.test(model.slice(model.lastIndexOf("/") + 1))
}

/** By its exact host: a name that only resembles one of these may be anyone's. */
const isLocal = (baseUrl: string): boolean => {
  if (!URL.canParse(baseUrl)) return false
  // The URL parser has already normalized every form of an IPv4 address to four decimal numbers.
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "")
  if (host === "localhost" || host.endsWith(".localhost") || host.endsWith(".local")) return true
  if (host.includes(":")) return host === "::1" || /^f[cd][0-9a-f]{2}:|^fe[89ab][0-9a-f]:/.test(host) || isMapped(host)
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) && isPrivate(host.split(".").map(Number))
}

const isPrivate = ([a = 0, b = 0]: ReadonlyArray<number>): boolean =>
  a === 127 || a === 10 || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 172 && b >= 16 && b <= 31)

/** An IPv4 address within an IPv6 one, as the URL parser writes it: `::ffff:7f00:1`. */
const isMapped = (host: string): boolean => {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host) ?? []
  if (high === undefined || low === undefined) return false
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return isPrivate([first >> 8, first & 255, second >> 8, second & 255])
}

/** The first field that is not a valid time, and what is wrong with it, for programs without types. */
export const problemOf = (options: Options = {}): readonly [field: string, problem: string] | undefined => {
  for (const [field, value] of Object.entries(options)) {
    if (value === undefined) continue
    const duration = Duration.decodeUnknown(value)
    if (duration._tag === "None") return [field, 'is not a duration: give a number of milliseconds, or "90 seconds"']
    if (Duration.toMillis(duration.value) > 0) continue
    return [field, "must be more than zero; for no deadline give Duration.infinity"]
  }
  return undefined
}
