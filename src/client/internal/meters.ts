/**
 * Updates metrics in plain code, without effects and fibers, for paths on which each operation counts. Labels are
 * arrays that are made once: a metric finds the counter of a known array by identity.
 */
import * as MetricLabel from "effect/MetricLabel"
import type { Change } from "../Credentials.js"
import * as Metrics from "../Metrics.js"

export type Labels = ReadonlyArray<MetricLabel.MetricLabel>

export const labels = (values: Readonly<Record<string, string>>): Labels =>
  Object.entries(values).map(([key, value]) => MetricLabel.make(key, value))

/** Tells exporters the unit; without one, some of them treat a gauge as a ratio. */
const countOf = (what: string) => ({ unit: `{${what}}` })

export type RenewalOutcome = "renewed" | "kept" | "saturated" | "not-current"

/** The metrics of the generations of one renewable. Others may have the same name, so gauges change by differences. */
export class RenewableMeter {
  private readonly open: Labels
  private readonly draining: Labels
  private readonly outcomes = new Map<RenewalOutcome, Labels>()
  private last = { open: 0, draining: 0 }

  constructor(private readonly name: string) {
    const of = (state: string) =>
      labels({ "effect_redial.renewable": name, "effect_redial.state": state, ...countOf("pool") })
    this.open = of("open")
    this.draining = of("draining")
  }

  pools(open: number, draining: number): void {
    Metrics.pools.unsafeModify(open - this.last.open, this.open)
    Metrics.pools.unsafeModify(draining - this.last.draining, this.draining)
    this.last = { open, draining }
  }

  renewal(outcome: RenewalOutcome): void {
    let of = this.outcomes.get(outcome)
    if (of === undefined) {
      of = labels({ "effect_redial.renewable": this.name, "effect_redial.outcome": outcome })
      this.outcomes.set(outcome, of)
    }
    Metrics.renewals.unsafeUpdate(1, of)
  }
}

const changes: Readonly<Record<Change["_tag"], string>> = {
  Refreshed: "refreshed",
  RefreshFailed: "refresh-failed",
  Benched: "benched",
  Revoked: "revoked"
}

export const keyChanged = (change: Change): void =>
  Metrics.keyChanges.unsafeUpdate(
    1,
    labels({
      "effect_redial.change": changes[change._tag],
      ...(change._tag === "Benched" && { "effect_redial.reason": change.reason })
    })
  )

export type BreakerState = "closed" | "half-open" | "open"

const breakerValues: Readonly<Record<BreakerState, number>> = { closed: 0, "half-open": 1, open: 2 }

/** Sets the state of one circuit breaker. `of` names it, usually by a provider's id. */
export const breakerMeter = (of: string): ((state: BreakerState) => void) => {
  const own = labels({ "gen_ai.provider.name": of, ...countOf("state") })
  return (state) => Metrics.circuitBreakerState.unsafeUpdate(breakerValues[state], own)
}

/** Sets how many tokens a retry budget has left. */
export const budgetMeter = (of: string): ((level: number) => void) => {
  const own = labels({ "gen_ai.provider.name": of, ...countOf("retry") })
  return (level) => Metrics.retryBudgetLevel.unsafeUpdate(level, own)
}

export const fellBack = (from: string, to: string): void =>
  Metrics.fallbacks.unsafeUpdate(1, labels({ "effect_redial.from": from, "effect_redial.to": to }))
