/**
 * What is told of one request while it goes on: its spans, its metrics and its log lines. All of it is plain code, apart from
 * the making of spans and the lines.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import type { Secrets } from "../../model/internal/scrub.js"
import type { Superseded } from "../../model/ModelEvent.js"
import type * as ModelRequest from "../../model/ModelRequest.js"
import * as ModelResponse from "../../model/ModelResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import * as Usage from "../../model/Usage.js"
import * as Telemetry from "../Telemetry.js"
import * as Contents from "./content.js"
import * as Logs from "./logs.js"
import type { Meter, Meters } from "./meter.js"
import type { Fiber } from "./pull.js"
import * as Spans from "./telemetry.js"

export interface Options {
  readonly request: ModelRequest.ModelRequest
  /** What the span of each request says of its provider. */
  readonly attributes: Readonly<Record<string, unknown>>
  readonly meters: Meters
  /** What a million tokens of a model cost. */
  readonly prices: Readonly<Record<string, Usage.Price>> | undefined
}

/** One attempt, seen from outside. */
export class AttemptReport {
  private longest: number | undefined
  private begun = false
  private ended = false

  /** Set before anybody gets the report: a span wants to know beforehand whom to tell of its end. */
  span!: Tracer.Span

  private queuedAt = 0

  constructor(
    private readonly meter: Meter,
    private readonly clock: Clock.Clock
  ) {}

  /** Events came, after somebody had waited for them so long. */
  arrived(millis: number): void {
    if (!this.begun) {
      this.begun = true
      this.span.attribute("effect_redial.first_event_ms", millis)
      return
    }
    this.meter.nextEvents(millis)
    if (millis > (this.longest ?? -1)) this.longest = millis
  }

  queued(): void {
    this.queuedAt = this.clock.unsafeCurrentTimeMillis()
    this.meter.queued()
  }

  /** Permission was given or refused, or the attempt left the queue. */
  left(): void {
    const millis = this.clock.unsafeCurrentTimeMillis() - this.queuedAt
    this.meter.left(millis)
    this.span.attribute("effect_redial.admission_wait_ms", millis)
  }

  /** What became of it is written down. */
  end(record: ModelResponse.Attempt): void {
    this.ended = true
    const { error } = record
    this.meter.attempt(error === undefined ? "succeeded" : "failed", error?.tag)
    Spans.annotate(this.span, { ...Spans.ofAttemptSpan(record), "effect_redial.longest_gap_ms": this.longest })
  }

  /** Its scope closes: nobody wants more of it. */
  readonly closing = (): void => {
    if (!this.ended) this.meter.attempt("abandoned")
  }
}

export class Report {
  private readonly attempts: Array<ModelResponse.Attempt> = []
  private readonly startedAt: number
  private begun = false
  private ended = false
  private seams = 0
  /** As that of an attempt. */
  span!: Tracer.Span

  private constructor(
    private readonly options: Options,
    readonly clock: Clock.Clock,
    private readonly settings: Telemetry.Settings,
    private readonly meter: Meter,
    private readonly secrets: Secrets
  ) {
    this.startedAt = clock.unsafeCurrentTimeMillis()
  }

  /** Begins the span of a request, which ends with the scope. */
  static begin(scope: Scope.Scope, options: Options, secrets: Secrets, fiber: Fiber): Effect.Effect<Report> {
    const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
    const { attributes, meters, request } = options
    const meter = meters.of(request.model, fiber.getFiberRef(FiberRef.currentMetricLabels))
    const report = new Report(options, clock, fiber.getFiberRef(Telemetry.current), meter, secrets)
    const about = { kind: "client", attributes: { ...attributes, ...Spans.ofRequest(request) } } as const
    return Effect.map(Spans.span(scope, `chat ${request.model}`, about, report.closing), (span) => {
      report.span = span
      report.content(() => Contents.ofRequest(request))
      return report
    })
  }

  /** Begins the span of an attempt, which ends with the scope. */
  attempt(scope: Scope.Scope): Effect.Effect<AttemptReport> {
    const attempt = new AttemptReport(this.meter, this.clock)
    return Effect.map(Spans.span(scope, "attempt", { parent: this.span }, attempt.closing), (span) => {
      attempt.span = span
      return attempt
    })
  }

  /** The answer begins, `now` in milliseconds since the epoch. */
  began(now: number): void {
    if (this.begun) return
    this.begun = true
    const millis = now - this.startedAt
    this.meter.firstEvent(millis)
    this.span.attribute("gen_ai.response.time_to_first_chunk", millis / 1000)
    this.event("first_event", {})
  }

