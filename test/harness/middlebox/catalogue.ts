/**
 * What stands between a client and a server, what it does to the first request, and what must come of it. A second
 * attempt always meets a healthy way.
 */
import { Effect, type Scope } from "effect"
import { Reply } from "effect-redial/testing"
import type { Material, Tag } from "../faults/catalogue.js"
import { type Box, destroy, haproxy, type Need, nginx } from "./boxes.js"

export interface Case {
  readonly name: string
  readonly need: Need
  /** Stands before the server's port, and tells its own. */
  readonly box: (upstream: number) => Effect.Effect<Box, never, Scope.Scope>
  /** What the server does with the first request. Default: it answers. */
  readonly reply?: (material: Material) => Reply.Reply
  /** Done once the consumer has half of the text, or, for a stalled head, once the server has the request. */
  readonly act?: { readonly at: "text" | "request"; readonly run: (box: Box) => Effect.Effect<unknown> }
  /** Done between a first good request and the one that counts. */
  readonly between?: (box: Box) => Effect.Effect<unknown>
  /** Where the server is not there at all. */
  readonly dead?: true
  /** Asked for by the client. */
  readonly encoding?: "gzip"
  /** Without retry: `ok` is the whole answer; else the tag of the error. */
  readonly expect: "ok" | Tag
  /** With retry, where it does not heal. Default: it does. */
  readonly retried?: Tag
}

const midText = (how: Parameters<typeof Reply.cut>[2]) => (m: Material) =>
  Reply.cut(m.answer, { afterEvents: m.midText, wait: 20 }, how)
const slowly = (m: Material) => Reply.stream(m.events, { every: 15 })
const stalled = () => Reply.stallBeforeHead

const first = "if { sc0_inc_gpc0 eq 1 }"
const plain = "proxy_buffering off;"
const impatient = "proxy_buffering off; proxy_read_timeout 400ms;"

/** The kernel alone: nothing stands in between. */
const direct = (port: number): Effect.Effect<Box> =>
  Effect.succeed({ port, kill: Effect.void, cut: Effect.void, encodings: Effect.succeed("") })

