/**
 * One request: attempts until the end of the answer is proven or nothing is left to try.
 *
 * The consumer pulls, and each pull does the next piece of this story:
 *
 *     while (true) {
 *       open       the next attempt, by its route, once its time has come
 *       forward    its events to the consumer; done when the end is proven
 *       recover    when it broke: decide on the route of the next attempt, free the connection, step the schedule (its step
 *                  renews the client after a transport error), tell the consumer what is void
 *     }
 *
 * A pull that is interrupted loses nothing: the attempt that it opened goes on, and so does the recovery that it began.
 * Both end with the scope of the request.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type { Keys } from "../../client/credentials/keys.js"
import type { Checkpoint } from "../../model/Checkpoint.js"
import type { GenerationId } from "../../model/GenerationId.js"
import { type Fault, seamNotProven } from "../../model/internal/fault.js"
import { type Context, fromFault } from "../../model/internal/fromFault.js"
import { Secrets } from "../../model/internal/scrub.js"
import * as Traits from "../../model/internal/traits.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type * as ModelResponse from "../../model/ModelResponse.js"
import type * as ProviderError from "../../model/ProviderError.js"
import type { Admission } from "../Admission.js"
import type { Deadlines } from "../Deadlines.js"
import type { RetryBudget } from "../RetryBudget.js"
import type { Limits } from "../StreamRetry.js"
import { Admitting } from "./admitting.js"
import { Answer } from "./answer.js"
import * as Attempt from "./attempt.js"
import { type Next, type Route, type Options as RouteOptions, Routes } from "./continuation/routes.js"
import * as Policy from "./policy.js"
import type * as Pulling from "./pull.js"
import * as Record from "./record.js"
import { type AttemptReport, Report, type Options as ReportOptions } from "./report.js"
import * as Told from "./told.js"

export interface Request extends RouteOptions, Omit<ReportOptions, "request"> {
  /** The keys for this call, made anew for each run of the stream. */
  readonly keys: () => Keys
  /** Its step renews the client that failed: see `StreamRetry.reacquiring`. */
  readonly reacquiring: Schedule.Schedule<unknown, ProviderError.ProviderError>
  readonly limits: Limits
  /** What has a say before each attempt. */
  readonly admission: Admission | undefined
  /** What all requests of the provider may spend on retries together. */
  readonly budget: RetryBudget | undefined
  readonly deadlines: Deadlines
  /** What another call delivered, and this one goes on with. */
  readonly from: Checkpoint | undefined
  /** What counts if a vendor contradicts itself: what was `shown`, or the `vendor`'s last word if nothing was. */
  readonly trust: "shown" | "vendor"
  /** Whether the events of the wire are given, too. */
  readonly raw: boolean
  /** Called when an attempt is answered, before anything of it is given. */
  readonly began: (() => void) | undefined
  /** Learns what is left of the budget. */
  readonly budgetLevel: (level: number) => void
}

type Events = ReadonlyArray<ModelEvent>

type Failure = ProviderError.ProviderError

const nobody = Effect.succeed(undefined)

/** An attempt on the wire. */
interface Running {
  readonly attempt: Attempt.Attempt
  readonly route: Route
  readonly scope: Scope.CloseableScope
  readonly report: AttemptReport
  readonly admitting: Admitting | undefined
  /** Its next events, or what came of its break. Made once, not for each pull. */
  readonly forward: Effect.Effect<Events | undefined, Failure>
}

export const open =
  (options: Request): Pulling.Open<ModelEvent, Failure> =>
  (owner) =>
    Effect.gen(function* () {
      const secrets = new Secrets()
      const report = yield* Effect.withFiberRuntime<Report>((fiber) => Report.begin(owner, options, secrets, fiber))
      const policy = yield* Policy.make(options.reacquiring, options.limits, options.budget)
      const loop = new Loop(options, owner, secrets, report, policy)
      if (options.from !== undefined) yield* loop.begin(options.from)
      return loop.pull
    })

