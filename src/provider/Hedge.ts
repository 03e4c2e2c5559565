/**
 * Sends a call a second time if its answer is late to begin, and uses the answer that begins first. So a slow
 * call takes only as long as the wait and the second call.
 *
 * A hedge is a provider made from providers. It sends a call to the first of them. If no event comes within a time that
 * it learns from earlier calls, it sends the call again: to the next provider, or to the same one over another
 * connection. The first call with an event wins, and its own provider completes its answer. The other call is stopped,
 * and its connection closed.
 *
 * - The cost of a stopped call is not known. The response lists it in `attempts`, as `attempt` 0 with an error tagged
 *   `Abandoned` and without usage. The vendor may charge for it, because it has read the prompt
 * - Each additional call takes a token from a retry budget, so that not every call to a slow vendor is doubled
 * - If a call fails before its first event while another one runs, the other one answers. If all fail, the error is
 *   that of the first. A failure while no other call runs ends the request: the provider has its own retries, and a
 *   `Fallback` goes to other providers
 * - A call that continues `from` a checkpoint is not hedged, because the server's stored answer would be requested
 *   twice
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
 * A provider, and the name of the model at this provider if it differs.
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
 * A wait that is learned from the times to the first event of the last 500 to 1,000 calls.
 *
 * @since 0.1.0
 * @category models
 */
export interface Percentile {
  /** The share of calls that begin early enough to need no second call, between 0 and 1, such as 0.95. */
  readonly percentile: number
  /** The wait until `atLeast` calls were made. Default: 10 seconds. */
  readonly otherwise?: Duration.DurationInput | undefined
  /** How many calls are needed for a percentile. Default: 20. */
  readonly atLeast?: number | undefined
}

/**
 * The options of `make` and `layer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How long to wait for the first event before the call is sent again. Default: `{ percentile: 0.95 }`. */
  readonly after?: Duration.DurationInput | Percentile | undefined
  /** The most additional calls per request, each after the same wait. Default: 1. */
  readonly most?: number | undefined
  /**
   * Makes the bucket that pays for what is sent in addition. Each answer of the hedge fills it, unless a provider has the same
   * budget, as with `Effect.succeed(budget)` for both: then that provider fills it alone. `false`: no bound. Default:
   * `RetryBudget.make()`, which allows a fifth of all calls, and a reserve of 10 in a minute.
   */
  readonly retryBudget?: Effect.Effect<RetryBudget.RetryBudget, InvalidOptions> | false | undefined
}

/**
 * Makes one provider from several. The first one is asked, then the others in order, and after the last one the first
 * again. A single provider is asked twice. The second call never waits behind the first, because each has its own
 * connection while it runs.
 *
 * As with a `Router`, the `credential` of a call is passed to several providers if it is a `Credentials` of known
 * hosts.
 *
 * Fails with `InvalidOptions` if there is no provider, or a number or a time is out of range.
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
    if (asked.length === 0) return yield* invalid("members", "is empty: give at least one provider")
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

/** The wait before an additional call, in milliseconds. */
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
 * A `Provider` layer that hedges.
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
