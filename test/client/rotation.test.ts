/**
 * The rules by which keys are used, as tables: what a failure does to a key, and what its request is to do. And as laws,
 * over random lives of a ring.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Rotation from "../../src/client/credentials/rotation.js"
import type { Fault } from "../../src/model/internal/fault.js"

const coolDown = { rateLimit: 60_000, quota: 3_600_000, refused: 300_000 }
const now = 1_000_000

type Slot = Rotation.Slot
const fixed: Slot = { renewable: false, version: 1, revoked: false, bench: undefined }
const renewable: Slot = { ...fixed, renewable: true, version: 3 }
const bench = (reason: Rotation.Reason, seconds: number) => ({ bench: { until: now + seconds * 1000, reason } })
const ring = (slots: ReadonlyArray<Slot>, rest: Partial<Rotation.Ring> = {}): Rotation.Ring => ({
  strategy: "first",
  turn: 0,
  slots,
  ...rest
})

const fault = (_tag: Exclude<Fault["_tag"], "ConnectionFailed" | "StreamStalled">, rest: Partial<Fault> = {}) =>
  ({ _tag, description: "it happened", ...rest }) as Fault
const unauthorized = fault("AuthenticationFailed")
const limitedFault = fault("RateLimited")
const broke = fault("QuotaExhausted")

interface Row {
  readonly what: string
  readonly slots: ReadonlyArray<Slot>
  readonly failure: Partial<Rotation.Failure> & { readonly fault: Fault }
  readonly advice: Rotation.Advice
  /** What becomes of the first key, beside what it was. */
  readonly first?: Partial<Slot>
}

