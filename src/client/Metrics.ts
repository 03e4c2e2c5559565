/**
 * The metrics that this library updates, as values of Effect's `Metric`. They are updated whether or not anything reads
 * them. An exporter reads all of them at once, for example the one of `@effect/opentelemetry`; a program reads them
 * with `Metric.snapshot`.
 *
 * Names that begin with `gen_ai.` are those of the OpenTelemetry conventions for generative AI, in the last published
 * version of `@opentelemetry/semantic-conventions` (1.45). The others begin with `effect_redial.`.
 *
 * Labels have few values: the provider, its protocol, the model, the tag of an error, a route, an outcome. After 100
 * models of one provider, further ones are labelled `_OTHER`. Labels that a program adds with `Effect.tagMetrics` are
 * kept. The label `unit` tells an exporter the unit of an Effect metric. [docs/telemetry.md](../../docs/telemetry.md)
 * lists the labels of each metric.
 *
 * @example
 * ```ts
 * import { Metrics } from "effect-redial"
 * import { Effect, Metric } from "effect"
 *
 * // The counts of all labels, for a program that wants to print them.
 * const redials = Effect.map(Metric.snapshot, (all) =>
 *   all.filter(({ metricKey }) => metricKey.name === Metrics.names.redials)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

/**
 * The names of all metrics, as an exporter sees them. Prometheus writes `_` for `.`, and appends `_total` to the name
 * of a counter.
 *
 * @since 0.1.0
 * @category names
 */
export const names = {
  operationDuration: "gen_ai.client.operation.duration",
  timeToFirstChunk: "gen_ai.client.operation.time_to_first_chunk",
  timePerOutputChunk: "gen_ai.client.operation.time_per_output_chunk",
  tokenUsage: "gen_ai.client.token.usage",
  requests: "effect_redial.requests",
  attempts: "effect_redial.attempts",
  redials: "effect_redial.redials",
  lostTokens: "effect_redial.lost_tokens",
  cacheReadTokens: "effect_redial.cache_read_tokens",
  cacheWriteTokens: "effect_redial.cache_write_tokens",
  reasoningTokens: "effect_redial.reasoning_tokens",
  cost: "effect_redial.cost",
  admissionWait: "effect_redial.admission.wait",
  renewals: "effect_redial.renewals",
  pools: "effect_redial.pools",
  keyChanges: "effect_redial.key_changes",
  retryBudgetLevel: "effect_redial.retry_budget.level",
  circuitBreakerState: "effect_redial.circuit_breaker.state",
  queueLength: "effect_redial.queue.length",
  fallbacks: "effect_redial.fallbacks"
} as const

/** In seconds. The conventions advise up to 81.92; a request that reasons takes longer, up to 60 minutes. */
const durations = MetricBoundaries.fromIterable([
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36,
  1310.72, 2621.44
])

/** In seconds, as the conventions advise for streams. */
const chunks = MetricBoundaries.fromIterable([
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
])

/** As the conventions advise. */
const tokens = MetricBoundaries.fromIterable([
  1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864
])

const counter = (name: string, description: string): Metric.Metric.Counter<number> =>
  Metric.counter(name, { description, incremental: true })

/**
 * How long requests took, including all attempts and waits, in seconds. Excludes requests that the consumer abandoned.
 *
 * @since 0.1.0
 * @category requests
 */
export const operationDuration = Metric.histogram(names.operationDuration, durations, "GenAI operation duration.")

/**
 * How long requests waited for the first event of an answer, including failed attempts, in seconds.
 *
 * @since 0.1.0
 * @category requests
 */
export const timeToFirstChunk = Metric.histogram(
  names.timeToFirstChunk,
  durations,
  "Time from the request to the first event of its answer."
)

/**
 * How long an attempt waited for further events after the first ones, in seconds: one value per network read. Excludes
 * time in which the consumer did not pull.
 *
 * @since 0.1.0
 * @category attempts
 */
export const timePerOutputChunk = Metric.histogram(
  names.timePerOutputChunk,
  chunks,
  "Time waited for the next events of an answer, after the first ones."
)

/**
 * The input and output tokens of requests, for all attempts as far as the vendor reported them. `gen_ai.token.type` is
 * `input` or `output`, counted as in `Usage`.
 *
 * @since 0.1.0
 * @category tokens
 */
export const tokenUsage = Metric.histogram(names.tokenUsage, tokens, "Number of input and output tokens used.")

/**
 * Requests that ended. `effect_redial.outcome` is `succeeded`, `failed` (with an `error.type`), or `abandoned`, if the
 * consumer stopped. A request that was refused before it was sent does not count.
 *
 * @since 0.1.0
 * @category requests
 */
