/**
 * The permission of one attempt: asked for once, whoever pulls, and settled exactly once, when the scope of the attempt
 * closes.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Fault } from "../../model/internal/fault.js"
import { toFault } from "../../model/internal/fromFault.js"
import type { ProviderError } from "../../model/ProviderError.js"
import type { Admission, AttemptInfo, Outcome, Permit } from "../Admission.js"

export interface Options {
  /** The permit is settled when it closes. */
  readonly scope: Scope.Scope
  readonly admission: Admission
  readonly info: AttemptInfo
  readonly clock: Clock.Clock
  /** Learns that the attempt waits, and then how long it did, in milliseconds, whatever came of it. */
  readonly report: { readonly queued: () => void; readonly admitted: (millis: number) => void }
}

export class Admitting {
  private outcome: Outcome = { _tag: "Abandoned" }
  private permit: Permit | undefined
  private waiting: Fiber.RuntimeFiber<void, ProviderError> | undefined
  private begun = false

  private constructor(private readonly options: Options) {}

  /** Its permit is settled after whatever is added to the scope later. */
  static make(options: Options): Effect.Effect<Admitting> {
    const admitting = new Admitting(options)
    return Effect.as(Scope.addFinalizer(options.scope, admitting.settle), admitting)
  }

  /** Waits for permission. A pull that is interrupted keeps the place in the queue for the next one. */
  readonly admitted: Effect.Effect<void, Fault> = Effect.suspend(() =>
    this.permit !== undefined
      ? Effect.void
      : Effect.zipRight(
          this.ask,
          Effect.mapError(
            Effect.suspend(() => Fiber.join(this.waiting!)),
            toFault
          )
        )
  )

  /** Events came: what to tell the permit of the first of them. */
  began(headers: Readonly<Record<string, string>> | undefined): Effect.Effect<void> | undefined {
    if (this.begun) return undefined
    this.begun = true
    const told = this.permit?.began?.({ headers: headers ?? {} })
    return told && Effect.uninterruptible(told)
  }

  /** Says what the permit is settled with, once the scope closes. */
  ended(outcome: Outcome): void {
    this.outcome = outcome
  }

  /** In a fiber of its own, which ends with the scope of the attempt and not with the pull. */
  private readonly ask: Effect.Effect<void> = Effect.suspend(() => {
    if (this.waiting !== undefined) return Effect.void
    const { admission, clock, info, report } = this.options
    const askedAt = clock.unsafeCurrentTimeMillis()
    report.queued()
    const asking = Effect.uninterruptibleMask((restore) =>
      Effect.map(restore(Effect.interruptible(admission.admit(info))), (permit) => {
        this.permit = permit
      })
    ).pipe(Effect.ensuring(Effect.sync(() => report.admitted(clock.unsafeCurrentTimeMillis() - askedAt))))
    return Effect.map(Effect.forkDaemon(asking), (fiber) => {
      this.waiting = fiber
    })
  }).pipe(Effect.uninterruptible)

  private readonly settle: Effect.Effect<void> = Effect.suspend(() =>
    Effect.zipRight(
      this.waiting === undefined ? Effect.void : Fiber.interrupt(this.waiting),
      Effect.suspend(() => this.permit?.settle(this.outcome) ?? Effect.void)
    )
  )
}
