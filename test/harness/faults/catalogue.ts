/**
 * The faults: what the server does to the first request, and what must come of it. A second attempt always meets a
 * healthy server.
 */
import { gzipSync } from "node:zlib"
import type { ProviderError } from "effect-redial"
import { Reply, Wire } from "effect-redial/testing"
import { protocols } from "../../support/protocols.js"
import { contradictions } from "./contradictions.js"
import type { Language, Spoken } from "./spoken.js"
import { understanding } from "./understanding.js"

export type Tag = ProviderError.ProviderError["_tag"]

/** What a fault is made from. */
export interface Material extends Language {
  readonly protocol: Spoken
  /** A whole answer, event by event. */
  readonly events: ReadonlyArray<string>
  readonly answer: Reply.Reply
  /** How many events come up to and with the third piece of text. */
  readonly midText: number
}

export interface Fault {
  readonly name: string
  /** What the first request meets. */
  readonly reply: (material: Material) => Reply.Reply
  /** Without retry: `ok` is the whole answer; else the tag of the error. */
  readonly expect: "ok" | Tag | ((protocol: Spoken) => "ok" | Tag)
  /** With retry: whether a second attempt heals it. Default: true. */
  readonly heals?: false
  /** Without retry, where nothing was shown (`hold`): `ok` if the vendor's last word settles it. Default: `expect`. */
  readonly held?: "ok"
  /** The protocols that have it. Default: all. */
  readonly protocols?: ReadonlyArray<Spoken>
  /** Whether it is seen in every delivery. Default: in that of `stream` alone. */
  readonly deliveries?: true
  /** What is around the server. Default: nothing. */
  readonly world?: "warm" | "refused" | "deaf" | "dying-proxy" | "private-ca" | "unknown-ca" | "client-certificate"
}

/** Those in which every event has to be one of the answer. */
const typeless: ReadonlyArray<Spoken> = ["chat-completions", "ollama-chat"]

const midText = (how: Parameters<typeof Reply.cut>[2], wait?: number) => (m: Material) =>
  Reply.cut(m.answer, { afterEvents: m.midText, ...(wait === undefined ? {} : { wait }) }, how)

const inserted = (event: string | ((m: Material) => string), at?: number) => (m: Material) =>
  m.stream([
    ...m.events.slice(0, at ?? m.midText),
    typeof event === "string" ? event : event(m),
    ...m.events.slice(at ?? m.midText)
  ])

const rewritten = (change: (text: string) => string) => (m: Material) => m.stream(m.events.map(change))

const failing =
  (code: number, body: (m: Material) => object | string, headers: Record<string, string> = {}) =>
  (m: Material) =>
    Reply.status(code, { body: body(m), headers })

const vendorError =
  (type: string, message = "as the vendor says it") =>
  (m: Material) =>
    m.errorBody({ type, code: type, message })

const overloaded = vendorError("overloaded_error")

