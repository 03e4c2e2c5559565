/**
 * One call over a plan: a provider is asked, and where it fails, the next one goes on with what the consumer has.
 *
 * A pull that is interrupted loses nothing, as with one provider: what it began is what the next pull finds. All of it
 * ends with the scope of the call.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Checkpoint } from "../../../model/Checkpoint.js"
import type { Fault } from "../../../model/internal/fault.js"
import type { Attempt } from "../../../model/ModelResponse.js"
import { isProviderError, type ProviderError } from "../../../model/ProviderError.js"
import { isEmpty, nothing } from "../../../retry/internal/answer.js"
import type { Open, Pull } from "../../../retry/internal/pull.js"
import { after } from "../attempts.js"
import type { CallOptions } from "../callOptions.js"
import type { Taken } from "../shown.js"
import type { Service } from "../tag.js"
import { isWatchable, type Watch, watchedBy } from "../watch.js"
import { noticed, tooLate, whole } from "./errors.js"
import { FirstEvent } from "./firstEvent.js"
import { helps, isOwnFault } from "./helps.js"
import { choose, type Member, type Plan } from "./plan.js"
import { moved } from "./telemetry.js"

/** What one call wants of each provider, and what its consumer has of it. */
export interface Task<A, E> {
  readonly model: string
  readonly call: CallOptions
  /** The call at one provider; `call` replaces these options of the caller's. */
  readonly ask: (
    service: Service,
    member: Member,
    call: Pick<CallOptions, "from" | "limits">
  ) => Open<A, E | ProviderError>
  /** Another provider begins, after these attempts. */
  readonly begin?: (attempts: ReadonlyArray<Attempt>) => void
  readonly take: (pieces: ReadonlyArray<A>) => Taken<A>
  /** Whether the pieces say that the provider answered. */
  readonly isAnswer: (pieces: ReadonlyArray<A>) => boolean
  /** No more pieces come: what is wrong with that. */
  readonly end?: () => Fault | undefined
  /** What the consumer has after an error, for whoever goes on with it later. Undefined where nobody may. */
  readonly checkpoint: (error: ProviderError, attempts: ReadonlyArray<Attempt>) => Checkpoint | undefined
  /** How the next provider begins. Undefined where none can go on with what the consumer has. */
  readonly next: (error: ProviderError, attempts: ReadonlyArray<Attempt>) => Next<A> | undefined
}

export interface Next<A> {
  readonly from: Checkpoint
  /** What the consumer is told before that one writes. */
  readonly tell: ReadonlyArray<A>
}

/** Nothing to go on with: it only tells the next provider of the attempts before. */
export const begunAnew = (attempts: ReadonlyArray<Attempt>): Checkpoint => ({ ...nothing, attempts, seams: [] })

/** A provider that is being asked. */
interface Asking<A, E> {
  readonly member: Member
  readonly scope: Scope.CloseableScope
  readonly startedAt: number
  readonly next: Effect.Effect<ReadonlyArray<A> | undefined, E | ProviderError>
}

export const open =
  <A, E>(plan: Plan, task: () => Task<A, E>, outer: Watch | undefined): Open<A, E | ProviderError> =>
  (owner) =>
    Effect.map(Effect.clock, (clock) => new Run(plan, task(), outer, owner, clock).pull)

class Run<A, E> {
  private readonly tried = new Set<Member>()
  private readonly given: Array<string>
  private asking: Asking<A, E> | undefined
  private untold: ReadonlyArray<A> | undefined
  private ended: Effect.Effect<undefined, E | ProviderError> | undefined
  private attempts: ReadonlyArray<Attempt>
  private from: Checkpoint | undefined
  /** The last error that is not only about going on: the call fails with it where nobody could go on. */
  private cause: ProviderError | undefined
  private partial: ProviderError["partial"]

  constructor(
    private readonly plan: Plan,
    private readonly task: Task<A, E>,
    private readonly outer: Watch | undefined,
    private readonly owner: Scope.Scope,
    private readonly clock: Clock.Clock
  ) {
    this.given = outer?.given ?? []
    this.from = task.call.from
    this.attempts = this.from?.attempts ?? []
  }

  readonly pull: Pull<A, E | ProviderError> = () => {
    if (this.untold !== undefined) {
      const told = this.untold
      this.untold = undefined
      return Effect.succeed(told)
    }
    if (this.ended !== undefined) return this.ended
    if (this.asking === undefined) return Effect.zipRight(this.begin, this.again)
    return this.asking.next
  }

  private readonly again: Effect.Effect<ReadonlyArray<A> | undefined, E | ProviderError> = Effect.withFiberRuntime(
    (fiber) => this.pull(fiber)
  )

