/**
 * The limits of `Limits`, asked in one line.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as ModelRequest from "../../model/ModelRequest.js"
import { LimitReached } from "../../model/ProviderError.js"
import type { Admission, AttemptInfo, Outcome, Permit } from "../../retry/Admission.js"
import type { Limits, Quota, Taken } from "../Limits.js"
import { estimate } from "./estimate.js"
import { bounded, heldBy } from "./held.js"
import { Line, type Waiter } from "./line.js"
import { millisOf } from "./time.js"

export interface Settings {
  readonly concurrency: number
  readonly requests: Quota | undefined
  readonly tokens: Quota | undefined
  readonly mostTokens: number
  readonly estimate: ((request: ModelRequest.ModelRequest) => number) | undefined
  readonly adaptive: boolean
  readonly maxQueue: number
  /** In milliseconds. */
  readonly maxWait: number
}

/** What is asked of a quota, and what it is called. */
interface Want {
  readonly limit: "tokens" | "requests"
  readonly quota: Quota
  readonly amount: number
}

/** An attempt that asks: until when it waits, and what it has. */
interface Asking {
  readonly info: AttemptInfo
  readonly waiter: Waiter
  readonly clock: Clock.Clock
  readonly deadline: number
  readonly wants: ReadonlyArray<Want>
  taken: Array<{ readonly want: Want; readonly taken: Taken }>
}

/** The first of the line looks again so often, in milliseconds: what a quota said may have changed. */
const AGAIN = 1_000

export class Admitter implements Limits {
  private readonly line = new Line()
  private waiting = 0
  private active = 0
  /** The vendor is left alone until then. */
  private heldUntil = 0
  /** What the first of the line waits for. */
  private scarce = "concurrency"

  constructor(private readonly settings: Settings) {}

  readonly queued = Effect.sync(() => this.waiting)
  readonly running = Effect.sync(() => this.active)

  readonly admit: Admission["admit"] = (info) => Effect.flatMap(Effect.clock, (clock) => this.admitted(info, clock))

  private admitted(info: AttemptInfo, clock: Clock.Clock): Effect.Effect<Permit, LimitReached> {
    return Effect.withFiberRuntime((fiber) => {
      const { maxWait, mostTokens, requests, tokens } = this.settings
      const cost = tokens === undefined ? 0 : this.cost(info.request)
      if (cost > mostTokens) {
        return refusal(info, "tokens", `it may cost ${cost} tokens, and no more than ${mostTokens} are ever allowed`)
      }
      const asking: Asking = {
        info,
        clock,
        waiter: this.line.join(),
        deadline: millisOf(clock) + maxWait,
        // Requests last: a store that is shared takes them back from nobody.
        wants: [
          ...(tokens === undefined ? [] : [{ limit: "tokens", quota: tokens, amount: cost } as const]),
          ...(requests === undefined ? [] : [{ limit: "requests", quota: requests, amount: 1 } as const])
        ],
        taken: []
      }
      // An interruption between two operations, before the wait begins or after it ends, is seen by no finalizer of the wait.
      // Without this the place in the line would stay taken, and nobody would ever be permitted again.
      const leave = (): void => this.giveUp(asking)
      fiber.addObserver(leave)
      const done = (): void => fiber.removeObserver(leave)
      const waited = Effect.onError(this.wait(asking), () =>
        Effect.sync(() => {
          done()
          leave()
        })
      )
      // The last operation, as for each admission: whoever asked has the permit in the same step.
      return Effect.flatMap(waited, () =>
        Effect.sync(() => {
          done()
          return this.permit(asking)
        })
      )
    })
  }

  private cost(request: ModelRequest.ModelRequest): number {
    const cost = Math.ceil((this.settings.estimate ?? estimate)(request))
    // What is no number costs nothing, rather than that nothing is ever sent again.
    return Math.max(0, cost) || 0
  }

  /** Until everything is there, and taken but for the place among those that run. */
  private wait(asking: Asking): Effect.Effect<void, LimitReached> {
    return Effect.gen(this, function* () {
      const { clock, waiter } = asking
      const { line } = this
      while (true) {
        if (line.first !== waiter) yield* this.sleep(asking, () => line.first === waiter)
        else if (this.isFull()) {
          this.scarce = "concurrency"
          yield* this.sleep(asking, () => !this.isFull())
        } else {
          const held = this.heldUntil - millisOf(clock)
          const wait = held > 0 ? held : yield* this.takeAll(asking)
          if (wait === undefined) return
          if (held > 0) this.scarce = "vendor"
          yield* this.pause(asking, wait)
        }
      }
    })
  }