/** The faults of the list that the official SDKs were measured with, in its order. */
const listed: ReadonlyArray<Fault> = [
  { name: "ok", reply: (m) => m.answer, expect: "ok" },
  { name: "rst_before_headers", reply: () => Reply.closeBeforeHead("rst", "10 millis"), expect: "ConnectionFailed" },
  { name: "fin_before_headers", reply: () => Reply.closeBeforeHead("fin", "10 millis"), expect: "ConnectionFailed" },
  {
    name: "rst_after_headers",
    reply: (m) => Reply.cut(m.answer, { afterEvents: 0, wait: 40 }, "rst"),
    expect: "StreamDropped"
  },
  { name: "rst_mid_text", reply: midText("rst", 40), expect: "StreamDropped" },
  { name: "rst_mid_text_same_tick", reply: midText("rst"), expect: "StreamDropped" },
  {
    name: "fin_mid_chunk",
    reply: (m) => Reply.cut(m.answer, { afterBytes: m.events.slice(0, m.midText).join("").length + 20 }, "fin"),
    expect: "StreamDropped"
  },
  { name: "fin_between_chunks", reply: midText("fin"), expect: "StreamDropped" },
  { name: "clean_no_terminal", reply: midText("clean"), expect: "StreamTruncated" },
  {
    name: "clean_finish_no_terminal",
    reply: (m) => m.stream(m.events.slice(0, -1)),
    // In Chat Completions the finish reason is itself the proof.
    expect: (protocol) => (protocol === "chat-completions" ? "ok" : "StreamTruncated")
  },
  {
    name: "clean_terminal_no_finish",
    protocols,
    reply: (m) => m.stream([...m.events.slice(0, -3), m.events.at(-1) ?? ""]),
    // response.completed proves the end by itself; message_stop and [DONE] do so with a reason.
    expect: (protocol) => (protocol === "responses" ? "ok" : "StreamTruncated")
  },
  {
    name: "close_delimited_truncated",
    reply: (m) => Reply.cut(m.stream(m.events, { framing: "close" }), { afterEvents: m.midText }, "fin"),
    expect: "StreamTruncated"
  },
  {
    name: "content_length_short",
    reply: (m) =>
      Reply.cut(m.stream(m.events, { framing: { contentLength: 100_000 } }), { afterEvents: m.midText }, "fin"),
    expect: "StreamDropped"
  },
  {
    name: "clean_end_mid_line",
    reply: (m) => Reply.cut(m.answer, { afterBytes: m.events.slice(0, m.midText).join("").length - 14 }, "clean"),
    expect: "StreamTruncated"
  },
  {
    name: "clean_end_no_blank_line",
    reply: (m) => Reply.cut(m.answer, { afterBytes: m.events.slice(0, m.midText).join("").length - 1 }, "clean"),
    expect: "StreamTruncated"
  },
  { name: "empty_200", reply: (m) => m.stream([]), expect: "StreamTruncated" },
  { name: "stall_before_headers", reply: () => Reply.stallBeforeHead, expect: "StreamStalled" },
  {
    name: "stall_after_headers",
    reply: (m) => Reply.cut(m.answer, { afterEvents: 0 }, "stall"),
    expect: "StreamStalled"
  },
  { name: "stall_mid_text", reply: midText("stall"), expect: "StreamStalled" },
  { name: "heartbeat_only", protocols, reply: midText({ stallWith: "ping", every: 40 }), expect: "StreamStalled" },
  { name: "comment_only", protocols, reply: midText({ stallWith: "comment", every: 40 }), expect: "StreamStalled" },
  {
    name: "heartbeats_ok",
    reply: (m) =>
      m.stream([
        ...(m.protocol === "ollama-chat" ? [] : [Wire.comment("keepalive"), Wire.ping]),
        ...m.events.flatMap((event) => [m.silence, event])
      ]),
    expect: "ok"
  },
  {
    name: "error_event",
    reply: (m) =>
      m.stream([...m.events.slice(0, m.midText), m.error({ type: "overloaded_error", code: "overloaded_error" })]),
    expect: "Overloaded"
  },
  { name: "malformed_json", reply: inserted((m) => m.raw('{"type": "content_block_del')), expect: "MalformedStream" },
  { name: "utf8_split", reply: (m) => m.stream(m.events, { bytesPerChunk: 1 }), expect: "ok" },
  { name: "crlf", reply: rewritten((event) => event.replaceAll("\n", "\r\n")), expect: "ok" },
  { name: "cr_only", protocols, reply: rewritten((event) => event.replaceAll("\n", "\r")), expect: "ok" },
  { name: "unnamed_event", protocols, reply: rewritten((event) => event.replace(/^event:.*\n/m, "")), expect: "ok" },
  {
    name: "unknown_event",
    reply: inserted((m) =>
      m.protocol === "ollama-chat"
        ? m.raw('{"brand_new":1}')
        : Wire.event({ type: "brand_new_event", n: 1 }, "brand_new_event")
    ),
    // Some have no types of events: what is not a chunk, or not a line of an answer, is not understood.
    expect: (protocol) => (typeless.includes(protocol) ? "MalformedStream" : "ok")
  },
  {
    name: "events_after_terminal",
    reply: (m) => m.stream([...m.events, m.events[m.midText - 1] ?? ""]),
    expect: "ok"
  },
  {
    name: "terminal_then_stall",
    reply: (m) => Reply.cut(m.answer, { afterEvents: Number.POSITIVE_INFINITY }, "stall"),
    expect: "ok"
  },
  {
    name: "terminal_then_rst",
    reply: (m) => Reply.cut(m.answer, { afterEvents: Number.POSITIVE_INFINITY, wait: 40 }, "rst"),
    expect: "ok"
  },
  { name: "http200_json_error", reply: failing(200, overloaded), expect: "Overloaded" },
  {
    name: "http200_html",
    reply: failing(200, () => "<html>welcome</html>", { "content-type": "text/html" }),
    expect: "MalformedStream"
  },
  {
    name: "failed_in_band",
    reply: (m) => m.stream([...m.events.slice(0, m.midText), m.error({ type: "api_error", code: "server_error" })]),
    expect: "ServerError"
  },
  {
    name: "status_429",
    reply: failing(429, vendorError("rate_limit_error"), { "retry-after": "1" }),
    expect: "RateLimited"
  },
  {
    name: "status_429_ms",
    reply: failing(429, vendorError("rate_limit_error"), { "retry-after-ms": "30" }),
    expect: "RateLimited"
  },
  { name: "status_529", reply: failing(529, overloaded), expect: "Overloaded" },
  { name: "status_503", reply: failing(503, () => "busy"), expect: "Overloaded" },
  {
    name: "status_502_html",
    reply: failing(502, () => "<html>Bad gateway</html>", { "content-type": "text/html" }),
    expect: "ServerError"
  },
  {
    name: "status_401",
    reply: failing(401, vendorError("authentication_error")),
    expect: "AuthenticationFailed",
    heals: false
  },
  {
    name: "status_400",
    reply: failing(400, vendorError("invalid_request_error")),
    expect: "InvalidRequest",
    heals: false
  },
  {
    name: "status_503_stall_body",
    reply: () => Reply.cut(Reply.status(503, { body: "x".repeat(100) }), { afterBytes: 5 }, "stall"),
    expect: "Overloaded"
  },
  { name: "poison_rst_on_reuse", world: "warm", reply: () => Reply.closeBeforeHead("rst"), expect: "ConnectionFailed" },
  { name: "poison_fin_on_reuse", world: "warm", reply: () => Reply.closeBeforeHead("fin"), expect: "ConnectionFailed" },
  { name: "poison_half_open", world: "warm", reply: () => Reply.stallBeforeHead, expect: "StreamStalled" },
  { name: "poison_idle_rst", world: "warm", reply: (m) => m.answer, expect: "ok" },
  { name: "connection_refused", world: "refused", reply: (m) => m.answer, expect: "ConnectionFailed", heals: false }
]

