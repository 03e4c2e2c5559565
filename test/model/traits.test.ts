/**
 * What follows from each kind of error, against a table that is written by hand: which errors are worth a second attempt,
 * and which make the connection suspect.
 */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { ProviderError } from "effect-redial"

type Tag = ProviderError.ProviderError["_tag"]

/** An error as a store gives it back. */
const error = (tag: Tag, own: Readonly<Record<string, unknown>> = {}): ProviderError.ProviderError =>
  Schema.decodeUnknownSync(ProviderError.ProviderError)({
    _tag: tag,
    provider: "vendor",
    protocol: "anthropic-messages",
    model: "m",
    attempt: 1,
    delivered: "nothing",
    attempts: [],
    description: "it went wrong",
    ...own
  })

type Row = readonly [retryable: boolean, transport: boolean]

/** Of a tag whose fields do not matter here. */
const plain = {
  StreamDropped: [true, true],
  StreamTruncated: [true, true],
  MalformedStream: [true, true],
  Overloaded: [true, false],
  RateLimited: [true, false],
  ServerError: [true, false],
  AuthenticationFailed: [false, false],
  PermissionDenied: [false, false],
  QuotaExhausted: [false, false],
  ModelNotFound: [false, false],
  InvalidRequest: [false, false],
  ContextOverflow: [false, false],
  ContentRefused: [false, false],
  SeamNotProven: [false, false],
  CircuitOpen: [false, false],
  LimitReached: [false, false]
} as const satisfies Readonly<Record<Exclude<Tag, "ConnectionFailed" | "StreamStalled">, Row>>

/** A closed scope stays closed, and what a client is made of does not appear by itself. */
const connectionFailed: Readonly<Record<ProviderError.ConnectionFailed["reason"], Row>> = {
  refused: [true, true],
  dns: [true, true],
  tls: [true, true],
  proxy: [true, true],
  timeout: [true, true],
  reset: [true, true],
  other: [true, true],
  closed: [false, false],
  client: [false, false]
}

/** Time that is spent does not come back; and a server that gives signs of life has a working connection. */
const streamStalled: Readonly<
  Record<ProviderError.StreamStalled["deadline"], { readonly silent: Row; readonly alive: Row }>
> = {
  firstEvent: { silent: [true, true], alive: [true, false] },
  idle: { silent: [true, true], alive: [true, false] },
  stuck: { silent: [true, false], alive: [true, false] },
  reasoning: { silent: [false, false], alive: [false, false] },
  total: { silent: [false, false], alive: [false, false] }
}

const holds = (made: ProviderError.ProviderError, [retryable, transport]: Row): void => {
  assert.isTrue(ProviderError.isProviderError(made))
  assert.deepStrictEqual([ProviderError.isRetryable(made), ProviderError.isTransport(made)], [retryable, transport])
}

const keys = <K extends string>(table: Readonly<Record<K, unknown>>): ReadonlyArray<K> =>
  // The keys of an object that is written out are those of its type.
  Object.keys(table) as Array<K>

describe("what follows from an error", () => {
  for (const tag of keys(plain)) it(tag, () => holds(error(tag), plain[tag]))

  for (const reason of keys(connectionFailed)) {
    it(`ConnectionFailed, ${reason}`, () => holds(error("ConnectionFailed", { reason }), connectionFailed[reason]))
  }

  for (const deadline of keys(streamStalled)) {
    it(`StreamStalled, ${deadline}`, () => {
      holds(error("StreamStalled", { deadline, silent: true }), streamStalled[deadline].silent)
      holds(error("StreamStalled", { deadline, silent: false }), streamStalled[deadline].alive)
    })
  }

  it("is said of every class that there is", () => {
    const classes = Object.keys(ProviderError).filter((name) => /^[A-Z]/.test(name) && name !== "ProviderError")
    assert.sameMembers(classes, [...keys(plain), "ConnectionFailed", "StreamStalled"])
  })

  it("does not depend on what else the provider said", () => {
    for (const status of [400, 401, 429, 500, 503]) {
      holds(error("ServerError", { status, retryAfterMillis: 1e12 }), plain.ServerError)
      holds(error("InvalidRequest", { status, field: "model" }), plain.InvalidRequest)
    }
  })
})
