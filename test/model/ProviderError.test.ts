/**
 * Every error, in every way in which it is shown: it says what happened, to whom and what to do, and no more.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Schema } from "effect"
import { GenerationId, ProviderError } from "effect-redial"
import type { Fault } from "../../src/model/internal/fault.js"
import { fromFault } from "../../src/model/internal/fromFault.js"

const cause = Object.assign(new TypeError("fetch failed", { cause: new Error("read ECONNRESET") }), {
  code: "ECONNRESET"
})
const common = {
  description: "something happened",
  status: 500,
  code: "some_code",
  retryAfterMillis: 7_000,
  requestId: "req_1",
  cause
}

const faults: ReadonlyArray<readonly [Fault, advice: RegExp]> = [
  [{ _tag: "ConnectionFailed", reason: "dns", ...common }, /Check the base URL/],
  [{ _tag: "ConnectionFailed", reason: "closed", ...common }, /inside the scope/],
  [{ _tag: "StreamDropped", ...common }, /ask again/],
  [{ _tag: "StreamTruncated", ...common }, /ask again/],
  [{ _tag: "StreamStalled", deadline: "idle", silent: true, ...common }, /`deadlines.idle`/],
  [{ _tag: "MalformedStream", ...common }, /Check that the base URL/],
  [{ _tag: "Overloaded", ...common }, /later/],
  [{ _tag: "RateLimited", ...common }, /fewer requests/],
  [{ _tag: "ServerError", ...common }, /request id/],
  [{ _tag: "AuthenticationFailed", ...common }, /API key/],
  [{ _tag: "PermissionDenied", ...common }, /rights/],
  [{ _tag: "QuotaExhausted", ...common }, /Top up/],
  [{ _tag: "ModelNotFound", ...common }, /name/],
  [{ _tag: "InvalidRequest", field: "prompt", ...common }, /Change the request/],
  [{ _tag: "ContextOverflow", ...common }, /Shorten/],
  [{ _tag: "ContentRefused", ...common }, /Change the content/],
  [{ _tag: "SeamNotProven", ...common }, /Keep what was delivered/],
  [{ _tag: "CircuitOpen", probeAt: 1_800_000_000_000, ...common }, /another provider/],
  [{ _tag: "LimitReached", limit: "concurrency", ...common }, /raise the limit/]
]

const huge = "x".repeat(1_000_000)
const generation = GenerationId.GenerationId.make("vendor#1.2")

const partial = {
  delivered: "text",
  text: huge,
  blocks: [{ type: "provider", name: "odd", open: false, value: { deep: { deeper: { deepest: [huge] } } } }]
} as const

const attempts = Array.from({ length: 30 }, (_, i) => ({
  attempt: i + 1,
  generation,
  startedAt: 1,
  endedAt: 2,
  delivered: "text" as const,
  headers: { server: "nginx" },
  error: { tag: "StreamDropped", description: "the connection was closed", message: "all of it" },
  discarded: { delivered: "text" as const, text: huge, blocks: [] }
}))

const make = (fault: Fault) =>
  fromFault(fault, {
    provider: "vendor",
    protocol: "anthropic-messages",
    model: "model-1",
    attempt: 30,
    generation,
    delivered: "text",
    partial,
    attempts,
    checkpoint: { ...partial, attempts, seams: [{ attempt: 2, route: "ask", offset: 40, anchor: huge }] }
  })

describe("every error", () => {
  it("is in this table", () => {
    const tags = new Set(faults.map(([{ _tag }]) => _tag))
    const { ast } = ProviderError.ProviderError
    assert(ast._tag === "Union")
    assert.strictEqual(tags.size, ast.types.length)
  })

  for (const [fault, advice] of faults) {
    const error = make(fault)
    const facts = ["vendor", "anthropic-messages", "model-1", "something happened", "req_1", "attempt 30", "vendor#1.2"]
    const ways = {
      "String(error)": String(error),
      "JSON.stringify(error)": JSON.stringify(error),
      "inspect(error)": inspect(error),
      "inspect(error), all of it": inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
      "inspect of an object that has it": inspect({ error }, { depth: 5 }),
      "a message in a log": JSON.stringify({ error })
    }
    for (const [way, text] of Object.entries(ways)) {
      it(`${fault._tag} is readable and bounded as ${way}`, () => {
        assert.include(text, fault._tag)
        for (const fact of facts) assert.include(text, fact)
        assert.match(text, advice)
        assert.notInclude(text, "[object Object]")
        assert.notMatch(text, /^\s+at .*[:(]\d+/m)
        assert.isBelow(text.length, 10_000)
      })
    }

    it(`${fault._tag} tells its cause, and is stored whole by its schema`, () => {
      const json = JSON.parse(JSON.stringify(error))
      assert.deepStrictEqual(json.cause, ["TypeError: fetch failed (ECONNRESET)", "Error: read ECONNRESET"])
      assert.strictEqual(json.attempts.length, 10)
      assert.strictEqual(json.attempts.at(-1).attempt, 30)
      assert.deepStrictEqual(json.partial, { delivered: "text", characters: huge.length, blocks: 1 })
      assert.notProperty(json, "checkpoint")
      const stored = JSON.parse(JSON.stringify(Schema.encodeSync(ProviderError.ProviderError)(error)))
      const back = Schema.decodeUnknownSync(ProviderError.ProviderError)(stored)
      assert.strictEqual(back.partial?.text, huge)
      assert.deepStrictEqual(back.checkpoint, error.checkpoint)
      assert.strictEqual(back.message, error.message)
      assert.strictEqual(String(back), String(error))
    })
  }

  for (const [{ _tag }] of faults) {
    it(`${_tag} is made with as much as a test cares for`, () => {
      // A union of so many constructors is more than the compiler can represent.
      const Class = ProviderError[_tag] as new (props?: object) => ProviderError.ProviderError
      const error = new Class()
      assert.strictEqual(error._tag, _tag)
      assert.isTrue(ProviderError.isProviderError(error))
      const { attempt, attempts, delivered, model, protocol, provider } = error
      assert.deepStrictEqual(
        { attempt, attempts, delivered, model, protocol, provider },
        { attempt: 0, attempts: [], delivered: "nothing", model: "unknown", protocol: "none", provider: "unknown" }
      )
      assert.match(error.message, /^unknown: [a-z].*[^.] \(model unknown\)\. [A-Z].*\.$/)
      const stored = Schema.encodeSync(ProviderError.ProviderError)(error)
      assert.deepStrictEqual(Schema.decodeSync(ProviderError.ProviderError)(stored).message, error.message)
      const named = new Class({ provider: "vendor", description: "it broke", status: 418 })
      assert.match(named.message, /^vendor: it broke \(model unknown, status 418\)/)
    })
  }

  it("is not made with what is none of its fields' values", () => {
    assert.throws(() => new ProviderError.StreamStalled({ deadline: "lunch" as never }), /lunch/)
    assert.throws(() => new ProviderError.RateLimited({ attempt: "1" as never }), /"1"/)
  })

  it("shows no delivered text, whatever field it may be in one day", () => {
    const delivered = "what the model wrote"
    const partial = {
      delivered: "text",
      text: delivered,
      blocks: [{ type: "text", text: delivered, open: true }]
    } as const
    const context = {
      provider: "vendor",
      protocol: "anthropic-messages",
      model: "model-1",
      attempt: 1,
      delivered: "text",
      partial,
      checkpoint: { ...partial, attempts: [], seams: [] },
      attempts: [{ attempt: 1, startedAt: 1, endedAt: 2, delivered: "text", discarded: partial }]
    } as const
    const error = fromFault({ _tag: "StreamDropped", description: "the connection was closed" }, context)
    const exit = Exit.fail(error)
    const pretty = Cause.pretty(Cause.fail(error))
    for (const text of [
      String(error),
      `${error.stack}`,
      pretty,
      ...[error, exit].flatMap((u) => [JSON.stringify(u), inspect(u, { depth: 20, showHidden: true })])
    ]) {
      assert.include(text, "the connection was closed")
      assert.notInclude(text, delivered)
    }
  })

  it("is bounded also where a server wrote it", () => {
    const error = make({ _tag: "ServerError", description: huge, code: huge, requestId: huge })
    assert.isBelow(String(error).length, 3_000)
    assert.isBelow(JSON.stringify(error).length, 12_000)
  })

  it.effect("is caught by its tag, and shown in a cause", () =>
    Effect.gen(function* () {
      const error = make({ _tag: "Overloaded", description: "busy" })
      const caught = yield* Effect.fail(error).pipe(
        Effect.catchTag("Overloaded", ({ provider }) => Effect.succeed(provider))
      )
      assert.strictEqual(caught, "vendor")
      assert.include(Cause.pretty(Cause.fail(error)), "vendor over anthropic-messages: busy")
    })
  )
})
