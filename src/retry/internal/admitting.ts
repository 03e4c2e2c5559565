/**
 * The permission of one attempt: requested once, whoever pulls, and settled exactly once, when the scope of the attempt
 * closes.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Fault } from "../../model/internal/fault.js"
import { toFault } from "../../model/internal/fromFault.js"
import type { ProviderError } from "../../model/ProviderError.js"
import type { Admission, AttemptInfo, Outcome } from "../Admission.js"
import { Permits } from "./permits.js"

/** Called when the attempt starts to wait, and when it stops, whatever the result. */
export interface Queue {
  readonly queued: () => void
  readonly left: () => void
}

export class Admitting {
  private outcome: Outcome = { _tag: "Abandoned" }
  private readonly permits = new Permits()
  private waiting: Fiber.RuntimeFiber<void, ProviderError> | undefined
  private begun = false

  private constructor(
    private readonly admission: Admission,
    private readonly info: AttemptInfo,
    private readonly queue: Queue | undefined
  ) {}

  /** The permit is settled after everything that is added to the scope later. */
  static make(
    scope: Scope.Scope,
    admission: Admission,
    info: AttemptInfo,
    queue?: Queue | undefined
  ): Effect.Effect<Admitting> {
    const admitting = new Admitting(admission, info, queue)
    return Effect.as(Scope.addFinalizer(scope, admitting.settle), admitting)
  }

  /** Waits for permission. An interrupted pull keeps the place in the queue for the next one. */
  readonly admitted: Effect.Effect<void, Fault> = Effect.suspend(() =>
    Effect.zipRight(
      this.ask,
      Effect.mapError(
        Effect.suspend(() => Fiber.join(this.waiting!)),
        toFault
      )
    )
  )

  /** Events came: returns what reports the first of them to the permit. */
  began(headers: Readonly<Record<string, string>> | undefined): Effect.Effect<void> | undefined {
    if (this.begun) return undefined
    this.begun = true
    const told = this.permits.beginning({ headers: headers ?? {} })
    return told && Effect.uninterruptible(told)
  }

  /** Sets the outcome that the permit is settled with, once the scope closes. */
  ended(outcome: Outcome): void {
    this.outcome = outcome
  }

  /** In a fiber of its own, which ends with the scope of the attempt and not with the pull. */
  private readonly ask: Effect.Effect<void> = Effect.suspend(() => {
    if (this.waiting !== undefined) return Effect.void
    this.queue?.queued()
    const asking = Effect.ensuring(
      Effect.interruptible(this.permits.ask(this.admission, this.info)),
      Effect.sync(() => this.queue?.left())
    )
    return Effect.map(Effect.forkDaemon(asking), (fiber) => {
      this.waiting = fiber
    })
  }).pipe(Effect.uninterruptible)

  private readonly settle: Effect.Effect<void> = Effect.suspend(() =>
    Effect.zipRight(
      this.waiting === undefined ? Effect.void : Fiber.interrupt(this.waiting),
      Effect.suspend(() => this.permits.settle(this.outcome))
    )
  )
}
