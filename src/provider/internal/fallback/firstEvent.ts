/**
 * The first pieces of a provider, unless they are late. Time in which nobody pulls does not count.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Pull } from "../../../retry/internal/pull.js"

export class FirstEvent<A, E> {
  /** The first pull, in a fiber of its own: an interrupted wait for it loses nothing. */
  private first: Fiber.RuntimeFiber<ReadonlyArray<A> | undefined, E> | undefined
  /** In milliseconds. */
  private waited = 0

  constructor(
    private readonly options: {
      readonly pull: Pull<A, E>
      /** The pull ends with it. */
      readonly scope: Scope.Scope
      readonly clock: Clock.Clock
      /** How long the first event is waited for, in milliseconds. */
      readonly millis: number
      /** Whether it came: the pieces may take longer. */
      readonly isAnswered: () => boolean
      readonly late: () => E
    }
  ) {}

  /** Whether nobody waits for the first event any more. */
  get isOver(): boolean {
    return this.first === undefined && this.options.isAnswered()
  }

  readonly wait: Effect.Effect<ReadonlyArray<A> | undefined, E> = Effect.suspend(() =>
    Effect.flatMap(this.begun(), (first) =>
      Effect.map(Effect.raceFirst(Fiber.join(first), this.deadline()), (pieces) => {
        this.first = undefined
        return pieces
      })
    )
  )

  private begun(): Effect.Effect<Fiber.RuntimeFiber<ReadonlyArray<A> | undefined, E>> {
    if (this.first !== undefined) return Effect.succeed(this.first)
    const { pull, scope } = this.options
    // A fiber forked in an uninterruptible region is uninterruptible, and the end of the call would wait for it.
    const pulling = Effect.interruptible(Effect.withFiberRuntime<ReadonlyArray<A> | undefined, E>(pull))
    return Effect.map(Effect.forkIn(pulling, scope), (fiber) => {
      this.first = fiber
      return fiber
    }).pipe(Effect.uninterruptible)
  }

  private deadline(): Effect.Effect<never, E> {
    const { clock, isAnswered, late, millis } = this.options
    const since = clock.unsafeCurrentTimeMillis()
    return Effect.sleep(Math.max(0, millis - this.waited)).pipe(
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          this.waited += clock.unsafeCurrentTimeMillis() - since
        })
      ),
      Effect.flatMap(() => (isAnswered() ? Effect.never : Effect.fail(late())))
    )
  }
}