const rows: ReadonlyArray<Row> = [
  // 401
  {
    what: "a 401 of a key that its source can renew asks the source",
    slots: [renewable, fixed],
    failure: { fault: unauthorized },
    advice: "Refresh"
  },
  {
    what: "a 401 that calls the key invalid revokes it before its source is asked",
    slots: [renewable, fixed],
    failure: { fault: fault("AuthenticationFailed", { code: "invalid_api_key" }) },
    advice: "Refresh",
    first: { revoked: true }
  },
  {
    what: "a 401 after a refresh in the same request rotates, and the key is benched for five minutes",
    slots: [renewable, fixed],
    failure: { fault: unauthorized, refreshed: true },
    advice: "Another",
    first: bench("refused", 300)
  },
  {
    what: "a 401 of a fixed key rotates at once",
    slots: [fixed, fixed],
    failure: { fault: unauthorized },
    advice: "Another",
    first: bench("refused", 300)
  },
  {
    what: "a 401 that calls the key invalid revokes it",
    slots: [fixed, fixed],
    failure: { fault: fault("AuthenticationFailed", { description: 'no: "invalid x-api-key"' }) },
    advice: "Another",
    first: { revoked: true }
  },
  {
    what: "a 401 whose code calls the key invalid revokes it",
    slots: [fixed, fixed],
    failure: { fault: fault("AuthenticationFailed", { code: "invalid_api_key" }) },
    advice: "Another",
    first: { revoked: true }
  },
  {
    what: "a revoked key whose source can give another is benched, until the source is asked again",
    slots: [renewable, fixed],
    failure: { fault: fault("AuthenticationFailed", { code: "token_expired" }), refreshed: true },
    advice: "Another",
    first: { ...bench("refused", 300), revoked: true }
  },
  {
    what: "a 401 of a version that is gone refreshes nothing and benches nothing",
    slots: [renewable, fixed],
    failure: { fault: unauthorized, version: 2 },
    advice: "Another"
  },
  {
    what: "a late 401 goes elsewhere where the key is benched by now",
    slots: [{ ...renewable, ...bench("quota", 9) }],
    failure: { fault: unauthorized, version: 2 },
    advice: "None"
  },
  {
    what: "a 401 of the only key is its error, and benches nothing",
    slots: [fixed],
    failure: { fault: unauthorized },
    advice: "None"
  },
  {
    what: "a 401 honours the provider's time",
    slots: [fixed, fixed],
    failure: { fault: fault("AuthenticationFailed", { retryAfterMillis: 7_000 }) },
    advice: "Another",
    first: bench("refused", 7)
  },
  {
    what: "a 429 that wants a wait of milliseconds leaves its key alone for a second",
    slots: [fixed, fixed],
    failure: { fault: fault("RateLimited", { retryAfterMillis: 6 }), limited: 2 },
    advice: "Another",
    first: bench("rate-limit", 1)
  },
  {
    what: "a 401 with all others benched says that there is none",
    slots: [fixed, { ...fixed, ...bench("quota", 60) }],
    failure: { fault: unauthorized },
    advice: "None",
    first: bench("refused", 300)
  },
  {
    what: "a 401 with another that returns soon from a rate limit goes on with that one",
    slots: [fixed, { ...fixed, ...bench("rate-limit", 20) }],
    failure: { fault: unauthorized },
    advice: "Another",
    first: bench("refused", 300)
  },
  {
    what: "but not where the request would not wait so long",
    slots: [fixed, { ...fixed, ...bench("rate-limit", 20) }],
    failure: { fault: unauthorized, maxWait: 10_000 },
    advice: "None",
    first: bench("refused", 300)
  },
  // 429
  {
    what: "the first 429 stays with its key",
    slots: [fixed, fixed],
    failure: { fault: limitedFault, limited: 1 },
    advice: "Same"
  },
  {
    what: "the second rotates, and benches the key for a minute",
    slots: [fixed, fixed],
    failure: { fault: limitedFault, limited: 2 },
    advice: "Another",
    first: bench("rate-limit", 60)
  },
  {
    what: "or until the time that the provider names",
    slots: [fixed, fixed],
    failure: { fault: fault("RateLimited", { retryAfterMillis: 12_000 }), limited: 2 },
    advice: "Another",
    first: bench("rate-limit", 12)
  },
  {
    what: "the first 429 rotates where the request would not wait so long",
    slots: [fixed, fixed],
    failure: { fault: fault("RateLimited", { retryAfterMillis: 600_000 }), limited: 1, maxWait: 300_000 },
    advice: "Another",
    first: bench("rate-limit", 600)
  },
  {
    what: "the first 429 rotates where it speaks of a quota",
    slots: [fixed, fixed],
    failure: { fault: fault("RateLimited", { description: "usage limit reached" }), limited: 1 },
    advice: "Another",
    first: bench("rate-limit", 60)
  },
  {
    what: "the first 429 rotates where others have benched the key meanwhile",
    slots: [{ ...fixed, ...bench("rate-limit", 5) }, fixed],
    failure: { fault: limitedFault, limited: 1 },
    advice: "Another",
    first: bench("rate-limit", 60)
  },
  {
    what: "a 429 of the only key is the schedule's, however often",
    slots: [fixed],
    failure: { fault: limitedFault, limited: 9 },
    advice: "Same"
  },
  {
    what: "a key beside lost ones is the only one",
    slots: [fixed, { ...fixed, revoked: true }],
    failure: { fault: limitedFault, limited: 9 },
    advice: "Same"
  },
  {
    what: "a 429 that an aggregator passes on rotates nothing",
    slots: [fixed, fixed],
    failure: { fault: fault("RateLimited", { description: "Provider returned error" }), limited: 9 },
    advice: "Same"
  },
  {
    what: "the second 429 with the others benched says that there is none",
    slots: [fixed, { ...fixed, ...bench("rate-limit", 5) }],
    failure: { fault: limitedFault, limited: 2 },
    advice: "None",
    first: bench("rate-limit", 60)
  },
  // 402 and quota
  {
    what: "an account without money rotates at once, for an hour",
    slots: [fixed, fixed],
    failure: { fault: broke },
    advice: "Another",
    first: bench("quota", 3600)
  },
  {
    what: "a longer bench is not shortened",
    slots: [{ ...fixed, ...bench("quota", 3600) }, fixed],
    failure: { fault: limitedFault, limited: 2 },
    advice: "Another"
  },
  { what: "the only key is not benched for money", slots: [fixed], failure: { fault: broke }, advice: "None" },
  // Everything else
  ...(
    [
      "Overloaded",
      "ServerError",
      "StreamDropped",
      "StreamTruncated",
      "MalformedStream",
      "PermissionDenied",
      "ModelNotFound",
      "InvalidRequest",
      "ContextOverflow",
      "ContentRefused"
    ] as const
  ).map(
    (tag): Row => ({
      what: `${tag} is no key's fault`,
      slots: [renewable, fixed],
      failure: { fault: fault(tag, { retryAfterMillis: 1e9 }), limited: 9 },
      advice: "Same"
    })
  )
]

