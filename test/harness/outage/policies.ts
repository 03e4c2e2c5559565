/**
 * The policies of the laboratory: how a program can ask vendors, from nothing at all to every mechanism at once. Their times
 * are the library's defaults, a tenth of them, as the world's clock has it.
 */
import { Duration, Effect, Redacted, Schedule, type Scope, Stream } from "effect"
import {
  Admission,
  CircuitBreaker,
  Credentials,
  type Deadlines,
  Fallback,
  Hedge,
  type InvalidOptions,
  Limits,
  Provider,
  RetryBudget,
  StreamRetry,
  Vendors
} from "effect-redial"
import { RedisLimits } from "effect-redial/redis"
import type { Caller } from "./load.js"
import { keys, modelOf, protocolOf, type Quota, SCALE, type VendorId } from "./world.js"

/** What a policy is built of, and what the figures want to know of it. */
export interface Built extends Caller {
  /** What its circuit of alpha did, if it has one; grows while the run goes on. */
  readonly circuit: ReadonlyArray<CircuitBreaker.State>
}

/** Where a policy finds itself. */
export interface Surroundings {
  readonly addresses: Readonly<Record<VendorId, string>>
  readonly redisPort: number | undefined
  /** How many processes there are that have the same. */
  readonly processes: number
  /** What the vendors allow all of them together. */
  readonly quota: Quota | undefined
}

export type Build = (surroundings: Surroundings) => Effect.Effect<Built, InvalidOptions.InvalidOptions, Scope.Scope>

export interface Policy {
  readonly name: string
  /** Whether it has both vendors. */
  readonly hasOther: boolean
  readonly build: Build
}

/** What a scenario says to all of its policies. */
export interface Terms {
  readonly deadlines?: Deadlines.Options | undefined
  /** After how many milliseconds another provider is asked. Default: that is never too late. */
  readonly late?: number | undefined
  readonly breaker?: CircuitBreaker.Options | undefined
  /** With all three keys. */
  readonly keys?: boolean | undefined
}

/** A tenth of a default, in milliseconds. */
const tenth = (time: Duration.DurationInput): number => Duration.toMillis(time) / SCALE

const retryBudget = RetryBudget.make({ window: tenth("10 seconds"), refill: tenth("1 minute") })

type Settings = Provider.ServiceOptions<Scope.Scope>

const standard: Settings = {
  // Those of a short conversation. A busy machine is never taken for a dead server.
  deadlines: { firstEvent: tenth("3 minutes"), idle: tenth("2 minutes") },
  retry: StreamRetry.standard({ base: tenth("500 millis"), cap: tenth("8 seconds") }),
  retryBudget
}

const breakerOf = (options: CircuitBreaker.Options = {}) =>
  CircuitBreaker.make({
    window: tenth("30 seconds"),
    openFor: tenth("5 seconds"),
    longest: tenth("1 minute"),
    probeTimeout: tenth("1 minute"),
    ...options
  })

/** A breaker, and what it did. */
const watched = (options?: CircuitBreaker.Options) =>
  Effect.gen(function* () {
    const breaker = yield* breakerOf(options)
    const circuit: Array<CircuitBreaker.State> = []
    const watching = Stream.runForEach(breaker.changes, (state) => Effect.sync(() => circuit.push(state)))
    yield* Effect.forkScoped(watching)
    return { breaker, circuit }
  })

const fallbackOf = (alpha: Provider.Service, beta: Provider.Service, { late }: Terms) =>
  Fallback.make([{ provider: alpha }, { provider: beta, model: modelOf.beta }], {
    coolDown: tenth("30 seconds"),
    patience: tenth("2 seconds"),
    firstEvent: late
  })

/** What is sent in addition takes from the bucket that alpha fills. */
const hedging = (budget: RetryBudget.RetryBudget): Hedge.Options => ({
  after: { percentile: 0.95, otherwise: tenth("10 seconds") },
  retryBudget: Effect.succeed(budget)
})

const credentials = Credentials.make(
  [
    Credentials.fromKey(Redacted.make<string>(keys[0])),
    Credentials.fromKey(Redacted.make<string>(keys[1])),
    Credentials.fromKey(Redacted.make<string>(keys[2]))
  ],
  { strategy: "round-robin" }
)

const provider = (
  id: VendorId,
  { addresses }: Surroundings,
  terms: Terms,
  settings: Settings = {}
): Effect.Effect<Provider.Service, InvalidOptions.InvalidOptions, Scope.Scope> =>
  Effect.gen(function* () {
    const protocol = protocolOf[id]
    const baseUrl = protocol === "anthropic-messages" ? addresses[id] : `${addresses[id]}/v1`
    const apiKey = terms.keys === true ? yield* credentials : Redacted.make<string>(keys[0])
    return yield* Provider.make(Vendors.custom({ id, protocol, baseUrl }), {
      ...standard,
      ...(terms.deadlines && { deadlines: terms.deadlines }),
      ...settings,
      apiKey
    })
  })

