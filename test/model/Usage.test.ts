import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Option, pipe } from "effect"
import { Usage } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const price: Usage.Price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }
const million = 1_000_000

const costs = (usage: Usage.Usage, expected: number, at = price) => {
  const cost = Option.getOrThrow(Usage.cost(usage, at))
  assert(Math.abs(cost - expected) < 1e-12, `${cost}, and not ${expected}`)
}

describe("Usage", () => {
  it("adds and prices after its subject as in a pipe", () => {
    const usage: Usage.Usage = { inputTokens: 10, outputTokens: 5 }
    const more: Usage.Usage = { outputTokens: 7 }
    assert.deepStrictEqual(pipe(usage, Usage.add(more)), Usage.add(usage, more))
    assert.deepStrictEqual(pipe(usage, Usage.add(more), Usage.cost(price)), Usage.cost(Usage.add(usage, more), price))
  })
})

describe("Usage.cost", () => {
  it("prices input and output per million", () => {
    costs({ inputTokens: million, outputTokens: 0 }, 3)
    costs({ inputTokens: 0, outputTokens: million }, 15)
    costs({ inputTokens: 1_000, outputTokens: 200 }, 0.006)
  })

  it("prices the cached parts of the input apart, and not twice", () => {
    costs({ inputTokens: 10_000, cacheReadTokens: 8_000, cacheWriteTokens: 1_000, outputTokens: 0 }, 0.00915)
    costs({ inputTokens: million, cacheReadTokens: million, outputTokens: 0 }, 0.3)
  })

  it("prices what a cache keeps for an hour apart, where the vendor says how much that is", () => {
    const usage = {
      inputTokens: 1_000,
      cacheWriteTokens: 600,
      cacheWrite5mTokens: 200,
      cacheWrite1hTokens: 400,
      outputTokens: 0
    }
    costs(usage, (400 * 3 + 200 * 3.75 + 400 * 6) / million, { ...price, cacheWrite1h: 6 })
    assert.isTrue(Option.isNone(Usage.cost(usage, price)))
    costs({ ...usage, cacheWrite5mTokens: undefined, cacheWrite1hTokens: undefined }, (400 * 3 + 600 * 3.75) / million)
    // A part that is more than the whole is a provider's mistake.
    assert.isTrue(Option.isNone(Usage.cost({ ...usage, cacheWrite1hTokens: 601 }, { ...price, cacheWrite1h: 6 })))
  })

  it("prices reasoning as the output that it is a part of", () => {
    costs({ inputTokens: 0, outputTokens: million, reasoningTokens: 900_000 }, 15)
  })

  it("prices input of which no cached part was reported as input", () => {
    costs({ inputTokens: million, outputTokens: 0 }, 3, { input: 3, output: 15 })
  })

  it("is none where the price of what was used is missing, and only there", () => {
    const bare = { input: 3, output: 15 }
    assert(Option.isNone(Usage.cost({ inputTokens: 10, cacheReadTokens: 1, outputTokens: 1 }, bare)))
    assert(Option.isNone(Usage.cost({ inputTokens: 10, cacheWriteTokens: 1, outputTokens: 1 }, bare)))
    costs({ inputTokens: million, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }, 3, bare)
  })

  it("is none where the provider did not say, or said what cannot be", () => {
    assert(Option.isNone(Usage.cost(Usage.unknown, price)))
    assert(Option.isNone(Usage.cost({ inputTokens: 1 }, price)))
    assert(Option.isNone(Usage.cost({ outputTokens: 1 }, price)))
    assert(Option.isNone(Usage.cost({ inputTokens: 10, cacheReadTokens: 11, outputTokens: 1 }, price)))
  })

  it("is none where a number counts nothing", () => {
    const good = { inputTokens: 10, cacheReadTokens: 2, cacheWriteTokens: 3, outputTokens: 4 }
    assert(Option.isSome(Usage.cost(good, price)))
    for (const odd of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const field of Object.keys(good)) {
        assert(Option.isNone(Usage.cost({ ...good, [field]: odd }, price)), `${field}: ${odd}`)
      }
    }
    assert(Option.isNone(Usage.cost({ ...good, inputTokens: 10.5, outputTokens: 4.5 }, price)))
  })

  it("of a sum is the sum of the costs", () => {
    const tokens = fc.nat(million)
    const usage = fc
      .record({ fresh: tokens, cacheReadTokens: tokens, cacheWriteTokens: tokens, outputTokens: tokens })
      .map(({ fresh, ...rest }) => ({ ...rest, inputTokens: fresh + rest.cacheReadTokens + rest.cacheWriteTokens }))
    fc.assert(
      fc.property(usage, usage, (a, b) => {
        const sum = Option.getOrThrow(Usage.cost(a, price)) + Option.getOrThrow(Usage.cost(b, price))
        const together = Option.getOrThrow(Usage.cost(Usage.add(a, b), price))
        return Math.abs(sum - together) < 1e-9
      })
    )
  })

  it.scoped("of an Anthropic answer counts what came from the cache once, though the vendor counts it apart", () =>
    Effect.gen(function* () {
      const usage = { inputTokens: 10_000, cacheReadTokens: 8_000, cacheWriteTokens: 1_000, outputTokens: 100 }
      const { provider } = yield* ScriptedProvider.make([ScriptedProvider.answer({ text: "Hello.", usage })])
      const response = yield* provider.generate({ model: "m", prompt: "Hello?" })
      costs(response.usage, 0.01065)
    })
  )
})