class Loop {
  private readonly answer: Answer
  private readonly routes: Routes
  private readonly keys: Keys
  private readonly clock: Clock.Clock
  /** The time that all attempts spent waiting. */
  private readonly waiting = { waited: 0 }
  private route: Route
  private startAt: number | undefined
  private running: Running | undefined
  private recovering: Fiber.RuntimeFiber<Events | undefined, Failure> | undefined
  /** Events to give before anything else: what a checkpoint makes void, or the end of the answer. */
  private untold: Events | undefined
  private ended: Effect.Effect<undefined, Failure> | undefined
  /** The generation that failed last: the next attempt avoids it if possible. */
  private failed: GenerationId | undefined
  /** The last break. A request that ends after refused routes fails with this, and not with the refusal. */
  private broken: readonly [Fault, Context] | undefined

  constructor(
    private readonly options: Request,
    private readonly owner: Scope.Scope,
    private readonly secrets: Secrets,
    private readonly report: Report,
    private readonly policy: Policy.Policy
  ) {
    const { client, delivery, from } = options
    this.answer = new Answer({ delivery, from, provider: client.provider, protocol: client.protocol })
    this.routes = new Routes(options, this.answer)
    this.route = this.routes.restart
    this.keys = options.keys()
    this.clock = report.clock
  }

  readonly pull: Pulling.Pull<ModelEvent, Failure> = (fiber) => {
    if (this.untold !== undefined) return this.tell(this.untold)
    if (this.recovering !== undefined) return this.recovered(this.recovering, fiber)
    if (this.ended !== undefined) return this.ended
    if (this.running === undefined) return Effect.zipRight(this.open(), this.pullAgain(fiber))
    this.running.attempt.pulledBy(fiber)
    return this.running.forward
  }

  private pullAgain(fiber: Pulling.Fiber): Effect.Effect<Events | undefined, Failure> {
    return Effect.suspend(() => this.pull(fiber))
  }

  /** Decides on the first attempt: a new answer, or the rest of one that another call began. */
  begin(from: Checkpoint): Effect.Effect<void, Failure> {
    return Effect.flatMap(this.routes.first(from), (next) => {
      if (next.route === undefined)
        return this.fail(seamNotProven(this.routes.why), Told.context(this.options, this.answer, undefined))
      this.route = next.route
      const last = from.attempts.at(-1)
      // It was made elsewhere, and this request writes it again.
      if (last !== undefined && next.discarded !== undefined) {
        this.answer.attempts.splice(-1, 1, Record.withDiscarded(last, next.discarded))
      }
      this.untold = this.announce(next, last?.error ?? Told.begunAnew, this.clock.unsafeCurrentTimeMillis())
      return Effect.void
    })
  }

  /** Opens the next attempt, once its time has come. A wait that is interrupted goes on with the next pull. */
  private open(): Effect.Effect<void> {
    const wait = (this.startAt ?? 0) - this.clock.unsafeCurrentTimeMillis()
    return wait > 0 ? Effect.zipRight(Effect.sleep(wait), this.send) : this.send
  }

  private readonly send: Effect.Effect<void> = Effect.gen(this, function* () {
    const { answer, clock, route } = this
    const number = answer.nextNumber
    // A child of the owner's, so nothing of it is lost to an interruption.
    const scope = yield* Scope.fork(this.owner, ExecutionStrategy.sequential)
    const report = yield* this.report.attempt(scope)
    // Added first, so that the permit is given back once the connection is free.
    const admitting = yield* this.admitting(scope, number, report)
    const attempt = Attempt.make({
      scope,
      report,
      admitting,
      clock,
      call: route.call,
      target: answer.target(route.continued),
      trust: this.options.trust,
      raw: this.options.raw,
      keys: this.keys,
      secrets: this.secrets,
      number,
      failed: this.failed,
      deadlines: this.options.deadlines,
      waiting: this.waiting
    })
    yield* Scope.addFinalizer(scope, attempt.release)
    const forward: Running["forward"] = Effect.matchEffect(attempt.pull, {
      onFailure: (fault) => this.break(running, fault),
      onSuccess: (events) => this.forward(running, events)
    })
    const running: Running = { attempt, route, scope, report, admitting, forward }
    this.running = running
  }).pipe(Effect.uninterruptible)

  private admitting(scope: Scope.Scope, attempt: number, report: AttemptReport): Effect.Effect<Admitting | undefined> {
    const { admission, client, request } = this.options
    if (admission === undefined) return nobody
    const { protocol, provider } = client
    const info = { provider, protocol, model: request.model, attempt, request }
    return Admitting.make(scope, admission, info, report)
  }