/** A policy that asks alpha alone. */
const alone =
  (name: string, settings: Settings = {}) =>
  (terms: Terms = {}): Policy => ({
    name,
    hasOther: false,
    build: (surroundings) =>
      Effect.map(
        provider("alpha", surroundings, terms, settings),
        (provider): Built => ({ provider, model: modelOf.alpha, circuit: [] })
      )
  })

/** A policy that has both. */
const pair =
  (name: string, join: (surroundings: Surroundings, terms: Terms) => ReturnType<Build>) =>
  (terms: Terms = {}): Policy => ({ name, hasOther: true, build: (surroundings) => join(surroundings, terms) })

/** Neither a retry nor anything else. A caller with several keys gives each call one of them in turn. */
export const none = (terms: Terms = {}): Policy => {
  const policy = alone("none", { retry: Schedule.stop })({ ...terms, keys: false })
  if (terms.keys !== true) return policy
  const options = (request: number) => ({ credential: Redacted.make<string>(keys[request % keys.length] ?? keys[0]) })
  return {
    ...policy,
    build: (surroundings) => Effect.map(policy.build(surroundings), (built) => ({ ...built, options }))
  }
}

/** What everybody writes first, for comparison: each request retries by itself. */
export const unbudgeted = alone("no-budget", { retryBudget: false })

export const defaults = alone("defaults")

export const breaker = (terms: Terms = {}): Policy => ({
  name: "breaker",
  hasOther: false,
  build: (surroundings) =>
    Effect.gen(function* () {
      const { breaker, circuit } = yield* watched(terms.breaker)
      const admission = Effect.succeed(breaker)
      return { provider: yield* provider("alpha", surroundings, terms, { admission }), model: modelOf.alpha, circuit }
    })
})

/** Hedges at beta. */
export const hedge = pair("hedge", (surroundings, terms) =>
  Effect.gen(function* () {
    const budget = yield* retryBudget
    const alpha = yield* provider("alpha", surroundings, terms, { retryBudget: Effect.succeed(budget) })
    const beta = yield* provider("beta", surroundings, terms)
    const hedged = yield* Hedge.make([alpha, { provider: beta, model: modelOf.beta }], hedging(budget))
    return { provider: hedged, model: modelOf.alpha, circuit: [] }
  })
)

export const fallback = pair("fallback", (surroundings, terms) =>
  Effect.gen(function* () {
    const alpha = yield* provider("alpha", surroundings, terms)
    const beta = yield* provider("beta", surroundings, terms)
    return { provider: yield* fallbackOf(alpha, beta, terms), model: modelOf.alpha, circuit: [] }
  })
)

export const fallbackAndBreaker = pair("fallback+breaker", (surroundings, terms) =>
  Effect.gen(function* () {
    const { breaker, circuit } = yield* watched(terms.breaker)
    const alpha = yield* provider("alpha", surroundings, terms, { admission: Effect.succeed(breaker) })
    const beta = yield* provider("beta", surroundings, terms, { admission: breakerOf(terms.breaker) })
    return { provider: yield* fallbackOf(alpha, beta, terms), model: modelOf.alpha, circuit }
  })
)

/** What one process of a fleet may send: a part of the quota, or its share of what all of them count in Redis. */
const limitsOf = ({ processes, quota, redisPort }: Surroundings, isShared: boolean) => {
  const { requests, window } = quota ?? { requests: 1_000, window: tenth("1 minute") }
  const store = RedisLimits.make({
    redis: { host: "127.0.0.1", ...(redisPort !== undefined && { port: redisPort }) },
    key: "alpha",
    share: 1 / processes
  })
  return Limits.make({
    per: window,
    requestsPerMinute: isShared ? requests : Math.floor(requests / processes),
    maxWait: tenth("2 minutes"),
    ...(isShared && { store })
  })
}

const limited =
  (name: string, isShared: boolean) =>
  (terms: Terms = {}): Policy => ({
    name,
    hasOther: false,
    build: (surroundings) =>
      Effect.map(
        provider("alpha", surroundings, terms, { admission: limitsOf(surroundings, isShared) }),
        (provider): Built => ({ provider, model: modelOf.alpha, circuit: [] })
      )
  })

/** Each process of a fleet keeps to its part. */
export const limits = limited("limits", false)

/** The processes of a fleet count together. */
export const redisLimits = limited("redis-limits", true)

/** Everything at once: the hedge asks alpha again, so that its breaker counts what becomes of that. */
export const all = pair("all", (surroundings, terms) =>
  Effect.gen(function* () {
    const { breaker, circuit } = yield* watched(terms.breaker)
    const guarded = (breaker: CircuitBreaker.CircuitBreaker) =>
      Effect.map(Limits.make({ concurrency: 100 }), (limits) => Admission.all([breaker, limits]))
    const budget = yield* retryBudget
    const alpha = yield* provider("alpha", surroundings, terms, {
      admission: guarded(breaker),
      retryBudget: Effect.succeed(budget)
    })
    const beta = yield* provider("beta", surroundings, terms, {
      admission: Effect.flatMap(breakerOf(terms.breaker), guarded)
    })
    return {
      provider: yield* fallbackOf(yield* Hedge.make([alpha], hedging(budget)), beta, terms),
      model: modelOf.alpha,
      circuit
    }
  })
)
