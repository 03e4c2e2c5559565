/**
 * What tests ask of a circuit breaker.
 */
import * as Effect from "effect/Effect"
import type { CircuitBreaker } from "effect-redial"

export const tagOf = (breaker: CircuitBreaker.CircuitBreaker) => Effect.map(breaker.state, ({ _tag }) => _tag)