export const cases: ReadonlyArray<Case> = [
  { name: "nginx", need: "nginx", box: (up) => nginx(up, plain), reply: slowly, expect: "ok" },
  {
    name: "nginx_buffering",
    need: "nginx",
    box: (up) => nginx(up, "proxy_buffering on;"),
    reply: slowly,
    expect: "ok"
  },
  {
    name: "nginx_gzip",
    need: "nginx",
    box: (up) => nginx(up, `${plain} gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;`),
    reply: slowly,
    encoding: "gzip",
    expect: "ok"
  },
  {
    name: "nginx_gzip_cut",
    need: "nginx",
    box: (up) => nginx(up, `${plain} gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;`),
    reply: midText("rst"),
    encoding: "gzip",
    expect: "StreamDropped"
  },
  {
    name: "nginx_read_timeout_mid_text",
    need: "nginx",
    box: (up) => nginx(up, impatient),
    reply: midText("stall"),
    expect: "StreamDropped"
  },
  {
    name: "nginx_buffering_read_timeout",
    need: "nginx",
    box: (up) => nginx(up, "proxy_buffering on; proxy_read_timeout 400ms;"),
    reply: midText("stall"),
    expect: "StreamDropped"
  },
  {
    name: "nginx_read_timeout_before_head",
    need: "nginx",
    box: (up) => nginx(up, impatient),
    reply: stalled,
    expect: "ServerError"
  },
  {
    name: "nginx_upstream_dead",
    need: "nginx",
    box: (up) => nginx(up, plain),
    dead: true,
    expect: "ServerError",
    retried: "ServerError"
  },
  {
    name: "nginx_upstream_reset",
    need: "nginx",
    box: (up) => nginx(up, plain),
    reply: midText("rst"),
    expect: "StreamDropped"
  },
  {
    name: "nginx_upstream_reset_before_head",
    need: "nginx",
    box: (up) => nginx(up, plain),
    reply: () => Reply.closeBeforeHead("rst"),
    expect: "ServerError"
  },
  {
    name: "nginx_upstream_truncates",
    need: "nginx",
    box: (up) => nginx(up, plain),
    reply: midText("clean"),
    expect: "StreamTruncated"
  },
  {
    name: "nginx_body_too_large",
    need: "nginx",
    box: (up) => nginx(up, `${plain} client_max_body_size 10;`),
    expect: "InvalidRequest",
    retried: "InvalidRequest"
  },
  {
    name: "nginx_rate_limit",
    need: "nginx",
    box: (up) => nginx(up, `${plain} limit_req zone=once; limit_req_status 429;`),
    between: () => Effect.void,
    expect: "RateLimited",
    retried: "RateLimited"
  },
  {
    name: "nginx_dies",
    need: "nginx",
    box: (up) => nginx(up, plain),
    reply: midText("stall"),
    act: { at: "text", run: ({ kill }) => kill },
    expect: "StreamDropped",
    retried: "ConnectionFailed"
  },
  {
    name: "nginx_closes_idle",
    need: "nginx",
    box: (up) => nginx(up, `${plain} keepalive_timeout 100ms;`),
    between: () => Effect.sleep("600 millis"),
    expect: "ok"
  },
  { name: "haproxy", need: "haproxy", box: (up) => haproxy(up, {}), reply: slowly, expect: "ok" },
  {
    name: "haproxy_sessions_shut_down",
    need: "haproxy",
    box: (up) => haproxy(up, {}),
    reply: midText("stall"),
    act: { at: "text", run: ({ cut }) => cut },
    expect: "StreamDropped"
  },
  {
    name: "haproxy_silent_drop",
    need: "haproxy",
    box: (up) => haproxy(up, { rules: `http-request silent-drop ${first}` }),
    expect: "StreamStalled"
  },
  {
    name: "haproxy_429",
    need: "haproxy",
    box: (up) =>
      haproxy(up, {
        rules: `http-request return status 429 hdr retry-after 1 content-type text/plain string "slow down" ${first}`
      }),
    expect: "RateLimited"
  },
  {
    name: "haproxy_deny_503",
    need: "haproxy",
    box: (up) => haproxy(up, { rules: `http-request deny deny_status 503 ${first}` }),
    expect: "Overloaded"
  },
  {
    name: "haproxy_reject",
    need: "haproxy",
    box: (up) => haproxy(up, { rules: `http-request reject ${first}` }),
    expect: "ConnectionFailed"
  },
  {
    name: "haproxy_server_timeout_mid_text",
    need: "haproxy",
    box: (up) => haproxy(up, { server: "400ms" }),
    reply: midText("stall"),
    expect: "StreamDropped"
  },
  {
    name: "haproxy_server_timeout_before_head",
    need: "haproxy",
    box: (up) => haproxy(up, { server: "400ms" }),
    reply: stalled,
    expect: "ServerError"
  },
  {
    name: "haproxy_server_dead",
    need: "haproxy",
    box: (up) => haproxy(up, {}),
    dead: true,
    expect: "Overloaded",
    retried: "Overloaded"
  },
  {
    name: "haproxy_dies",
    need: "haproxy",
    box: (up) => haproxy(up, {}),
    reply: midText("stall"),
    act: { at: "text", run: ({ kill }) => kill },
    expect: "StreamDropped",
    retried: "ConnectionFailed"
  },
  {
    name: "kernel_resets_client",
    need: "ss",
    box: direct,
    reply: midText("stall"),
    act: { at: "text", run: ({ port }) => destroy("dport", port) },
    expect: "StreamDropped"
  },
  {
    name: "kernel_resets_server",
    need: "ss",
    box: direct,
    reply: midText("stall"),
    act: { at: "text", run: ({ port }) => destroy("sport", port) },
    expect: "StreamDropped"
  },
  {
    name: "kernel_resets_before_head",
    need: "ss",
    box: direct,
    reply: stalled,
    act: { at: "request", run: ({ port }) => destroy("sport", port) },
    expect: "ConnectionFailed"
  },
  {
    name: "kernel_resets_idle",
    need: "ss",
    box: direct,
    between: ({ port }) => Effect.zipRight(destroy("sport", port), Effect.sleep("200 millis")),
    expect: "ok"
  }
]
