/**
 * The metrics of requests. Each update is plain code with labels that were made before: on the way of a healthy answer, 7 to 11
 * updates and one more for each read of the network, and not one operation of Effect.
 */
import type * as MetricLabel from "effect/MetricLabel"
import { type Labels, labels } from "../../client/internal/meters.js"
import * as Metrics from "../../client/Metrics.js"
import type { Usage } from "../../model/Usage.js"

export type Outcome = "succeeded" | "failed" | "abandoned"

/** Whoever may name any model must not make any number of time series. */
const MOST_MODELS = 100

/** The convention's word for a value that is not told apart. */
const OTHER = "_OTHER"

/** The meters of one provider. */
export class Meters {
  private readonly byModel = new Map<string, Meter>()
  /** By the labels that a program gives its own metrics. */
  private readonly byOwn = new WeakMap<Labels, Meters>()

  constructor(
    private readonly provider: string,
    private readonly protocol: string,
    private readonly own: Labels = [],
    private readonly models = new Set<string>()
  ) {}

  of(model: string, own: Labels): Meter {
    if (own.length > 0 && own !== this.own) return this.labelled(own).of(model, own)
    let meter = this.byModel.get(model)
    if (meter === undefined) {
      const known = this.models.has(model) || this.models.size < MOST_MODELS
      if (known) this.models.add(model)
      else if (model !== OTHER) return this.of(OTHER, own)
      meter = new Meter(this.provider, this.protocol, model, this.own)
      this.byModel.set(model, meter)
    }
    return meter
  }

  private labelled(own: Labels): Meters {
    let meters = this.byOwn.get(own)
    if (meters === undefined) {
      meters = new Meters(this.provider, this.protocol, own, this.models)
      this.byOwn.set(own, meters)
    }
    return meters
  }
}

/** The metrics of one model of one provider. */
export class Meter {
  private readonly made = new Map<string, Labels>()
  private readonly seconds: Labels

  constructor(
    private readonly provider: string,
    private readonly protocol: string,
    private readonly model: string,
    private readonly own: ReadonlyArray<MetricLabel.MetricLabel>
  ) {
    this.seconds = this.with("seconds", { unit: "s" })
  }

  /** Time from the request to its first event, in milliseconds, as all times here. */
  firstEvent(millis: number): void {
    Metrics.timeToFirstChunk.unsafeUpdate(millis / 1000, this.seconds)
  }

  nextEvents(millis: number): void {
    Metrics.timePerOutputChunk.unsafeUpdate(millis / 1000, this.seconds)
  }

  /** An attempt waits for permission. */
  queued(): void {
    Metrics.queueLength.unsafeModify(1, this.with("queue", { unit: "{attempt}" }))
  }

  left(millis: number): void {
    Metrics.queueLength.unsafeModify(-1, this.with("queue", { unit: "{attempt}" }))
    Metrics.admissionWait.unsafeUpdate(millis / 1000, this.seconds)
  }

  attempt(outcome: Outcome, error?: string): void {
    Metrics.attempts.unsafeUpdate(1, this.outcome(outcome, error))
  }

  /** A request that was left has no duration: it took as long as its consumer wanted. */
  request(outcome: Outcome, millis: number, error?: string): void {
    Metrics.requests.unsafeUpdate(1, this.outcome(outcome, error))
    if (outcome === "abandoned") return
    const of = error === undefined ? this.seconds : this.with(`duration ${error}`, { unit: "s", "error.type": error })
    Metrics.operationDuration.unsafeUpdate(millis / 1000, of)
  }

  redial(error: string, route: string): void {
    const of = this.with(`redial ${error} ${route}`, { "error.type": error, "effect_redial.route": route })
    Metrics.redials.unsafeUpdate(1, of)
  }

  tokens({ cacheReadTokens, cacheWriteTokens, inputTokens, outputTokens, reasoningTokens }: Usage): void {
    if (inputTokens !== undefined) Metrics.tokenUsage.unsafeUpdate(inputTokens, this.token("input"))
    if (outputTokens !== undefined) Metrics.tokenUsage.unsafeUpdate(outputTokens, this.token("output"))
    const plain = this.with("plain", { unit: "{token}" })
    if (cacheReadTokens !== undefined) Metrics.cacheReadTokens.unsafeUpdate(cacheReadTokens, plain)
    if (cacheWriteTokens !== undefined) Metrics.cacheWriteTokens.unsafeUpdate(cacheWriteTokens, plain)
    if (reasoningTokens !== undefined) Metrics.reasoningTokens.unsafeUpdate(reasoningTokens, plain)
  }

  lost(tokens: number, type: "input" | "output", error: string): void {
    Metrics.lostTokens.unsafeUpdate(
      tokens,
      this.with(`lost ${type} ${error}`, { unit: "{token}", "gen_ai.token.type": type, "error.type": error })
    )
  }

  cost(amount: number): void {
    Metrics.cost.unsafeUpdate(amount, this.with("cost", {}))
  }

  private outcome(outcome: Outcome, error: string | undefined): Labels {
    return this.with(`${outcome} ${error ?? ""}`, {
      "effect_redial.outcome": outcome,
      ...(error !== undefined && { "error.type": error })
    })
  }

  private token(type: "input" | "output"): Labels {
    return this.with(type, { unit: "{token}", "gen_ai.token.type": type })
  }

  /** Labels by a name of their own: a table of errors, routes and outcomes bounds how many there are. */
  private with(name: string, values: Readonly<Record<string, string>>): Labels {
    let of = this.made.get(name)
    if (of === undefined) {
      const { model, own, protocol, provider } = this
      of = [
        ...own,
        ...labels({
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": provider,
          "gen_ai.request.model": model,
          "effect_redial.protocol": protocol,
          ...values
        })
      ]
      this.made.set(name, of)
    }
    return of
  }
}