  attemptEnded(attempt: AttemptReport, record: ModelResponse.Attempt): void {
    attempt.end(record)
    this.attempts.push(record)
  }

  /** A further attempt follows. */
  redial(
    error: ProviderError.ProviderError,
    ended: ModelResponse.Attempt,
    next: ModelResponse.Route | undefined,
    inMillis: number
  ): Effect.Effect<void> {
    const route = next ?? "restart"
    this.meter.redial(error._tag, route)
    // One that goes on has read the input again, and a cursor takes up the same answer.
    if (route !== "cursor") this.lost(ended, route === "restart")
    this.event("redial", {
      "error.type": error._tag,
      "effect_redial.attempt": ended.attempt,
      "effect_redial.route": route,
      "effect_redial.retry_in_ms": Math.round(inMillis)
    })
    return Logs.redial(this.settings.redials, this.span, error, ended, route, inMillis)
  }

  superseded({ attempt, fromIndex }: Superseded): void {
    this.event("superseded", { "effect_redial.attempt": attempt, "effect_redial.from_index": fromIndex })
  }

  seam({ attempt, offset, route }: ModelResponse.Seam): void {
    this.seams++
    this.event("seam", {
      "effect_redial.attempt": attempt,
      "effect_redial.route": route,
      "effect_redial.offset": offset
    })
  }

  succeeded(response: ModelResponse.ModelResponse, now: number): void {
    Spans.annotate(this.span, Spans.ofResponse(response))
    this.content(() => Contents.ofResponse(response))
    this.end("succeeded", now)
  }

  failed(error: ProviderError.ProviderError): Effect.Effect<void> {
    const last = this.attempts.at(-1)
    if (last !== undefined) this.lost(last, true)
    this.span.attribute("error.type", error._tag)
    this.content(() => Contents.ofPartial(error.partial))
    this.end("failed", this.clock.unsafeCurrentTimeMillis(), error._tag)
    return last === undefined || this.attempts.length < 2
      ? Effect.void
      : Logs.failure(this.settings.failures, this.span, error, last, this.attempts.length)
  }

  private readonly closing = (): void => {
    if (!this.ended) this.end("abandoned", 0)
  }

  private end(outcome: "succeeded" | "failed" | "abandoned", now: number, error?: string): void {
    this.ended = true
    this.meter.request(outcome, now - this.startedAt, error)
    const { exact, usage } = ModelResponse.totalUsage({ attempts: this.attempts })
    this.meter.tokens(usage)
    const cost = this.cost()
    if (cost !== undefined) this.meter.cost(cost)
    Spans.annotate(this.span, {
      ...Spans.ofUsage(usage),
      "effect_redial.outcome": outcome,
      "effect_redial.attempts": this.attempts.length,
      "effect_redial.seams": this.seams === 0 ? undefined : this.seams,
      "effect_redial.cost": cost,
      "effect_redial.usage.exact": exact
    })
  }

  /** What its attempts cost, as far as that is known. */
  private cost(): number | undefined {
    const { prices, request } = this.options
    const price = prices !== undefined && Object.hasOwn(prices, request.model) ? prices[request.model] : undefined
    if (price === undefined) return undefined
    const known = this.attempts.flatMap(({ usage }) => (usage ? Option.toArray(Usage.cost(usage, price)) : []))
    return known.length === 0 ? undefined : known.reduce((a, b) => a + b)
  }

  private lost({ error, usage }: ModelResponse.Attempt, output: boolean): void {
    if (error === undefined || usage === undefined) return
    if (usage.inputTokens !== undefined) this.meter.lost(usage.inputTokens, "input", error.tag)
    if (output && usage.outputTokens !== undefined) this.meter.lost(usage.outputTokens, "output", error.tag)
  }

  private event(kind: string, attributes: Readonly<Record<string, unknown>>): void {
    this.span.event(`effect_redial.${kind}`, this.clock.unsafeCurrentTimeNanos(), attributes)
  }

  /** A hook that throws must not end a request, and what it would have taken out must not be shown. */
  private content(content: () => Contents.Content): void {
    const { content: redact } = this.settings
    if (redact === undefined) return
    try {
      Spans.annotate(this.span, Spans.ofContent(redact(this.secrets.hide(content())) ?? {}))
    } catch {
      this.span.attribute("effect_redial.content_dropped", true)
    }
  }
}
