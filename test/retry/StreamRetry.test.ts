/**
 * The schedule that renews, by itself: the retry loop steps it on every error.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, pipe, Schedule } from "effect"
import { ProviderError, Renewable, StreamRetry } from "effect-redial"

const ways = {
  "in a pipe": <A, E>(renewable: Renewable.Renewable<A, E>) =>
    pipe(Schedule.recurs(0), StreamRetry.reacquiring(renewable)),
  "by a call": <A, E>(renewable: Renewable.Renewable<A, E>) => StreamRetry.reacquiring(Schedule.recurs(0), renewable)
}

describe("StreamRetry.reacquiring", () => {
  for (const [way, reacquiring] of Object.entries(ways)) {
    it.scoped(`(${way}) renews what a transport error names, also where it is done, and nothing else`, () =>
      Effect.gen(function* () {
        const renewable = yield* Renewable.make(Effect.succeed("pool"))
        const { generation } = yield* renewable.lease
        const driver = yield* Schedule.driver(reacquiring(renewable))
        yield* Effect.ignore(driver.next(new ProviderError.RateLimited({ generation })))
        yield* Effect.ignore(driver.next(new ProviderError.StreamDropped()))
        assert.strictEqual((yield* renewable.stats).current, generation)
        yield* Effect.ignore(driver.next(new ProviderError.StreamDropped({ generation })))
        assert.notStrictEqual((yield* renewable.stats).current, generation)
      })
    )
  }
})
