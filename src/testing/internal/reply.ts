/**
 * The answers that a `FaultServer` gives: whole ones, broken ones, and any other as a list of steps.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import { dual } from "effect/Function"
import * as Predicate from "effect/Predicate"
import { type Data, toBytes } from "./data.js"
import * as Ending from "./ending.js"
import type { Gate, Wait } from "./gate.js"
import { body, head, heartbeat, wait } from "./pieces.js"
import * as Step from "./step.js"

/**
 * One answer to one request: steps that the server does in order. When they are through and none of them closed the
 * connection, the connection is ready for the next request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reply {
  readonly steps: ReadonlyArray<Step.Step>
}

export type { Data } from "./data.js"
export type { Ending, Heartbeat } from "./ending.js"
export { body, head, heartbeat, raw, wait } from "./pieces.js"
export type { Body, Head, Position, Step } from "./step.js"

/**
 * A reply from steps of your own.
 *
 * @example
 * ```ts
 * import { Reply } from "effect-redial/testing"
 *
 * const nonsense = Reply.make(Reply.raw("NOT HTTP\r\n\r\n"), { _tag: "Fin" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (...steps: ReadonlyArray<Step.Step>): Reply => ({ steps })

/**
 * How a stream of server-sent events is written.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions {
  /** Default: 200. */
  readonly status?: number | undefined
  /** Added to, or in place of, the usual headers of an event stream. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How the body's end is marked: chunked, by the end of the connection, or by a content-length, which may lie. */
  readonly framing?: "chunked" | "close" | { readonly contentLength: number } | undefined
  /** How many events share one write and one HTTP chunk. Default: 1. */
  readonly eventsPerChunk?: number | undefined
  /** Cuts the body into writes of so many bytes, wherever events and characters end. */
  readonly bytesPerChunk?: number | undefined
  /** The time between two writes. Default: none, each write follows when the one before it is out. */
  readonly every?: Duration.DurationInput | undefined
}

const streamHeaders = (framing: StreamOptions["framing"]): Readonly<Record<string, string>> => {
  const common = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" }
  if (framing === undefined || framing === "chunked") return { ...common, "transfer-encoding": "chunked" }
  if (framing === "close") return { ...common, connection: "close" }
  return { ...common, "content-length": String(framing.contentLength) }
}

const cutsOf = (whole: Step.Body, options: StreamOptions): ReadonlyArray<number> => {
  const size = options.bytesPerChunk
  if (size !== undefined) {
    return Array.from({ length: Math.ceil(whole.bytes.length / size) }, (_, i) => (i + 1) * size)
  }
  const count = options.eventsPerChunk ?? 1
  const ends = whole.eventEnds.filter((_, i) => (i + 1) % count === 0)
  return ends.at(-1) === whole.bytes.length ? ends : [...ends, whole.bytes.length]
}

/**
 * A stream of server-sent events that ends well. The last event and the end of the body go out in one write, so that
 * the connection can be used again at once.
 *
 * @example
 * ```ts
 * import { Reply, Wire } from "effect-redial/testing"
 *
 * const answer = Reply.stream(Wire.answer("anthropic-messages", { text: "Hello there" }), { every: "5 millis" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const stream = (events: ReadonlyArray<Data>, options: StreamOptions = {}): Reply => {
  const parts = events.map(toBytes)
  let length = 0
  const eventEnds = parts.map((part) => {
    length += part.length
    return length
  })
  const bytes = new Uint8Array(length)
  for (const [i, part] of parts.entries()) bytes.set(part, (eventEnds[i] ?? 0) - part.length)
  const whole: Step.Body = { _tag: "Body", bytes, eventEnds, announced: length }
  const steps: Array<Step.Step> = [
    head(options.status ?? 200, { ...streamHeaders(options.framing), ...options.headers })
  ]
  let from = 0
  for (const to of length === 0 ? [] : cutsOf(whole, options)) {
    if (from > 0 && options.every !== undefined) steps.push(wait(options.every))
    steps.push(Step.slice(whole, from, to))
    from = to
  }
  return { steps: [...steps, { _tag: "End" }] }
}

/**
 * A stream of newline-delimited JSON that ends well: each value on a line of its own. A string is sent as it is.
 *
 * @example
 * ```ts
 * import { Reply } from "effect-redial/testing"
 *
 * const lines = [{ message: { content: "Hello" }, done: false }, { done: true }]
 * const dropped = Reply.cut(Reply.jsonLines(lines), { afterEvents: 1 }, "rst")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const jsonLines = (values: ReadonlyArray<string | object>, options: StreamOptions = {}): Reply =>
  stream(
    values.map((value) => `${typeof value === "string" ? value : JSON.stringify(value)}\n`),
    { ...options, headers: { "content-type": "application/x-ndjson", ...options.headers } }
  )

/**
 * An answer that is not a stream. An object is sent as JSON.
 *
 * @example
 * ```ts
 * import { Reply, Wire } from "effect-redial/testing"
 *
 * const busy = Reply.status(429, {
 *   headers: { "retry-after": "1" },
 *   body: Wire.errorBody("chat-completions", { message: "Slow down" })
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const status = (
  code: number,
  options: {
    /** Names in lower case. */
    readonly headers?: Readonly<Record<string, string>> | undefined
    readonly body?: Data | object | undefined
  } = {}
): Reply => {
  const given = options.body ?? ""
  const isData = typeof given === "string" || given instanceof Uint8Array
  const content = body(isData ? given : JSON.stringify(given))
  const headers = {
    "content-type": isData ? "text/plain; charset=utf-8" : "application/json",
    "content-length": String(content.bytes.length),
    ...options.headers
  }
  return make(head(code, headers), ...(content.bytes.length === 0 ? [] : [content]), { _tag: "End" })
}

