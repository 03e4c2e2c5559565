/**
 * Makes one provider of several, which are asked in order. If one fails and another one can help, the next one
 * continues what the consumer has seen.
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
 * The next provider is asked:
 *
 * - always after an outage, an overload, a rate limit, an exhausted quota, a refused key, an unknown model, an open
 *   circuit or a limit of this program. The provider's own retries come first
 * - if no event came within `firstEvent`. The slow request is interrupted
 * - only if `also` lists the error, after refused content or a conversation that is too long for the model
 * - never for a bad request. If a later provider cannot send the request, for example because it uses another vendor's
 *   tools, the provider after it is asked
 *
 * The `delivery` of the call decides what happens to output that the consumer has already seen: see docs/guarantees.md.
 * The response has the attempts of all providers, and `ModelResponse.usageByProvider` the usage of each. If all
 * providers fail, the error is that of the last one, with all attempts. If the last providers only failed to continue
 * the answer (`SeamNotProven`), it is the error of the provider before them. If their circuits are open, it is the
 * `CircuitOpen` whose probe is due first. Nothing may have been sent then: a member without a breaker is always asked,
 * and `coolDown` already spares it.
 *
 * Later requests skip a provider that failed for a reason of its own, for the time of `coolDown`. Then one request at a
 * time probes it; after a minute without an answer, another one may probe too. Once it has answered, all requests use it
 * again. If all providers are cooling down, they are asked in order.
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
  /** Any provider, also a `Router`, another `Fallback`, or one of your own from `Provider.fromStream`. */
  readonly provider: Provider.Service
  /** The model to ask for at this provider. Default: the model of the request. */
  readonly model?: string | undefined
  /** Fields of the request to replace at this provider. `providerOptions` are replaced per protocol. Default: none. */
  readonly request?: Partial<Omit<ModelRequest.Options, "model" | "prompt" | "output" | "toolChoice">> | undefined
  /** The name in log lines. Default: the id of the provider. */
  readonly name?: string | undefined
}

/**
 * The providers, in the order in which they are asked.
 *
 * @since 0.1.0
 * @category models
 */
export type Plan = readonly [Candidate, ...ReadonlyArray<Candidate>]

/**
 * The options of `make` and `layer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How long to wait for the first event of a provider, including its retries, before it is interrupted and the next
   * one is asked. For the last provider of a plan, only its own deadlines apply. Default: the provider's own deadlines.
   */
  readonly firstEvent?: Duration.DurationInput | undefined
  /**
   * The longest `Retry-After` of a provider to wait for while another provider is left. It sets `limits.maxRetryAfter`
   * of the call if the caller sets none. Default: 2 seconds.
   */
  readonly patience?: Duration.DurationInput | undefined
  /**
   * How long to skip a provider that failed for a reason of its own; longer if the provider asks for that, up to ten
   * minutes. With zero, it is probed at once. Default: 30 seconds.
   */
  readonly coolDown?: Duration.DurationInput | undefined
  /** Errors of the request after which another provider is asked anyway. Default: none. */
  readonly also?: ReadonlyArray<"ContentRefused" | "ContextOverflow"> | undefined
  /** The id of the resulting provider, for errors and log lines. Default: `fallback`. */
  readonly id?: string | undefined
}

/**
 * Makes one provider from a plan. Its requests share what they learn about each provider, so make it once.
 *
 * A call's own `retry`, `limits` and `deadlines` apply at each provider. As with a `Router`, its `credential` is passed
 * on if it is a `Credentials` of known hosts.
 *
 * Fails with `InvalidOptions` if the plan is empty or a time is not a duration.
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
 * A `Provider` layer over a plan. Each provider keeps its own client, connections and policy.
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
