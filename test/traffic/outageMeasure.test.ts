/**
 * The judge of the outage laboratory itself: what it must notice, and what it must leave alone.
 */
import { assert, describe, it } from "@effect/vitest"
import { holds } from "../harness/outage/holds.js"
import type { Outcome } from "../harness/outage/load.js"
import { type Run, rowOf } from "../harness/outage/measure.js"
import type { Served } from "../harness/outage/world.js"

const words = (vendor: string) => [0, 1, 2, 3].map((n) => `${vendor}/0.1.${n} and then `)
const text = words("alpha").join("")

const outcome = (at: number, over: Partial<Outcome> = {}): Outcome => ({
  request: 0,
  askedAt: at,
  firstAt: at + 50,
  endedAt: at + 100,
  failed: undefined,
  text,
  attempts: [],
  ...over
})

const served = (at: number, over: Partial<Served> = {}): Served => ({
  vendor: "alpha",
  at,
  request: 0,
  status: 200,
  text,
  written: text.length,
  tokens: 100 + Math.ceil(text.length / 4),
  ...over
})

const run = (over: Partial<Run>): Run => ({
  scenario: "dies",
  policy: "defaults",
  outcomes: [outcome(0)],
  books: [served(0)],
  spell: { vendor: "alpha", from: 1_000, until: 2_000, trouble: { _tag: "dead" } },
  quota: undefined,
  hasOther: true,
  pause: 0,
  circuit: [],
  ...over
})

const shown = (text: string, over: Partial<Outcome> = {}) => rowOf(run({ outcomes: [outcome(0, { text, ...over })] }))

const broken = (runs: ReadonlyArray<Run>) => holds(runs).flatMap(({ isKept, what }) => (isKept === true ? [] : [what]))

describe("the judge of outages", () => {
  it("finds nothing wrong with what a vendor wrote, and with the beginning of it where the answer broke", () => {
    assert.deepInclude(shown(text), { lost: 0, duplicated: 0, tokensPaidTwice: 0 })
    assert.deepInclude(shown(text.slice(0, 30), { failed: "StreamDropped" }), { lost: 0, duplicated: 0 })
    assert.deepInclude(shown("", { failed: "ConnectionFailed" }), { lost: 0, duplicated: 0 })
  })

  it("counts what is missing, what is there twice, and what nobody wrote", () => {
    const [first = "", second = "", ...rest] = words("alpha")
    assert.deepInclude(shown([first, ...rest].join("")), { lost: second.length, duplicated: 0 })
    assert.deepInclude(shown([first, second, second, ...rest].join("")), { lost: 0, duplicated: second.length })
    const foreign = words("beta").join("")
    assert.deepInclude(shown(text + foreign), { lost: 0, duplicated: foreign.length })
    assert.strictEqual(broken([run({ outcomes: [outcome(0, { text: first })] })]).length, 1)
  })

  it("counts a prompt and a text that were paid twice", () => {
    const { tokensPaidTwice } = rowOf(run({ books: [served(0, { written: 20, tokens: 105 }), served(1)] }))
    assert.strictEqual(tokensPaidTwice, 105)
  })

  it("counts failover to the first success elsewhere after the last failure, and recovery to the first one back", () => {
    const beta = words("beta").join("")
    const row = rowOf(
      run({
        outcomes: [
          outcome(1_000, { text: "", failed: "ConnectionFailed" }),
          outcome(1_050, { text: beta }),
          outcome(1_200, { text: "", failed: "ConnectionFailed" }),
          outcome(1_250, { text: beta }),
          outcome(2_300)
        ]
      })
    )
    assert.deepInclude(row, { failoverMillis: 350, recoveryMillis: 400 })
  })

  it("notices a retry of every request, and a window with one request too many", () => {
    const dead = [1_000, 1_100].map((at, request) => outcome(at, { request, text: "", failed: "ConnectionFailed" }))
    const reset = [0, 1, 0, 1].map((request, i) =>
      served(1_000 + i, { request, status: "reset", written: 0, tokens: 0 })
    )
    assert.lengthOf(broken([run({ outcomes: dead, books: reset })]), 1)
    assert.lengthOf(broken([run({ outcomes: dead, books: reset.slice(0, 2) })]), 0)

    const fleet = { scenario: "redis", policy: "redis-limits", quota: { requests: 2, window: 100 } }
    assert.lengthOf(broken([run({ ...fleet, books: [0, 40, 100].map((at) => served(at)) })]), 0)
    assert.lengthOf(broken([run({ ...fleet, books: [0, 40, 99].map((at) => served(at)) })]), 1)
  })

  it("does not judge times on a machine that was too busy", () => {
    const [judged] = holds([run({ policy: "fallback+breaker", pause: 1_000 })]).filter(({ isKept }) => isKept !== true)
    assert.strictEqual(judged?.isKept, "unknown")
  })
})
