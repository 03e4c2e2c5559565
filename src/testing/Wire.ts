/**
 * The bytes of an answer as a vendor's server writes them. An answer is an array with one string per server-sent event,
 * including its blank line. So a test can slice, splice and break it like any array.
 *
 * @since 0.1.0
 */
import type { ProtocolId } from "../protocol/Protocol.js"
import type { Ask } from "../retry/internal/continuation/ask.js"
import * as Asked from "./internal/asked.js"
import { type Answer, type Description, describe } from "./internal/wire/answer.js"
import * as Anthropic from "./internal/wire/anthropic.js"
import * as Chat from "./internal/wire/chat.js"
import * as Event from "./internal/wire/event.js"
import * as Responses from "./internal/wire/responses.js"

export type { Answer, Block, Common, ToolCall } from "./internal/wire/answer.js"

/**
 * What a vendor reports about an error.
 *
 * @since 0.1.0
 * @category models
 */
export interface VendorError {
  readonly message?: string | undefined
  /** The vendor's own type of the error. Default: `overloaded_error` for Anthropic Messages, else `server_error`. */
  readonly type?: string | undefined
  /** The vendor's code. Only sent if the protocol has codes. */
  readonly code?: string | undefined
}

const openAiError = ({ code, message, type }: VendorError) => ({
  error: {
    message: message ?? "The server had an error while processing your request",
    type: type ?? "server_error",
    param: null,
    code: code ?? null
  }
})

const writers: Record<
  ProtocolId,
  {
    readonly answer: (description: Description) => ReadonlyArray<string>
    readonly error: (error: VendorError) => object
    readonly errorEvent: (body: object) => string
  }
> = {
  "anthropic-messages": {
    answer: Anthropic.answer,
    error: ({ message, type }) => ({
      type: "error",
      error: { type: type ?? "overloaded_error", message: message ?? "Overloaded" }
    }),
    errorEvent: (body) => Event.event(body, "error")
  },
  "chat-completions": {
    answer: Chat.answer,
    error: openAiError,
    errorEvent: (body) => Event.event(body)
  },
  responses: {
    answer: Responses.answer,
    error: openAiError,
    errorEvent: (body) => Event.event({ type: "error", ...body }, "error")
  }
}

/**
 * A complete answer, from its first event to its last. Whatever its content, it ends with these events:
 *
 * - `anthropic-messages`: `content_block_stop`, `message_delta`, `message_stop`; a `ping` follows the first
 *   `content_block_start`
 * - `chat-completions`: the chunk with the finish reason, the chunk with the usage, `[DONE]`
 * - `responses`: `response.output_item.done`, and `response.completed`, or `response.incomplete` if `finish` is neither
 *   `stop` nor `tool-calls`
 *
 * @example
 * ```ts
 * import { Wire } from "effect-redial/testing"
 *
 * const events = Wire.answer("anthropic-messages", {
 *   reasoning: "They want the weather.",
 *   text: ["I will ", "look it up."],
 *   toolCalls: [{ id: "toolu_1", name: "weather", arguments: { city: "Florence" } }],
 *   usage: { inputTokens: 424, outputTokens: 119 }
 * })
 *
 * const withoutTerminal = events.slice(0, -1)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const answer = (protocol: ProtocolId, answer: Answer): ReadonlyArray<string> =>
  writers[protocol].answer(describe(answer))

/**
 * The events of an answer that a request asks for, like a server that stores its answers (`background: true` over
 * Responses): all of them, or, if the request continues an answer, those after the event that it names.
 *
 * @example
 * ```ts
 * import { FaultServer, Reply, Wire } from "effect-redial/testing"
 *
 * const events = Wire.answer("responses", { text: "Hello there" })
 * const server = FaultServer.make((request) => {
 *   const reply = Reply.stream(Wire.rest(request, events))
 *   return request.index === 1 ? Reply.cut(reply, { afterEvents: 5 }, "rst") : reply
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const rest = (request: { readonly path: string }, events: ReadonlyArray<string>): ReadonlyArray<string> => {
  const after = new URL(request.path, "http://127.0.0.1").searchParams.get("starting_after")
  if (after === null) return events
  return events.filter((event) => {
    const sequence = /"sequence_number":(\d+)/.exec(event)?.[1]
    return sequence === undefined || Number(sequence) > Number(after)
  })
}

/**
 * What a request asks a model to write before it continues its broken message. `undefined` if the request does not ask
 * for a continuation. Reads the JSON body of a request of any protocol, if it uses the default words.
 *
 * @since 0.1.0
 * @category continuations
 */
export const asked = (json: unknown): Ask | undefined => Asked.asked(json)

/**
 * The text of a model that does what it is asked: the marker, the anchor, and the rest of its message.
 *
 * @example
 * ```ts
 * import { FaultServer, Reply, Wire } from "effect-redial/testing"
 *
 * // Breaks once, and then continues like a model that follows the request.
 * const script: FaultServer.Script = ({ json }) => {
 *   const ask = Wire.asked(json)
 *   return ask === undefined
 *     ? Reply.cut(Reply.stream(Wire.answer("anthropic-messages", { text: ["Because of ", "Rayleigh"] })), { afterEvents: 4 }, "rst")
 *     : Reply.stream(Wire.answer("anthropic-messages", { text: Wire.resumed(ask, " scattering.") }))
 * }
 * ```
 *
 * @since 0.1.0
 * @category continuations
 */
export const resumed = (ask: Ask, rest: string): string => Asked.resumed(ask, rest)

/**
 * An error in the middle of a stream, as one event.
 *
 * @example
 * ```ts
 * import { Reply, Wire } from "effect-redial/testing"
 *
 * const events = Wire.answer("anthropic-messages", { text: "Hello there" })
 * const overloaded = Reply.stream([...events.slice(0, 4), Wire.error("anthropic-messages")])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const error = (protocol: ProtocolId, error: VendorError = {}): string =>
  writers[protocol].errorEvent(errorBody(protocol, error))

/**
 * The JSON body of an answer with an error status.
 *
 * @example
 * ```ts
 * import { Reply, Wire } from "effect-redial/testing"
 *
 * const overloaded = Reply.status(529, { body: Wire.errorBody("anthropic-messages") })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const errorBody = (protocol: ProtocolId, error: VendorError = {}): object => writers[protocol].error(error)

/**
 * Any server-sent event. Data that is not a string is sent as JSON.
 *
 * @example
 * ```ts
 * import { Wire } from "effect-redial/testing"
 *
 * const unknown = Wire.event({ type: "brand_new" }, "brand_new")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const event: (data: unknown, name?: string) => string = Event.event

/**
 * The heartbeat that Anthropic sends.
 *
 * @example
 * ```ts
 * import { Reply, Wire } from "effect-redial/testing"
 *
 * const answer = Reply.stream([Wire.ping, ...Wire.answer("anthropic-messages", { text: "Hello there" })])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const ping: string = Anthropic.PING

/**
 * A comment, which some vendors send as a heartbeat.
 *
 * @example
 * ```ts
 * import { Reply, Wire } from "effect-redial/testing"
 *
 * const events = Wire.answer("chat-completions", { text: "Hello there" })
 * const answer = Reply.stream([Wire.comment("processing"), ...events])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const comment = (text: string): string => Event.comment(text)