  /** Events reach the consumer; the last of them is `Finish` once the end is proven. */
  private forward(running: Running, events: Array<ModelEvent>): Effect.Effect<Events | undefined, Failure> {
    const { answer } = this
    const { attempt, route } = running
    let at = 0
    while (events[at]?._tag === "Raw") at++
    const first = events[at]
    if (first?._tag === "ResponseStart") {
      const { budget, budgetLevel } = this.options
      const now = this.clock.unsafeCurrentTimeMillis()
      events[at] = answer.started(first, attempt.startedAt, attempt.decoder(), Told.isWhole(route))
      this.options.began?.()
      this.report.began(now)
      if (budget !== undefined) budgetLevel(budget.unsafeEarn(now))
    }
    const began = running.admitting?.began(attempt.headers())
    const given = this.given(running, events)
    return began === undefined ? given : this.afterwards(began, given, events)
  }

  /** A pull that is interrupted while a permit is told leaves what is to be given to the next one. */
  private afterwards(
    began: Effect.Effect<void>,
    given: Effect.Effect<Events | undefined, Failure>,
    events: Events
  ): Effect.Effect<Events | undefined, Failure> {
    if (this.untold !== undefined || this.options.delivery === "hold") return Effect.zipRight(began, given)
    this.untold = events
    return Effect.flatMap(began, () => this.tell(events))
  }

  private given(running: Running, events: Array<ModelEvent>): Effect.Effect<Events | undefined, Failure> {
    const last = events[events.length - 1]
    if (last?._tag === "Finish") return this.complete(running, events, last.response)
    return this.options.delivery === "hold" ? running.forward : Effect.succeed(events)
  }

  /** The end was proven: the connection is given back before the consumer hears of it. */
  private complete(running: Running, events: Events, response: ModelResponse.ModelResponse): Effect.Effect<Events> {
    const { answer, clock, options } = this
    const { attempt, route } = running
    const now = clock.unsafeCurrentTimeMillis()
    this.met(route)
    const record = Record.complete(attempt, response.usage, this.whose(route, now))
    this.note(running, record)
    running.admitting?.ended({ _tag: "Succeeded", attempt: record })
    this.report.succeeded(response, now)
    const before = options.delivery === "hold" ? answer.held(attempt.decoder()?.fold) : events.slice(0, -1)
    // Kept until it is told: a pull that is interrupted while the connection is given back leaves it to the next one.
    const told = [...before, Told.finish(response, answer, route)]
    this.untold = told
    this.ended = Effect.succeed(undefined)
    return Effect.flatMap(this.free(running), () => this.tell(told))
  }

  /** An attempt broke. What follows goes on by itself, also while nobody pulls. */
  private break(running: Running, fault: Fault): Effect.Effect<Events | undefined, Failure> {
    const recovery = Effect.withParentSpan(this.recover(running, fault), this.report.span)
    // A fiber forked in an uninterruptible region is uninterruptible, and the end of the request would wait for it.
    const begin = Effect.map(Effect.forkIn(Effect.interruptible(recovery), this.owner), (fiber) => {
      this.recovering = fiber
    })
    return Effect.zipRight(
      Effect.uninterruptible(begin),
      Effect.withFiberRuntime<Events | undefined, Failure>(this.pull)
    )
  }

  private recovered(
    recovering: Fiber.RuntimeFiber<Events | undefined, Failure>,
    fiber: Pulling.Fiber
  ): Effect.Effect<Events | undefined, Failure> {
    return Effect.flatMap(Fiber.join(recovering), (told) => {
      this.recovering = undefined
      return told === undefined ? this.pull(fiber) : Effect.succeed(told)
    })
  }

