/**
 * A plan as bytes: what the server answers to an attempt.
 */
import type { Protocol } from "effect-redial"
import { Reply, Wire } from "effect-redial/testing"
import { type Ask, asked, obedient, saidIn } from "../../support/asked.js"
import type { Fault, Kind, Plan } from "./plan.js"

/** How many events stand before the one that proves the end. */
const unproven = (protocol: Protocol.ProtocolId, events: ReadonlyArray<string>): number =>
  // In Chat Completions the finish reason is the proof; usage and [DONE] follow it.
  events.length - (protocol === "chat-completions" ? 3 : 1)

const statuses: Partial<Record<Kind, readonly [status: number, type: string]>> = {
  status400: [400, "invalid_request_error"],
  status429: [429, "rate_limit_error"],
  status500: [500, "api_error"],
  status503: [503, "overloaded_error"],
  status529: [529, "overloaded_error"]
}

/**
 * The answer to an attempt, counted from 1. To a request that asks for the rest of an answer of which it has the beginning, the
 * model gives the rest as it is asked to.
 */
export const replyTo = (plan: Plan, attempt: number, request: unknown): Reply.Reply => {
  const { every, eventsPerChunk, protocol } = plan
  const said = saidIn(request)
  const begun = said === "" ? undefined : plan.meant.find(({ text }) => text.startsWith(said))
  if (said !== "" && begun === undefined) throw new Error(`the request has words that the model never said: ${said}`)
  const meant =
    begun === undefined
      ? plan.meant[Math.min(attempt, plan.meant.length) - 1]!
      : { reasoning: "", text: obedient(askIn(request), begun.text.slice(said.length)), toolCalls: [] }
  const id = `answer_${plan.index}_${attempt}`
  const events = Wire.answer(protocol, {
    id,
    ...(meant.reasoning === "" ? {} : { reasoning: meant.reasoning }),
    text: meant.text,
    toolCalls: meant.toolCalls
  })
  const fault = plan.faults[attempt - 1]
  // A heartbeat inside an HTTP chunk would break the framing.
  const together = fault?.kind === "heartbeats" ? 1 : eventsPerChunk
  const pace = { eventsPerChunk: together, ...(every === 0 ? {} : { every }) }
  return fault === undefined ? Reply.stream(events, pace) : broken(plan, fault, events, pace)
}

const askIn = (request: unknown): Ask => {
  const ask = asked(request)
  if (ask === undefined) throw new Error("the request does not say how to go on")
  return ask
}

const broken = (
  { index, protocol }: Plan,
  { anyByte, at, kind, retryAfter, wait }: Fault,
  events: ReadonlyArray<string>,
  pace: Reply.StreamOptions
): Reply.Reply => {
  const proof = unproven(protocol, events)
  const afterEvents = Math.floor(at * (proof + 1))
  const bytes = Buffer.byteLength(events.slice(0, proof).join(""))
  const place = anyByte ? { afterBytes: Math.floor(at * (bytes + 1)) } : { afterEvents }
  const whole = Reply.stream(events, pace)
  const inserted = (from: number, ...more: ReadonlyArray<string>) =>
    Reply.stream([...events.slice(0, from), ...more, ...events.slice(from)], pace)
  /** The event stands there, and the answer goes on; or nothing follows, and the connection is never given back. */
  const bad = (event: string) =>
    anyByte
      ? inserted(afterEvents, event)
      : Reply.cut(inserted(afterEvents, event), { afterEvents: afterEvents + 1 }, "stall")
  const vendorError = { type: "overloaded_error", code: "overloaded_error" }
  switch (kind) {
    case "reset":
      return Reply.cut(whole, { ...place, wait }, "rst")
    case "close":
      return Reply.cut(whole, { ...place, wait }, "fin")
    case "resetBeforeHead":
      return Reply.closeBeforeHead("rst", wait)
    case "closeBeforeHead":
      return Reply.closeBeforeHead("fin", wait)
    case "truncation":
      return Reply.cut(whole, place, anyByte ? "close" : "clean")
    case "stall":
      return Reply.cut(whole, place, "stall")
    case "stallBeforeHead":
      return Reply.stallBeforeHead
    case "heartbeats":
      return Reply.cut(whole, { afterEvents }, { stallWith: anyByte ? "ping" : "comment", every: 40 })
    case "malformed":
      return bad('data: {"type": "content_block_del\n\n')
    case "splice": {
      // A protocol without a marker of the beginning knows a second answer by its id, once the first has content.
      const from = Math.max(4, afterEvents)
      return inserted(from, ...Wire.answer(protocol, { id: "another", text: `not of stream ${index}` }))
    }
    case "overloadInBand":
      return bad(Wire.error(protocol, vendorError))
    case "errorInBand":
      return bad(Wire.error(protocol, { type: "api_error", code: "server_error" }))
    case "pause":
      return Reply.hold(whole, { afterEvents }, wait * 5)
    case "drip":
      return Reply.stream(events, { bytesPerChunk: 40 + wait, every: 1 })
    case "secondAnswerAfterEnd":
      return Reply.stream([...events, ...Wire.answer(protocol, { id: "another", text: "too late" })], pace)
    case "resetAfterEnd":
      return Reply.cut(whole, { afterEvents: Number.POSITIVE_INFINITY, wait }, "rst")
    default: {
      // What is left are the statuses.
      const [status, type] = statuses[kind]!
      const headers: Record<string, string> = retryAfter === 0 ? {} : { "retry-after-ms": String(retryAfter) }
      return Reply.status(status, { headers, body: Wire.errorBody(protocol, { type, code: type, message: "not now" }) })
    }
  }
}
