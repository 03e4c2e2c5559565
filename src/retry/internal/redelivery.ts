/**
 * Delivers the pieces of a pull again if they were lost together with the fiber that pulled them.
 *
 * A pull with a timeout runs in its own fiber, and can succeed in the moment in which the timeout wins: its pieces are
 * then lost. Three signs show this: the fiber ended by itself, it was told to stop after that, and its `FiberRef`s,
 * which travel with its result, have not reached the fiber that pulls next. Then that fiber gets the pieces.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import type { Fiber, Pull } from "./pull.js"

/** The token of the latest fiber that pulled; a fiber passes it on together with its result. */
const received: FiberRef.FiberRef<unknown> = FiberRef.unsafeMake<unknown>(undefined)

/** A fiber that pulls, and its last pieces. */
interface Hand<A> {
  readonly fiber: Fiber
  /** Represents this delivery in `received`. It holds no fiber, so it keeps none alive. */
  readonly token: object
  pieces: ReadonlyArray<A> | undefined
  /** Whether the fiber ended before anybody told it to stop. */
  endedByItself: boolean
  /** Whether it received what another fiber had lost: nothing is delivered a third time. */
  readonly isAgain: boolean
}

export class Redelivery<A> {
  private hand: Hand<A> | undefined
  private readonly ended = (): void => {
    if (this.hand !== undefined) this.hand.endedByItself = !isToldToStop(this.hand.fiber)
  }

  /** What this fiber gets next. A fiber that pulls again has received its last pieces. */
  next<E>(fiber: Fiber, pull: Pull<A, E>): Effect.Effect<ReadonlyArray<A> | undefined, E> {
    if (this.hand?.fiber === fiber) return pull(fiber)
    const dropped = this.droppedBefore(fiber)
    const token = this.take(fiber, dropped !== undefined)
    return Effect.zipRight(FiberRef.set(received, token), dropped === undefined ? pull(fiber) : Effect.succeed(dropped))
  }

  /** Called in the fiber that pulled, with the result. */
  given(pieces: ReadonlyArray<A> | undefined): void {
    if (this.hand !== undefined) this.hand.pieces = pieces
  }

  end(): void {
    this.hand?.fiber.removeObserver(this.ended)
  }

  private take(fiber: Fiber, isAgain: boolean): object {
    this.end()
    this.hand = { fiber, token: {}, pieces: undefined, endedByItself: false, isAgain }
    fiber.addObserver(this.ended)
    return this.hand.token
  }

  private droppedBefore(fiber: Fiber): ReadonlyArray<A> | undefined {
    const { hand } = this
    if (hand === undefined || hand.isAgain || !hand.endedByItself || !isToldToStop(hand.fiber)) return undefined
    return fiber.getFiberRef(received) === hand.token ? undefined : hand.pieces
  }
}

const isToldToStop = (fiber: Fiber): boolean => !Cause.isEmpty(fiber.getFiberRef(FiberRef.interruptedCause))
