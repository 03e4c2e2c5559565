/**
 * The soak's providers with all that has a say before an attempt: two of them behind a fallback, each with a circuit breaker
 * and limits, and a witness who counts permits.
 */
import { Effect, type Scope } from "effect"
import { Admission, CircuitBreaker, Fallback, type InvalidOptions, Limits, type Provider } from "effect-redial"

/** Fewer than there are streams, so that some of them wait. */
const CONCURRENCY = 60

/** Counts for itself what was permitted and what was settled, and how often. */
class Witness {
  permitted = 0
  settled = 0
  /** Permits that were settled more than once. */
  twice = 0

  readonly admission: Admission.Admission = {
    admit: () =>
      Effect.sync(() => {
        this.permitted++
        let isSettled = false
        return {
          settle: () =>
            Effect.sync(() => {
              if (isSettled) this.twice++
              isSettled = true
              this.settled++
            })
        }
      })
  }
}

export class Traffic {
  private readonly witness = new Witness()
  private readonly limits: Array<Limits.Limits> = []
  private readonly breakers: Array<CircuitBreaker.CircuitBreaker> = []

  /** Two providers of a kind as one. */
  readonly make = (
    provider: (
      admission: Admission.Admission
    ) => Effect.Effect<Provider.Service, InvalidOptions.InvalidOptions, Scope.Scope>
  ): Effect.Effect<Provider.Service, InvalidOptions.InvalidOptions, Scope.Scope> =>
    Effect.gen(this, function* () {
      const first = yield* provider(yield* this.admission)
      const second = yield* provider(yield* this.admission)
      return yield* Fallback.make([{ provider: first }, { provider: second }], { coolDown: "200 millis" })
    })

  private readonly admission = Effect.gen(this, function* () {
    const breaker = yield* CircuitBreaker.make({ failures: 8, openFor: "100 millis", longest: "1 second" })
    const limits = yield* Limits.make({ concurrency: CONCURRENCY, requestsPerMinute: 100_000, adaptive: true })
    this.breakers.push(breaker)
    this.limits.push(limits)
    return Admission.all([breaker, limits, this.witness.admission])
  })

  /** Permits that nobody gave back, attempts that still wait, and probes that are not over. Something is wrong with each. */
  readonly outstanding: Effect.Effect<number> = Effect.gen(this, function* () {
    let count = Math.abs(this.witness.permitted - this.witness.settled) + this.witness.twice
    for (const { queued, running } of this.limits) count += (yield* queued) + (yield* running)
    for (const { state } of this.breakers) if ((yield* state)._tag === "HalfOpen") count++
    return count
  })

  get permitted(): number {
    return this.witness.permitted
  }
}
