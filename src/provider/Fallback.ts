/**
 * Several providers in order, as one: where one fails and another can help, the next one goes on with what the consumer has.
 *
 * @example
 * ```ts
 * import { Fallback, Provider, Vendors } from "effect-redial"
 * import { Effect, Redacted } from "effect"
 *
 * const plan = Effect.gen(function* () {
 *   const claude = yield* Provider.make(Vendors.anthropic, { apiKey: Redacted.make("sk-ant-...") })
 *   const gpt = yield* Provider.make(Vendors.openai, { apiKey: Redacted.make("sk-...") })
 *   return [{ provider: claude }, { provider: gpt, model: "gpt-5" }] as const
 * })
 *
 * const live = Fallback.layer(plan, { firstEvent: "20 seconds" })
 *
 * const answer = Provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
 *   Effect.provide(live)
 * )
 * ```
 *
 * When the next provider is asked:
 *
 * - at an outage, an overload, a rate limit, an exhausted quota, a refused key, an unknown model, an open circuit or a limit
 *   of this program: always. The provider's own retries come first
 * - where no event came in `firstEvent`: the slow request is interrupted
 * - where the content was refused, or the conversation is too long for the model: only if `also` says so
 * - for a bad request: never. A request that a later provider cannot be sent, such as one with another vendor's tools, is
 *   passed on to the one after it
 *
 * What becomes of what the consumer has already seen is for the `delivery` of the call: docs/guarantees.md. The response has
 * the attempts of all providers, and `ModelResponse.usageByProvider` says what each cost. Where all fail, the error is that
 * of the last one, with all attempts; where the last ones only could not go on (`SeamNotProven`), that of the one before.
 * Where the last ones were not asked because their circuits are open, it is the `CircuitOpen` whose probe is due first. Nobody
 * may have been asked then: a member without a breaker is always asked, and `coolDown` already spares it.
 *
 * A provider that failed for a reason of its own is skipped by later requests for a `coolDown`. Then one request at a time
 * tries it again, and all do once it was answered; after a minute without an answer, another one may try too. Where all are
 * cooling down, they are asked in order.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { InvalidOptions } from "../client/InvalidOptions.js"
import { checkTimes } from "../client/internal/checkTime.js"
import type * as ModelRequest from "../model/ModelRequest.js"
import type { ObjectRequest } from "./internal/callOptions.js"
import { Health } from "./internal/fallback/health.js"
import type { Member } from "./internal/fallback/plan.js"
import { serviceOf } from "./internal/fallback/service.js"
import * as Provider from "./Provider.js"

/**
 * One provider of a plan.
 *
 * @since 0.1.0
 * @category models
 */
export interface Candidate {
  /** Any provider: a `Router`, another `Fallback`, or one of your own by `Provider.fromStream`. */
  readonly provider: Provider.Service
  /** The model to ask for here. Default: that of the request. */
  readonly model?: string | undefined
  /** Fields of the request to replace here. `providerOptions` are replaced protocol by protocol. Default: none. */
  readonly request?: Partial<Omit<ModelRequest.Options, "model" | "prompt" | "output" | "toolChoice">> | undefined
  /** Named in the log. Default: the id of the provider. */
  readonly name?: string | undefined
}

/**
 * The providers in the order in which they are asked.
 *
 * @since 0.1.0
 * @category models
 */
export type Plan = readonly [Candidate, ...ReadonlyArray<Candidate>]

/**
 * What may be set for a fallback.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How long the first event of a provider is waited for, its retries included, before it is interrupted and the next one is
   * asked. The last one of a plan has as long as its own deadlines allow. Default: as long as those.
   */
  readonly firstEvent?: Duration.DurationInput | undefined
  /**
   * The longest wait that a provider may ask for (`Retry-After`) while another one is left: `limits.maxRetryAfter` of its
   * call, if the caller sets none. Default: 2 seconds.
   */
  readonly patience?: Duration.DurationInput | undefined
  /**
   * How long a provider that failed for a reason of its own is skipped, or longer where it asks for that, up to ten minutes.
   * Zero: it is probed at once. Default: 30 seconds.
   */
  readonly coolDown?: Duration.DurationInput | undefined
  /** Errors of the request for which another provider is to be asked all the same. Default: none. */
  readonly also?: ReadonlyArray<"ContentRefused" | "ContextOverflow"> | undefined
  /** The id of the provider that this makes, for errors and the log. Default: `fallback`. */
  readonly id?: string | undefined
}

/**
 * Makes one provider of a plan. Its requests share what they know of each provider, so make it once.
 *
 * A call's own `retry`, `limits` and `deadlines` hold at each provider. Its `credential` passes if it is `Credentials` of
 * known hosts, as with a `Router`.
 *
 * Fails with `InvalidOptions` where the plan is empty or a time is no time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plan: Plan, options: Options = {}): Effect.Effect<Provider.Service, InvalidOptions> =>
  Effect.gen(function* () {
    const { also = [], coolDown = "30 seconds", firstEvent, id = "fallback", patience = "2 seconds" } = options
    if (plan.length === 0) yield* invalid("plan", "is empty: give at least one provider")
    yield* checkTimes({ coolDown, patience }, invalid)
    yield* checkTimes({ firstEvent }, invalid, "more")
    return serviceOf({
      id,
      members: plan.map(memberOf),
      firstEvent: firstEvent === undefined ? undefined : Duration.toMillis(firstEvent),
      patience: Duration.toMillis(patience),
      coolDown: Duration.toMillis(coolDown),
      also
    })
  })

const invalid = (option: string, problem: string): InvalidOptions =>
  new InvalidOptions({ module: "Fallback", option, problem })

const memberOf = ({ model, name, provider, request: changed }: Candidate): Member => ({
  name: name ?? provider.id,
  service: provider,
  health: new Health(),
  requestOf: <R extends ObjectRequest>(request: R): R => {
    if (model === undefined && changed === undefined) return request
    const providerOptions = changed?.providerOptions && { ...request.providerOptions, ...changed.providerOptions }
    return {
      ...request,
      ...changed,
      ...(model !== undefined && { model }),
      ...(providerOptions !== undefined && { providerOptions })
    }
  }
})

/**
 * A `Provider` over a plan. Each provider keeps its own client, connections and policy.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <E, R>(
  plan: Effect.Effect<Plan, E, R>,
  options?: Options
): Layer.Layer<Provider.Provider, E | InvalidOptions, Exclude<R, Scope.Scope>> =>
  Layer.scoped(
    Provider.Provider,
    Effect.flatMap(plan, (made) => make(made, options))
  )