  private isFull(): boolean {
    return this.active >= this.settings.concurrency
  }

  /** Takes of each quota; or gives back, and says how long to wait. */
  private takeAll(asking: Asking): Effect.Effect<number | undefined> {
    return Effect.gen(this, function* () {
      for (const want of asking.wants) {
        const taken = yield* want.quota.take(want.amount)
        if (typeof taken === "number") {
          this.scarce = want.limit
          this.giveBack(asking)
          return taken
        }
        asking.taken.push({ want, taken })
      }
      return undefined
    })
  }

  /** Sleeps in the line, for something that nobody can tell the time of. */
  private sleep(asking: Asking, ready: () => boolean): Effect.Effect<void, LimitReached> {
    const { clock, deadline, waiter } = asking
    return Effect.zipRight(
      this.queue(asking, undefined),
      Effect.suspend(() =>
        Effect.timeoutFail(this.line.sleep(waiter, ready), {
          duration: Math.max(0, deadline - millisOf(clock)),
          onTimeout: () => this.tooLong(asking, undefined)
        })
      )
    )
  }

  /** Sleeps for a time that is known, as the first of the line. */
  private pause(asking: Asking, millis: number): Effect.Effect<void, LimitReached> {
    const { clock, deadline } = asking
    if (millisOf(clock) + millis > deadline) return this.tooLong(asking, millis)
    return Effect.zipRight(this.queue(asking, millis), Effect.sleep(Math.min(millis, AGAIN)))
  }

  /** Counts it among those that wait, unless they are too many. */
  private queue({ info, waiter }: Asking, retryAfter: number | undefined): Effect.Effect<void, LimitReached> {
    return Effect.suspend(() => {
      if (waiter.queued) return Effect.void
      const { maxQueue } = this.settings
      if (this.waiting >= maxQueue) {
        return refusal(info, this.scarce, `${maxQueue} attempts wait already`, retryAfter)
      }
      waiter.queued = true
      this.waiting++
      return Effect.void
    })
  }

  private tooLong({ info }: Asking, millis: number | undefined): LimitReached {
    const { maxWait } = this.settings
    return refusal(info, this.scarce, `an attempt waits ${maxWait} ms at most, which is not enough`, millis)
  }

  private permit(asking: Asking): Permit {
    this.active++
    this.leave(asking)
    const { clock } = asking
    return {
      ...(this.settings.adaptive && {
        began: ({ headers }) => Effect.sync(() => this.hold(clock, heldBy(headers, clock.unsafeCurrentTimeMillis())))
      }),
      settle: (outcome) => Effect.sync(() => this.settle(asking, outcome))
    }
  }

  private settle(asking: Asking, outcome: Outcome): void {
    this.active--
    const usage = outcome._tag === "Abandoned" ? undefined : outcome.attempt.usage
    if (usage?.inputTokens !== undefined || usage?.outputTokens !== undefined) {
      const cost = (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
      for (const { taken, want } of asking.taken) if (want.limit === "tokens") taken.correct(cost)
    }
    if (this.settings.adaptive && outcome._tag === "Failed") this.holdAfter(asking.clock, outcome)
    this.line.nudge()
  }

  /** Of several keys, one that is limited says nothing of the others. */
  private holdAfter(clock: Clock.Clock, { attempt, blame, error }: Extract<Outcome, { _tag: "Failed" }>): void {
    if (blame === "key") return
    const limited = error._tag === "RateLimited" ? bounded(error.retryAfterMillis ?? 0) : 0
    this.hold(clock, Math.max(limited, heldBy(attempt.headers, clock.unsafeCurrentTimeMillis())))
  }

  private hold(clock: Clock.Clock, millis: number): void {
    if (millis > 0) this.heldUntil = Math.max(this.heldUntil, millisOf(clock) + millis)
  }

  private giveUp(asking: Asking): void {
    this.giveBack(asking)
    this.leave(asking)
    this.line.nudge()
  }

  private giveBack(asking: Asking): void {
    for (const { taken } of asking.taken) taken.correct(0)
    asking.taken = []
  }

  private leave({ waiter }: Asking): void {
    if (waiter.queued) this.waiting--
    waiter.queued = false
    this.line.leave(waiter)
  }
}

const refusal = (
  { attempt, model, protocol, provider }: AttemptInfo,
  limit: string,
  description: string,
  retryAfterMillis?: number
): LimitReached =>
  new LimitReached({
    provider,
    protocol,
    model,
    attempt,
    limit,
    description: `the limit of ${limit} was reached: ${description}`,
    ...(retryAfterMillis !== undefined && { retryAfterMillis: Math.ceil(retryAfterMillis) })
  })
