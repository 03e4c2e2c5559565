/**
 * Asks again where an answer is late to begin: one slow request in a hundred then costs the time of the next one, and not
 * its own.
 *
 * A hedge is a provider made of providers. It sends a call to the first of them. If no event comes within a time that it
 * learns from the calls before, it sends the same call a second time: to the next provider, or to the same one again over
 * another connection. The first that speaks wins: its answer is the answer, with all that its own provider does for it. The
 * other one is stopped, and its connection closed.
 *
 * - What a stopped request cost is not known. It is among the `attempts` of the response, with the tag `Abandoned`, without
 *   usage, and with the number 0. Vendors may charge for it: they have read its prompt
 * - Each call that is sent in addition takes a token of a retry budget, so that a vendor that is slow is not asked twice by
 *   everybody
 * - A call that fails before its first event, while another one is on its way, leaves the answer to that one. Where all
 *   fail, the error is that of the first. One that fails while no other is on its way ends the call: its provider has its
 *   own retries, and for another provider there is `Fallback`
 * - A call that goes on `from` a checkpoint is not hedged: what a server kept of its answer would be asked for twice
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { InvalidOptions } from "../client/InvalidOptions.js"
import { checkTimes } from "../client/internal/checkTime.js"
import { isFilled } from "../retry/internal/filled.js"
import * as RetryBudget from "../retry/RetryBudget.js"
import { Latencies } from "./internal/hedge/latencies.js"
import { type Member as Asked, serviceOf } from "./internal/hedge/service.js"
import { isWatchable, watchable } from "./internal/watch.js"
import * as Provider from "./Provider.js"

/**
 * A provider, and the name of the model there where it has another one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Member {
  readonly provider: Provider.Service
  /** Default: the model of the request. */
  readonly model?: string | undefined
}

/**
 * A time that is learned from the first events of the last 500 to 1,000 calls.
 *
 * @since 0.1.0
 * @category models
 */
export interface Percentile {
  /** The share of calls that need no second one, between 0 and 1. */
  readonly percentile: number
  /** The time where too few calls were made. Default: 10 seconds. */
  readonly otherwise?: Duration.DurationInput | undefined
  /** How many calls are enough. Default: 20. */
  readonly atLeast?: number | undefined
}

/**
 * What may be set for a hedge.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How late the first event is where the call is sent again. Default: `{ percentile: 0.95 }`. */
  readonly after?: Duration.DurationInput | Percentile | undefined
  /** How often a call is sent in addition, each time after the same wait. Default: 1. */
  readonly most?: number | undefined
  /**
   * Makes the bucket that pays for what is sent in addition. Each answer of the hedge fills it, unless a provider has the same
   * budget, as with `Effect.succeed(budget)` for both: then that provider fills it alone. `false`: no bound. Default:
   * `RetryBudget.make()`, which allows a fifth of all calls, and a reserve of 10 in a minute.
   */
  readonly retryBudget?: Effect.Effect<RetryBudget.RetryBudget, InvalidOptions> | false | undefined
}

/**
 * Makes one provider of several. The first one is asked, and then the others in their order, beginning again after the last.
 * With one provider, it is asked twice: each request has a connection for itself as long as it runs, so the second one never
 * waits behind the first.
 *
 * As with a `Router`, the `credential` of a call passes to several providers if it is `Credentials` of known hosts.
 *
 * Fails with `InvalidOptions` where a number or a time cannot be one.
 *
 * @example
 * ```ts
 * import { Hedge, Provider, Vendors } from "effect-redial"
 * import { Effect, Redacted } from "effect"
 *
 * const hedged = Effect.gen(function* () {
 *   const claude = yield* Provider.make(Vendors.anthropic, { apiKey: Redacted.make("sk-ant-...") })
 *   const gpt = yield* Provider.make(Vendors.openai, { apiKey: Redacted.make("sk-...") })
 *   return yield* Hedge.make([claude, { provider: gpt, model: "gpt-5" }], { after: "3 seconds" })
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  members: Arr.NonEmptyReadonlyArray<Provider.Service | Member>,
  options: Options = {}
): Effect.Effect<Provider.Service, InvalidOptions> =>
  Effect.gen(function* () {
    const { after = { percentile: 0.95 }, most = 1 } = options
    const asked = members.map((member): Asked => ("provider" in member ? member : { provider: member }))
    if (asked.length === 0) return yield* invalid("members", "are none: give one provider at least")
    if (!(Number.isInteger(most) && most >= 1))
      return yield* invalid("most", `is ${most}: it must be a whole number from 1 on`)
    const latencies = new Latencies()
    const delay = yield* delayOf(after, latencies)
    const { retryBudget = RetryBudget.make() } = options
    const budget = retryBudget === false ? undefined : yield* retryBudget
    const hedging = {
      most,
      delay,
      may: budget?.spend() ?? Effect.succeed(true),
      took: (millis: number, now: number): void => {
        latencies.add(millis)
        if (budget !== undefined && !isFilled(budget)) budget.unsafeEarn(now)
      }
    }
    return asked.every(({ provider }) => isWatchable(provider))
      ? watchable((watch) => serviceOf(asked, hedging, watch))
      : serviceOf(asked, hedging)
  })

/** The wait before another call, in milliseconds. */
const delayOf = (
  after: Duration.DurationInput | Percentile,
  latencies: Latencies
): Effect.Effect<() => number, InvalidOptions> =>
  Effect.gen(function* () {
    if (!isPercentile(after)) {
      yield* checkTimes({ after }, invalid)
      const millis = Duration.toMillis(after)
      return () => millis
    }
    const { atLeast = 20, otherwise = "10 seconds", percentile } = after
    if (!(percentile > 0 && percentile < 1))
      return yield* invalid("after.percentile", `is ${percentile}: it must be a number between 0 and 1`)
    if (!(Number.isInteger(atLeast) && atLeast >= 1))
      return yield* invalid("after.atLeast", `is ${atLeast}: it must be a whole number from 1 on`)
    yield* checkTimes({ "after.otherwise": otherwise }, invalid)
    const millis = Duration.toMillis(otherwise)
    return () => latencies.percentile(percentile, atLeast) ?? millis
  })

const isPercentile = (after: Duration.DurationInput | Percentile): after is Percentile =>
  typeof after === "object" && "percentile" in after

const invalid = (option: string, problem: string): InvalidOptions =>
  new InvalidOptions({ module: "Hedge", option, problem })

/**
 * A `Provider` that hedges.
 *
 * @example
 * ```ts
 * import { Hedge, Provider, Vendors } from "effect-redial"
 * import { Effect, Redacted } from "effect"
 *
 * const minimax = Provider.make(Vendors.minimax, { apiKey: Redacted.make("...") })
 * const live = Hedge.layer(Effect.map(minimax, (provider) => [provider]))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <E, R>(
  members: Effect.Effect<Arr.NonEmptyReadonlyArray<Provider.Service | Member>, E, R>,
  options?: Options
): Layer.Layer<Provider.Provider, E | InvalidOptions, Exclude<R, Scope.Scope>> =>
  Layer.scoped(
    Provider.Provider,
    Effect.flatMap(members, (made) => make(made, options))
  )
