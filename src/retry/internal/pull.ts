/**
 * What an answer is before it is a `Stream`: an effect that gives the next pieces, made in a scope. Whoever takes an answer
 * whole takes it from here and needs no stream; a stream made here is a single channel.
 */
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as EffectFiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

export type Fiber = EffectFiber.RuntimeFiber<unknown, unknown>

/** The next pieces, at least one, for the fiber that asks; undefined at the end. */
export type Pull<A, E> = (fiber: Fiber) => Effect.Effect<ReadonlyArray<A> | undefined, E>

/** Begins an answer, whose connection ends with the scope. */
export type Open<A, E> = (scope: Scope.Scope) => Effect.Effect<Pull<A, E>, E>

/**
 * As `Stream.fromPull`, but flat: that one runs a channel in a channel in a channel, through which each piece goes, and
 * which are closed one by one. With it `npm run bench:guard` counts 1,230 operations for a short answer and 37 for each
 * piece, where these are 789 and 23.
 */
export const toStream = <A, E>(open: Open<A, E>): Stream.Stream<A, E> =>
  Stream.fromChannel(
    Channel.acquireUseRelease(
      Effect.map(Scope.make(), (scope) => ({ scope, delivery: new Delivery<A>() })),
      ({ delivery, scope }) => Channel.unwrap(Effect.map(open(scope), (pull) => emit(pull, delivery))),
      ({ delivery, scope }, exit) => {
        delivery.end()
        return Scope.close(scope, exit)
      }
    )
  )

const emit = <A, E>(pull: Pull<A, E>, delivery: Delivery<A>): Channel.Channel<Chunk.Chunk<A>, unknown, E> => {
  const next = Effect.withFiberRuntime<ReadonlyArray<A> | undefined, E>((fiber) => {
    if (delivery.isTo(fiber)) return pull(fiber)
    const dropped = delivery.droppedBefore(fiber)
    return Effect.zipRight(
      FiberRef.set(received, delivery.begin(fiber, dropped !== undefined)),
      dropped === undefined ? pull(fiber) : Effect.succeed(dropped)
    )
  })
  const rest: Channel.Channel<Chunk.Chunk<A>, unknown, E> = Channel.flatMap(Channel.fromEffect(next), (pieces) => {
    delivery.made(pieces)
    return pieces === undefined
      ? Channel.void
      : Channel.flatMap(Channel.write(Chunk.unsafeFromArray(pieces)), () => rest)
  })
  return rest
}

/** The latest hand that took a pull's result; a fiber passes it on together with its own result. */
const received: FiberRef.FiberRef<unknown> = FiberRef.unsafeMake<unknown>(undefined)

/** A fiber that pulls, and what it was given last. */
interface Hand<A> {
  readonly fiber: Fiber
  /** Says who holds the hand, and holds no fiber itself. */
  readonly token: object
  pieces: ReadonlyArray<A> | undefined
  /** Whether the fiber ended before anybody told it to stop. */
  endedByItself: boolean
  /** Whether it was given what another fiber dropped: nothing is given a third time. */
  readonly isAgain: boolean
}

/**
 * A pull runs in a fiber of its own where it has a timeout, and can succeed in the moment in which the timeout wins: its
 * pieces are then thrown away. That is known by three signs: the fiber ended by itself, it was told to stop after that,
 * and its `FiberRef`s, which go with its result, have not reached the fiber that pulls next. Then that one gets the pieces.
 */
class Delivery<A> {
  private hand: Hand<A> | undefined
  private readonly ended = (): void => {
    if (this.hand !== undefined) this.hand.endedByItself = !isToldToStop(this.hand.fiber)
  }

  isTo(fiber: Fiber): boolean {
    return this.hand?.fiber === fiber
  }

  begin(fiber: Fiber, isAgain: boolean): object {
    this.end()
    this.hand = { fiber, token: {}, pieces: undefined, endedByItself: false, isAgain }
    fiber.addObserver(this.ended)
    return this.hand.token
  }

  made(pieces: ReadonlyArray<A> | undefined): void {
    if (this.hand !== undefined) this.hand.pieces = pieces
  }

  droppedBefore(fiber: Fiber): ReadonlyArray<A> | undefined {
    const { hand } = this
    if (hand === undefined || !hand.endedByItself || !isToldToStop(hand.fiber)) return undefined
    if (fiber.getFiberRef(received) === hand.token || hand.isAgain) return undefined
    return hand.pieces
  }

  end(): void {
    this.hand?.fiber.removeObserver(this.ended)
  }
}

const isToldToStop = (fiber: Fiber): boolean => !Cause.isEmpty(fiber.getFiberRef(FiberRef.interruptedCause))

/** As `Stream.unwrap`, which puts another channel around every piece too: 140 operations an answer, and 2 a piece. */
export const unwrap = <A, E, R, E2, R2>(
  stream: Effect.Effect<Stream.Stream<A, E, R>, E2, R2>
): Stream.Stream<A, E | E2, R | R2> => Stream.fromChannel(Channel.unwrap(Effect.map(stream, Stream.toChannel)))