export const requests = counter(names.requests, "Requests that ended, by outcome.")

/**
 * Attempts that ended, with the same labels as `requests`.
 *
 * @since 0.1.0
 * @category attempts
 */
export const attempts = counter(names.attempts, "Attempts that ended, by outcome.")

/**
 * Attempts that follow a failed one. `error.type` is the tag of the failure, and `effect_redial.route` is the route of
 * the attempt: `restart`, `cursor`, `prefill` or `ask`.
 *
 * @since 0.1.0
 * @category attempts
 */
export const redials = counter(names.redials, "Further attempts, by the error of the one before and by route.")

/**
 * Tokens that were paid for but are in no answer: those of broken attempts, as far as the vendor had reported them.
 * Output counts if no later attempt kept it. Input always counts, because it is read again. An answer that a cursor
 * continues is one answer, which loses nothing. `gen_ai.token.type` and `error.type` give the kind and the cause.
 *
 * @since 0.1.0
 * @category tokens
 */
export const lostTokens = counter(names.lostTokens, "Tokens of attempts that broke, which are in no answer.")

/**
 * The part of the input that was read from a cache of the vendor.
 *
 * @since 0.1.0
 * @category tokens
 */
export const cacheReadTokens = counter(names.cacheReadTokens, "Input tokens that were served from a cache.")

/**
 * The part of the input that was written to a cache of the vendor.
 *
 * @since 0.1.0
 * @category tokens
 */
export const cacheWriteTokens = counter(names.cacheWriteTokens, "Input tokens that were written to a cache.")

/**
 * The part of the output that models spent on reasoning.
 *
 * @since 0.1.0
 * @category tokens
 */
export const reasoningTokens = counter(names.reasoningTokens, "Output tokens that were spent on reasoning.")

/**
 * What requests cost, including all attempts, in the currency of the provider's `prices`. An attempt without a price,
 * or whose tokens the vendor did not report, adds nothing.
 *
 * @since 0.1.0
 * @category tokens
 */
export const cost = counter(names.cost, "Cost of requests, in the currency of the given prices.")

/**
 * How long attempts waited for permission, in seconds. Only for providers with an `admission`.
 *
 * @since 0.1.0
 * @category attempts
 */
export const admissionWait = Metric.histogram(
  names.admissionWait,
  durations,
  "Time that attempts waited for permission."
)

/**
 * Requests to renew a client. `effect_redial.outcome` is `renewed` or `kept`, once for each build that ends, however
 * many requests wait for it, or `saturated` or `not-current`, once for each request. `effect_redial.renewable` is the
 * `name` of the `Renewable`: for the client of a provider, the provider's id.
 *
 * @since 0.1.0
 * @category connections
 */
export const renewals = counter(names.renewals, "Renewals of clients, by outcome.")

/**
 * Generations of a `Renewable`, each with its own pool. `effect_redial.state` is `open` for all that are not released,
 * or `draining` for those that are retired but still in use.
 *
 * @since 0.1.0
 * @category connections
 */
export const pools = Metric.gauge(names.pools, { description: "Client generations that are open, and draining." })

/**
 * Changes of the keys of `Credentials`. `effect_redial.change` is `refreshed`, `refresh-failed`, `revoked` or
 * `benched`; the last has an `effect_redial.reason`.
 *
 * @since 0.1.0
 * @category connections
 */
export const keyChanges = counter(names.keyChanges, "Keys that were refreshed, benched or revoked.")

/**
 * The tokens left in the retry budget, at the last answer that began or the last retry that was requested.
 *
 * @since 0.1.0
 * @category traffic
 */
export const retryBudgetLevel = Metric.gauge(names.retryBudgetLevel, {
  description: "Tokens that are left for retries."
})

/**
 * The state of a circuit breaker: 0 is closed and lets requests through, 1 is half-open and lets a few through, 2 is
 * open and lets none through.
 *
 * @since 0.1.0
 * @category traffic
 */
export const circuitBreakerState = Metric.gauge(names.circuitBreakerState, {
  description: "State of the circuit breaker: 0 closed, 1 half-open, 2 open."
})

/**
 * Attempts that wait for permission. Only for providers with an `admission`.
 *
 * @since 0.1.0
 * @category traffic
 */
export const queueLength = Metric.gauge(names.queueLength, { description: "Attempts that wait for permission." })

/**
 * Requests that continued at another provider, by `effect_redial.from` and `effect_redial.to`.
 *
 * @since 0.1.0
 * @category traffic
 */
export const fallbacks = counter(names.fallbacks, "Requests that went on at another provider.")