/** What the list leaves out. */
const added: ReadonlyArray<Fault> = [
  { name: "retry_lines", protocols, reply: inserted("retry: 5\n\n"), expect: "ok" },
  { name: "id_lines", protocols, reply: rewritten((event) => `id: 7\n${event}`), expect: "ok" },
  {
    name: "spliced_second_answer",
    reply: (m) =>
      m.stream([
        ...m.events.slice(0, m.midText),
        ...m.write({ text: "another answer", id: "another_id", model: "another" })
      ]),
    expect: "MalformedStream"
  },
  {
    name: "blank_lines_only",
    protocols: ["ollama-chat"],
    reply: (m) => {
      const { steps } = Reply.cut(m.answer, { afterEvents: m.midText }, "stall")
      const beat = { _tag: "Heartbeat", bytes: Buffer.from(m.silence), every: 40, until: undefined } as const
      return Reply.make(...steps.slice(0, -1), beat)
    },
    expect: "StreamStalled"
  },
  {
    name: "error_over_several_lines",
    protocols: ["ollama-chat"],
    reply: (m) => Reply.status(200, { body: JSON.stringify(overloaded(m), undefined, 2) }),
    expect: "Overloaded"
  },
  { name: "terminal_twice", reply: (m) => m.stream([...m.events, m.events.at(-1) ?? ""]), expect: "ok" },
  { name: "empty_events", protocols, reply: inserted("data:\n\nevent: x\n\n"), expect: "ok" },
  {
    name: "null_event",
    reply: inserted((m) => m.raw("null")),
    expect: (protocol) => (protocol === "ollama-chat" ? "MalformedStream" : "ok")
  },
  {
    name: "not_an_object",
    reply: inserted((m) => m.raw("[1, 2]")),
    expect: (protocol) => (typeless.includes(protocol) ? "MalformedStream" : "ok")
  },
  {
    name: "binary_noise",
    reply: inserted((m) => m.raw("\u0000\u0001\ufffd")),
    expect: "MalformedStream"
  },
  { name: "giant_line", reply: inserted((m) => m.raw(`"${"x".repeat(17 * 1024 * 1024)}"`)), expect: "MalformedStream" },
  {
    name: "giant_comment",
    protocols,
    reply: inserted(`:${"x".repeat(17 * 1024 * 1024)}\n\n`),
    expect: "MalformedStream"
  },
  { name: "slow_drip", reply: (m) => m.stream(m.events, { bytesPerChunk: 16, every: 2 }), expect: "ok" },
  { name: "one_write", reply: (m) => m.stream(m.events, { eventsPerChunk: 10_000 }), expect: "ok" },
  {
    name: "gzip",
    reply: (m) =>
      Reply.status(200, {
        headers: { "content-type": m.contentType, "content-encoding": "gzip" },
        body: gzipSync(m.events.join(""))
      }),
    expect: "ok"
  },
  {
    name: "gzip_cut",
    reply: (m) => {
      const body = gzipSync(m.events.join(""))
      return Reply.status(200, {
        headers: { "content-type": m.contentType, "content-encoding": "gzip" },
        body: body.subarray(0, body.length / 2)
      })
    },
    expect: "StreamTruncated"
  },
  {
    name: "gzip_that_is_not",
    reply: (m) => m.stream(m.events, { headers: { "content-encoding": "gzip" } }),
    expect: "MalformedStream"
  },
  {
    name: "opaque_encoding",
    reply: (m) => m.stream(m.events, { headers: { "content-encoding": "zstd" } }),
    expect: "MalformedStream"
  },
  ...["none", "utf-8", "rot13"].map((encoding) => ({
    name: `encoding_${encoding}`,
    reply: (m: Material) => m.stream(m.events, { headers: { "content-encoding": encoding } }),
    expect: "ok" as const
  })),
  {
    name: "encoding_list",
    reply: (m) =>
      Reply.status(200, {
        headers: { "content-type": m.contentType, "content-encoding": "gzip, identity" },
        body: gzipSync(m.events.join(""))
      }),
    expect: "ok"
  },
  {
    name: "error_as_events",
    reply: (m) =>
      Reply.status(200, {
        headers: { "content-type": m.contentType },
        body: JSON.stringify(overloaded(m))
      }),
    expect: "Overloaded"
  },
  {
    name: "page_as_events",
    reply: (m) =>
      Reply.status(200, {
        headers: { "content-type": m.contentType },
        body: "<html><title>Sign in</title></html>"
      }),
    expect: "MalformedStream"
  },
  {
    name: "no_last_blank_line",
    reply: (m) => Reply.cut(m.answer, { afterBytes: Buffer.byteLength(m.events.join("")) - 1 }, "clean"),
    expect: "ok"
  },
  {
    name: "no_last_line_end",
    reply: (m) => Reply.cut(m.answer, { afterBytes: Buffer.byteLength(m.events.join("")) - 2 }, "clean"),
    // A line has one line feed only, so this is a character of its JSON.
    expect: (protocol) => (protocol === "ollama-chat" ? "StreamTruncated" : "ok")
  },
  {
    name: "no_last_character",
    reply: (m) => Reply.cut(m.answer, { afterBytes: Buffer.byteLength(m.events.join("")) - 3 }, "clean"),
    // The finish reason came before.
    expect: (protocol) => (protocol === "chat-completions" ? "ok" : "StreamTruncated")
  },
  {
    name: "redirect_elsewhere",
    reply: failing(307, () => "", { location: "http://127.0.0.1:9/elsewhere" }),
    expect: "MalformedStream"
  },
  { name: "status_204", reply: () => Reply.make(Reply.head(204), { _tag: "End" }), expect: "StreamTruncated" },
  { name: "status_402", reply: failing(402, vendorError("billing_error")), expect: "QuotaExhausted", heals: false },
  {
    name: "status_403",
    reply: failing(403, vendorError("permission_error")),
    expect: "PermissionDenied",
    heals: false
  },
  { name: "status_404", reply: failing(404, vendorError("not_found_error")), expect: "ModelNotFound", heals: false },
  { name: "status_408", reply: failing(408, () => "timeout"), expect: "ServerError" },
  { name: "status_500", reply: failing(500, vendorError("api_error")), expect: "ServerError" },
  { name: "status_504", reply: failing(504, () => "gateway timeout"), expect: "ServerError" },
  {
    name: "context_overflow",
    reply: failing(400, vendorError("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
    expect: "ContextOverflow",
    heals: false
  },
  {
    name: "quota_as_429",
    reply: failing(429, vendorError("insufficient_quota", "You exceeded your current quota")),
    expect: "QuotaExhausted",
    heals: false
  },
  {
    name: "cut_at_age",
    reply: (m) => Reply.cut(m.stream(m.events, { every: 20 }), { afterEvents: m.midText }, "rst"),
    expect: "StreamDropped"
  },
  { name: "deaf_server", world: "deaf", reply: (m) => m.answer, expect: "StreamStalled", heals: false },
  { name: "proxy_dies", world: "dying-proxy", reply: (m) => m.answer, expect: "StreamDropped" },
  { name: "private_ca", world: "private-ca", reply: (m) => m.answer, expect: "ok" },
  { name: "unknown_ca", world: "unknown-ca", reply: (m) => m.answer, expect: "ConnectionFailed", heals: false },
  { name: "client_certificate", world: "client-certificate", reply: (m) => m.answer, expect: "ok" }
]

export const faults: ReadonlyArray<Fault> = [...listed, ...added, ...understanding, ...contradictions]