const judge = (from: Rotation.Ring, failure: Row["failure"], at = now) =>
  Rotation.judge(
    from,
    {
      slot: 0,
      version: from.slots[failure.slot ?? 0]?.version ?? 0,
      limited: 0,
      refreshed: false,
      maxWait: 300_000,
      ...failure
    },
    at,
    coolDown
  )

describe("a failed attempt", () => {
  for (const { advice, failure, first, slots, what } of rows) {
    it(what, () => {
      const before = ring(slots)
      const [after, given] = judge(before, failure)
      assert.strictEqual(given, advice)
      assert.deepStrictEqual(after, ring(slots.map((slot, i) => (i === 0 ? { ...slot, ...first } : slot))))
    })
  }
})

describe("the next key", () => {
  const none = new Set<number>()
  const order = (from: Rotation.Ring, times: number, at = now) => {
    let current = from
    return Array.from({ length: times }, () => {
      const [after, index] = Rotation.choose(current, at, undefined, none)
      current = after
      return index
    })
  }

  it("is the first that works, and the first one again when its bench is over", () => {
    const slots = [{ ...fixed, ...bench("rate-limit", 60) }, fixed, fixed]
    assert.deepStrictEqual(order(ring(slots), 2), [1, 1])
    assert.deepStrictEqual(order(ring(slots), 2, now + 59_999), [1, 1])
    assert.deepStrictEqual(order(ring(slots), 2, now + 60_000), [0, 0])
  })

  it("goes round, past those that cannot serve", () => {
    const slots = [fixed, { ...fixed, revoked: true }, fixed, { ...fixed, ...bench("quota", 1) }]
    assert.deepStrictEqual(order(ring(slots, { strategy: "round-robin" }), 4), [0, 2, 0, 2])
    assert.deepStrictEqual(order(ring(slots, { strategy: "round-robin" }), 4, now + 1_000), [0, 2, 3, 0])
  })

  it("is the one that the request has, as long as it can serve", () => {
    const robin = ring([fixed, fixed], { strategy: "round-robin" })
    assert.deepStrictEqual(Rotation.choose(robin, now, 1, none), [robin, 1])
    const gone = ring([fixed, { ...fixed, ...bench("refused", 1) }])
    assert.strictEqual(Rotation.choose(gone, now, 1, none)[1], 0)
  })

  it("is no revoked one, unless its source can give another", () => {
    assert.strictEqual(Rotation.choose(ring([{ ...fixed, revoked: true }]), now, 0, none)[1], undefined)
    assert.strictEqual(Rotation.choose(ring([{ ...renewable, revoked: true }]), now, undefined, none)[1], 0)
  })

  it("is none that was tried in vain", () => {
    assert.strictEqual(Rotation.choose(ring([fixed, fixed]), now, 0, new Set([0]))[1], 1)
    assert.strictEqual(Rotation.choose(ring([fixed, fixed]), now, 0, new Set([0, 1]))[1], undefined)
  })

  it("comes back from a rate limit first, of those that come back", () => {
    const slots = [
      { ...fixed, ...bench("quota", 5) },
      { ...fixed, ...bench("rate-limit", 20) },
      { ...fixed, ...bench("rate-limit", 10) },
      { ...fixed, ...bench("refused", 1), revoked: true }
    ]
    assert.deepStrictEqual(Rotation.firstBack(ring(slots), now), { index: 2, ...bench("rate-limit", 10).bench })
    assert.strictEqual(Rotation.firstBack(ring(slots), now + 20_000), undefined)
  })
})

