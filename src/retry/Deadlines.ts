/**
 * How long to wait for a provider, by what is waited for. Only time spent waiting counts: a slow consumer never exceeds
 * a deadline, and neither does a machine that slept. Dialling has its own limit,
 * `ConnectionPool.Options.connectTimeout`: it happens inside the pool, by the socket's clock, and `firstEvent` covers
 * it too. An exceeded deadline is a `StreamStalled`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as ModelRequest from "../model/ModelRequest.js"
import { forEndpoint } from "./internal/deadlines.js"

/**
 * How long to wait, for a provider or for one call. Each field can be set separately; the others depend on the endpoint
 * and the request: see `defaults`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** From sending the request to the first event of the answer. Default: 3 minutes, or longer. */
  readonly firstEvent?: Duration.DurationInput | undefined
  /** Without a single byte, once the answer has begun: the connection is dead. Default: 2 minutes, or longer. */
  readonly idle?: Duration.DurationInput | undefined
  /** With keep-alives, but without an event: the generation is dead. Default: 10 minutes, or longer. */
  readonly stuck?: Duration.DurationInput | undefined
  /** Reasoning without any text or tool call. Default: 30 minutes. */
  readonly reasoning?: Duration.DurationInput | undefined
  /** The whole request, all attempts together, without back-off. Default: 60 minutes. */
  readonly total?: Duration.DurationInput | undefined
}

/**
 * All deadlines, resolved, in milliseconds. See `Options` for their meaning.
 *
 * @since 0.1.0
 * @category models
 */
export interface Deadlines {
  readonly firstEvent: number
  readonly idle: number
  readonly stuck: number
  readonly reasoning: number
  readonly total: number
}

/**
 * What the defaults depend on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  readonly baseUrl: string
  /** The id of the protocol. */
  readonly protocol: string
  readonly request: ModelRequest.Options
  /** The deadlines of the vendor, which replace the standard ones and are raised like them. Default: none. */
  readonly deadlines?: Options | undefined
}

/**
 * The default deadlines of a request. The highest value of all rows that apply is used:
 *
 * | | first event | idle | stuck | reasoning | total |
 * |---|---|---|---|---|---|
 * | standard | 3 min | 2 min | 10 min | 30 min | 60 min |
 * | a conversation of more than 50,000 tokens, by estimate | 5 min | 3 min | | | |
 * | of more than 100,000 | 10 min | 4 min | | | |
 * | of more than 200,000 | 15 min | 5 min | | | |
 * | a model that reasons, or is asked to | 10 min | | 20 min | | |
 * | and that over a protocol of OpenAI, whose servers need not ping | | 10 min | | | |
 * | an endpoint on this machine or a private network | 15 min | 15 min | 20 min | | |
 *
 * @example
 * ```ts
 * import { Deadlines } from "effect-redial"
 *
 * const patient = Deadlines.defaults({
 *   baseUrl: "http://localhost:11434/v1",
 *   protocol: "chat-completions",
 *   request: { model: "qwen3", prompt: "Why is the sky blue?" }
 * })
 * // patient.idle is 15 minutes
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const defaults = (facts: Facts): { readonly [K in keyof Deadlines]: Duration.Duration } => {
  const { firstEvent, idle, reasoning, stuck, total } = forEndpoint(facts)(facts.request)
  return {
    firstEvent: Duration.millis(firstEvent),
    idle: Duration.millis(idle),
    stuck: Duration.millis(stuck),
    reasoning: Duration.millis(reasoning),
    total: Duration.millis(total)
  }
}