  /** Asks the next provider. Nothing is sent before somebody pulls. */
  private readonly begin: Effect.Effect<void> = Effect.gen(this, function* () {
    const { attempts, owner, plan, task, tried } = this
    const startedAt = this.clock.unsafeCurrentTimeMillis()
    const chosen = choose(plan, tried, startedAt)
    if (chosen === undefined) return
    const { endProbe, member } = chosen
    tried.add(member)
    const isLast = tried.size === plan.members.length
    const scope = yield* Scope.fork(owner, ExecutionStrategy.sequential)
    if (endProbe !== undefined) yield* Scope.addFinalizer(scope, Effect.sync(endProbe))
    const { epoch } = member.health
    let isAnswered = false
    const watch: Watch = {
      given: this.given,
      began: () => {
        isAnswered = true
        member.health.answered(epoch)
        this.outer?.began()
      }
    }
    task.begin?.(attempts)
    const { from } = this
    const patience = isLast ? {} : { maxRetryAfter: plan.patience }
    const call = { from, limits: { ...patience, ...task.call.limits } }
    const opened = yield* Effect.either(task.ask(watchedBy(member.service, watch), member, call)(scope))
    const pull: Pull<A, E | ProviderError> = Either.match(opened, {
      onLeft: (error) => () => Effect.fail(error),
      onRight: (pull) => pull
    })
    const { clock } = this
    const late = (): ProviderError => this.errorOf(asking, tooLate(plan.firstEvent ?? 0), this.from)
    const first =
      plan.firstEvent === undefined || isLast
        ? undefined
        : new FirstEvent({ pull, scope, clock, millis: plan.firstEvent, isAnswered: () => isAnswered, late })
    const next = Effect.withFiberRuntime<ReadonlyArray<A> | undefined, E | ProviderError>((fiber) =>
      first === undefined || first.isOver ? pull(fiber) : first.wait
    )
    const asking: Asking<A, E> = {
      member,
      scope,
      startedAt,
      next: Effect.matchEffect(next, {
        onFailure: (error) => this.failed(asking, error),
        onSuccess: (pieces) => {
          if (!isWatchable(member.service) && task.isAnswer(pieces ?? [])) watch.began()
          return this.take(asking, pieces)
        }
      })
    }
    this.asking = asking
  }).pipe(Effect.uninterruptible)

  private take(
    asking: Asking<A, E>,
    pieces: ReadonlyArray<A> | undefined
  ): Effect.Effect<ReadonlyArray<A> | undefined, E | ProviderError> {
    if (pieces === undefined) {
      const fault = this.task.end?.()
      if (fault !== undefined) return this.failed(asking, this.errorOf(asking, fault))
      this.ended = Effect.succeed(undefined)
      return this.ended
    }
    const { fault, give } = this.task.take(pieces)
    if (fault !== undefined) {
      const error = this.errorOf(asking, fault)
      if (give.length === 0) return this.failed(asking, error)
      this.asking = { ...asking, next: Effect.suspend(() => this.failed(asking, error)) }
    }
    // Never an empty chunk: a consumer's own timeout would take it for progress.
    return give.length === 0 ? this.again : Effect.succeed(give)
  }

  /** The error of a fault that is noticed here and not by the provider. */
  private errorOf({ member, startedAt }: Asking<A, E>, fault: Fault, from?: Checkpoint): ProviderError {
    return noticed(fault, {
      provider: member.service.id,
      model: member.requestOf({ model: this.task.model, prompt: "" }).model,
      attempts: this.attempts,
      from,
      startedAt,
      endedAt: this.clock.unsafeCurrentTimeMillis()
    })
  }

  private failed(
    asking: Asking<A, E>,
    error: E | ProviderError
  ): Effect.Effect<ReadonlyArray<A> | undefined, E | ProviderError> {
    if (!isProviderError(error)) {
      this.ended = Effect.fail(error)
      return this.ended
    }
    return Effect.zipRight(Effect.uninterruptible(this.move(asking, error)), this.again)
  }

  /** Frees what the provider had, and asks the next one, or ends the call. */
  private move(asking: Asking<A, E>, error: ProviderError): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      const { clock, plan, task, tried } = this
      const { member } = asking
      this.attempts = after(this.attempts, error.attempts)
      this.cause = causeOf(error, this.cause)
      if ((error.partial?.text.length ?? -1) >= (this.partial?.text.length ?? 0)) this.partial = error.partial
      let skippedFor: number | undefined
      if (isOwnFault(error)) {
        const wait = Math.max(plan.coolDown, Math.min(error.retryAfterMillis ?? 0, MOST_COOLING))
        if (member.health.failed(clock.unsafeCurrentTimeMillis() + wait)) skippedFor = wait
      }
      yield* Scope.close(asking.scope, Exit.fail(error._tag))

      const situation = {
        also: plan.also,
        crossed: tried.size > 1,
        continued: this.from !== undefined && !isEmpty(this.from)
      }
      const isLeft = tried.size < plan.members.length
      const next = isLeft && helps(error, situation) ? task.next(error, this.attempts) : undefined
      if (next === undefined) {
        this.ended = Effect.fail(this.final(error))
        yield* moved({ id: plan.id, error, from: member, to: undefined, skippedFor })
        return
      }
      this.from = next.from
      if (next.tell.length > 0) this.untold = next.tell
      yield* this.begin
      yield* moved({ id: plan.id, error, from: member, to: this.asking?.member, skippedFor })
    })
  }

  /** The error of the last provider, with all attempts; one that only could not go on fails with what came before it. */
  private final(error: ProviderError): ProviderError {
    if (this.tried.size === 1) return error
    const { attempts, cause = error, partial } = this
    return whole(cause, { attempts, checkpoint: this.task.checkpoint(error, attempts), partial, last: error })
  }
}

/**
 * What the call fails with where all fail. Not that the last one could not go on; and of several circuits that are open, the
 * one whose probe is due first: nobody is asked before.
 */
const causeOf = (error: ProviderError, before: ProviderError | undefined): ProviderError => {
  if (before === undefined) return error
  if (error._tag === "SeamNotProven") return before
  if (error._tag !== "CircuitOpen" || before._tag !== "CircuitOpen") return error
  const { probeAt = Number.POSITIVE_INFINITY } = before
  return probeAt <= (error.probeAt ?? Number.POSITIVE_INFINITY) ? before : error
}

/** A provider that asks for more is asked again after this, in milliseconds. */
const MOST_COOLING = 10 * 60_000