describe("a new key", () => {
  it("ends a refusal and not a limit of its account", () => {
    const slot = (reason: Rotation.Reason) => ({ ...renewable, revoked: true, ...bench(reason, 60) })
    for (const [reason, stays] of [
      ["refused", false],
      ["refresh", false],
      ["quota", true],
      ["rate-limit", true]
    ] as const) {
      const [after] = Rotation.renewed(ring([slot(reason)]), 0).slots
      assert.deepStrictEqual(after, {
        ...slot(reason),
        revoked: false,
        version: 4,
        ...(!stays && { bench: undefined })
      })
    }
  })
})

describe("over a random life", () => {
  type Step = {
    readonly slot: number
    readonly after: number
    readonly failure: Row["failure"]
    readonly stale: boolean
  }
  const faults = FastCheck.constantFrom(
    unauthorized,
    limitedFault,
    broke,
    fault("AuthenticationFailed", { code: "invalid_api_key" }),
    fault("RateLimited", { retryAfterMillis: 90_000 }),
    fault("Overloaded"),
    fault("StreamDropped")
  )
  const steps: FastCheck.Arbitrary<ReadonlyArray<Step>> = FastCheck.array(
    FastCheck.record({
      slot: FastCheck.nat(3),
      after: FastCheck.nat(120_000),
      stale: FastCheck.boolean(),
      failure: FastCheck.record({
        fault: faults,
        limited: FastCheck.integer({ min: 1, max: 3 }),
        refreshed: FastCheck.boolean()
      })
    }),
    { maxLength: 40 }
  )
  const slots = FastCheck.array(FastCheck.boolean(), { minLength: 1, maxLength: 4 })

  it("another key is promised only where one will serve, and a revoked one never serves again", () => {
    FastCheck.assert(
      FastCheck.property(slots, steps, (kinds, life) => {
        let current = ring(kinds.map((isRenewable) => (isRenewable ? renewable : fixed)))
        let at = now
        const revoked = new Set<number>()
        for (const { after, failure, slot: any, stale } of life) {
          at += after
          const slot = any % kinds.length
          const before = current.slots[slot]
          assert(before !== undefined)
          const version = before.version - (stale && before.version > 1 ? 1 : 0)
          const [judged, advice] = judge(current, { ...failure, slot, version }, at)
          const changed = judged.slots[slot]
          assert(changed !== undefined)
          // Only the key that failed is touched, and its version by nothing but its source.
          assert.deepStrictEqual(
            judged.slots.filter((_, i) => i !== slot),
            current.slots.filter((_, i) => i !== slot)
          )
          assert.strictEqual(changed.version, before.version)
          if (version !== before.version && failure.fault._tag === "AuthenticationFailed") {
            assert.deepStrictEqual(judged, current)
          }
          if (advice === "Same") assert.deepStrictEqual(judged, current)
          if (advice === "Refresh") assert.deepStrictEqual({ ...changed, revoked: before.revoked }, before)
          if (advice === "Another") {
            const [, next] = Rotation.choose(judged, at, slot, new Set())
            const back = Rotation.firstBack(judged, at)
            assert(next !== undefined || (back?.reason === "rate-limit" && back.until - at <= 300_000))
            if (next === slot) assert.notStrictEqual(version, changed.version, "the key that failed is not another one")
          }
          if (changed.revoked && !changed.renewable) revoked.add(slot)
          for (const lost of revoked) assert.isFalse(Rotation.usable(judged.slots[lost] ?? fixed, at + 1e9))
          // Whatever happened, somebody who is not revoked serves again one day.
          if (revoked.size < kinds.length) assert(judged.slots.some((each) => Rotation.usable(each, at + 3_600_001)))
          current = judged
        }
      }),
      { numRuns: 500 }
    )
  })
})