/**
 * The request is taken, and nothing ever comes.
 *
 * @example
 * ```ts
 * import { FaultServer, Reply } from "effect-redial/testing"
 *
 * const halfOpen = FaultServer.make((request) =>
 *   request.indexOnConnection > 1 ? Reply.stallBeforeHead : Reply.status(200)
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const stallBeforeHead: Reply = make({ _tag: "Stall" })

/**
 * The request is taken, and the connection closed or reset without an answer.
 *
 * @example
 * ```ts
 * import { Reply } from "effect-redial/testing"
 *
 * const reset = Reply.closeBeforeHead("rst", "10 millis")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const closeBeforeHead = (how: "fin" | "rst", after?: Wait): Reply =>
  make(...(after === undefined ? [] : [wait(after)]), ...Ending.steps(how))

/**
 * Where a reply is cut.
 *
 * @since 0.1.0
 * @category models
 */
export type CutPosition = Step.Position & {
  /** A pause or a gate before it breaks. Default: none. */
  readonly wait?: Wait | undefined
}

/** Combinators have optional arguments: the reply is told apart by what it is. */
const isReplyFirst = ([first]: IArguments): boolean => Predicate.hasProperty(first, "steps")

/**
 * Keeps a reply up to a position of its body, and breaks it there; `wait` is a pause or a gate before it breaks. A cut
 * inside an HTTP chunk leaves the chunk announced in full, unless the ending is `clean` or `close`: these end a chunked
 * body well, however little of it came.
 *
 * @example
 * ```ts
 * import { Reply, Wire } from "effect-redial/testing"
 *
 * const answer = Reply.stream(Wire.answer("chat-completions", { text: "Hello there" }))
 *
 * const reset = Reply.cut(answer, { afterEvents: 2 }, "rst")
 * const truncated = Reply.cut(answer, { afterBytes: 300 }, "clean")
 * const silent = Reply.cut(answer, { afterEvents: 2 }, { stallWith: "comment", every: 100 })
 * const late = Reply.cut(answer, { afterEvents: Infinity, wait: "40 millis" }, "rst")
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const cut: {
  (at: CutPosition, how: Ending.Ending): (self: Reply) => Reply
  (self: Reply, at: CutPosition, how: Ending.Ending): Reply
} = dual(3, (self: Reply, at: CutPosition, how: Ending.Ending): Reply => {
  const { before, inside } = Step.split(self.steps, at)
  const last = before.at(-1)
  const kept =
    inside === undefined || how === "clean" || how === "close" || last?._tag !== "Body"
      ? before
      : [...before.slice(0, -1), { ...last, announced: inside.announced }]
  return make(...kept, ...(at.wait === undefined ? [] : [wait(at.wait)]), ...Ending.steps(how))
})

/**
 * Holds a reply at a position of its body, silent or with heartbeats, and goes on when the gate opens or the time is
 * over.
 *
 * @example
 * ```ts
 * import { FaultServer, Reply, Wire } from "effect-redial/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const gate = yield* FaultServer.gate()
 *   const answer = Reply.stream(Wire.answer("anthropic-messages", { text: "Hello there" }))
 *   const server = yield* FaultServer.make(() => Reply.hold(answer, { afterEvents: 4 }, gate))
 *   // start a request to server.url, then
 *   yield* gate.reached
 *   yield* gate.open
 * })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const hold: {
  (at: Step.Position, wait: Wait): (self: Reply) => Reply
  (at: Step.Position, gate: Gate, heartbeats: Ending.Heartbeat): (self: Reply) => Reply
  (self: Reply, at: Step.Position, wait: Wait): Reply
  (self: Reply, at: Step.Position, gate: Gate, heartbeats: Ending.Heartbeat): Reply
} = dual(isReplyFirst, (self: Reply, at: Step.Position, until: Wait, heartbeats?: Ending.Heartbeat): Reply => {
  const { after, before } = Step.split(self.steps, at)
  // The overloads let heartbeats come with a gate only.
  const pause = heartbeats === undefined ? wait(until) : heartbeat(heartbeats, until as Gate)
  return make(...before, pause, ...after)
})

/**
 * Closes or resets the connection some time after the reply has ended, while it lies idle.
 *
 * @example
 * ```ts
 * import { Reply, Wire } from "effect-redial/testing"
 *
 * const answer = Reply.stream(Wire.answer("anthropic-messages", { text: "Hello there" }))
 * const gone = Reply.thenClose(answer, "rst", "30 millis")
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const thenClose: {
  (how: "fin" | "rst", after?: Wait): (self: Reply) => Reply
  (self: Reply, how: "fin" | "rst", after?: Wait): Reply
} = dual(
  isReplyFirst,
  (self: Reply, how: "fin" | "rst", after?: Wait): Reply =>
    make(...self.steps, ...(after === undefined ? [] : [wait(after)]), ...Ending.steps(how))
)