  /**
   * Frees the broken connection, steps the schedule, whose step renews the client that failed, and decides. There is a
   * second attempt where the schedule, the limits and the promise of the delivery allow one; else the request fails.
   */
  private recover(running: Running, raw: Fault): Effect.Effect<Events | undefined, Failure> {
    return Effect.gen(this, function* () {
      const { answer, clock, keys, policy, routes, secrets } = this
      const { attempt, route } = running
      const fault = secrets.hide(raw)
      const intact = Traits.leavesAnswer(fault, attempt.decoder() !== undefined)
      const { delivered, gained, wrote } = answer.broke(attempt.decoder(), intact)
      this.met(route)
      const context = Told.context(this.options, answer, attempt, fault)
      this.failed = attempt.generation() ?? this.failed

      const refused = this.refusedBy(fault, route, gained)
      if (wrote) routes.grew()
      if (refused !== undefined) routes.refused(refused, fault)
      const cursor = intact ? routes.cursorAfter(route, attempt.decoder()) : undefined
      const next = yield* fault.contradicts ? routes.anew() : routes.next(cursor)

      const broke = fromFault(fault, context)
      const whose = this.whose(route, clock.unsafeCurrentTimeMillis())
      const record = Record.broken(attempt, broke, { ...whose, delivered })
      this.note(running, record)
      const blame = Traits.blame(fault, attempt.credential() !== undefined)
      running.admitting?.ended({ _tag: "Failed", attempt: record, error: broke, blame })
      yield* this.free(running, record.error?.message)

      const verdict = yield* keys.failed(fault, { delivered: gained, maxWait: policy.maxRetryAfter })
      const error = fromFault(verdict.fault, { ...context, attempts: [...answer.attempts] })
      if (refused === undefined || this.broken === undefined) this.broken = [verdict.fault, context]
      const now = clock.unsafeCurrentTimeMillis()
      const kept = gained && next.route?.name !== undefined
      const free: Policy.Failed["free"] =
        refused !== undefined ? "another route" : verdict.another ? "another key" : undefined
      const answered = attempt.decoder()?.started ?? false
      const failed = { error, kept, free, answered }
      const { startAt, stoppedBy } = yield* policy.step(failed, now, next.route !== undefined)
      if (this.options.budget !== undefined) this.options.budgetLevel(yield* this.options.budget.level)
      if (startAt === undefined || next.route === undefined) {
        const [why, whose] = this.broken
        // What the consumer has now, which a refused attempt may have added to.
        const { checkpoint, delivered, partial } = context
        return yield* this.fail(why, { ...whose, checkpoint, delivered, partial, stoppedBy })
      }

      // A later attempt writes it again.
      if (next.discarded !== undefined) answer.attempts.splice(-1, 1, Record.withDiscarded(record, next.discarded))
      this.route = next.route
      this.startAt = startAt
      yield* this.report.redial(error, record, next.route.name, startAt - now)
      return this.announce(next, Record.summary(error), startAt)
    })
  }

  /** The route that an attempt did not go, rather than fail on it. A cursor may carry what another route began. */
  private refusedBy(fault: Fault, { continued, name }: Route, gained: boolean): ModelResponse.Route | undefined {
    if (fault._tag === "SeamNotProven") return continued?.route ?? name
    return !gained && Traits.refusesRoute(fault) ? name : undefined
  }

  /** Tells the consumer what is void. One that nothing is shown before the end has heard of nothing. */
  private announce(next: Next, error: ModelResponse.ErrorSummary, retryAt: number): Events | undefined {
    const event = Told.superseded(next, this.answer, error, retryAt)
    if (event === undefined) return undefined
    this.report.superseded(event)
    return this.options.delivery === "hold" ? undefined : [event]
  }

  /** Writes down where texts met, once that is known. */
  private met({ continued }: Route): void {
    const seam = continued?.seam()
    if (seam !== undefined && this.answer.met(seam)) this.report.seam(seam)
  }

  private tell(events: Events): Effect.Effect<Events> {
    this.untold = undefined
    return Effect.succeed(events)
  }

  /** Ends the request, also for pulls that come later. */
  private fail(fault: Fault, whose: Context): Effect.Effect<never, Failure> {
    const error = Told.failure(fault, whose, this.answer)
    const ended = Effect.fail(error)
    this.ended = ended
    return Effect.zipRight(this.report.failed(error), ended)
  }

  private whose({ name }: Route, endedAt: number): Record.Whose {
    const { client, request } = this.options
    return { provider: client.provider, model: request.model, endedAt, route: name }
  }

  /** Writes down what became of an attempt. */
  private note({ report }: Running, record: ModelResponse.Attempt): void {
    this.running = undefined
    this.answer.attempts.push(record)
    this.report.attemptEnded(report, record)
  }

  /** Frees the connection: for reuse after a proven end, else by closing it. */
  private free({ scope }: Running, error?: string): Effect.Effect<void> {
    // A scope is closed once only: what an interruption left of it would never be freed.
    return Effect.uninterruptible(Scope.close(scope, error === undefined ? Exit.void : Exit.fail(error)))
  }
}
