/**
 * One call that is made again while nobody has answered it: the first that speaks wins, and the others are stopped.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"

/** One of the calls. */
export interface Racer {
  /** Counted from 0. */
  readonly number: number
  readonly startedAt: number
}

/** One that did not win. */
export interface Lost<out E> extends Racer {
  readonly endedAt: number
  /** Why it failed; undefined where it was stopped. */
  readonly cause: Cause.Cause<E> | undefined
}

export interface Won<out E> extends Racer {
  readonly spokeAt: number
  readonly lost: ReadonlyArray<Lost<E>>
}

export interface Options<A, E, R> {
  /** Holds all of them. They end with it. */
  readonly scope: Scope.Scope
  /** Makes one call, in a scope that is closed if it loses. It speaks when it says so, or when it has its result. */
  readonly call: (number: number, spoke: () => void, scope: Scope.Scope) => Effect.Effect<A, E, R>
  /** How many there may be besides the first. */
  readonly most: number
  /** How long nobody speaks before another one is made, in milliseconds. */
  readonly delay: () => number
  /** Whether another one may be made now. */
  readonly may: Effect.Effect<boolean>
  /** Told in the moment in which one has won. */
  readonly won: (won: Won<E>) => void
}

type Signal<E> =
  | { readonly _tag: "Late" }
  | { readonly _tag: "Spoke"; readonly by: number }
  | { readonly _tag: "Failed"; readonly by: number; readonly cause: Cause.Cause<E> }

interface Running<A, E> extends Racer {
  readonly scope: Scope.CloseableScope
  readonly fiber: Fiber.RuntimeFiber<A, E>
  failure: { readonly cause: Cause.Cause<E>; readonly at: number } | undefined
}

/** The result of the one that wins. Where all fail, it fails as the first did. */
export const race = <A, E, R>(options: Options<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const { call, delay, may, most, scope } = options
    const clock = yield* Effect.clock
    // Three signals at most come of each call.
    const signals = yield* Queue.unbounded<Signal<E>>()
    const racers: Array<Running<A, E>> = []
    let timer: Fiber.RuntimeFiber<unknown> | undefined

    /** Ends with the scope before the scopes of the calls do, or a call would take the end of its connection for a break. */
    const fork = <B, E2, R2>(effect: Effect.Effect<B, E2, R2>) =>
      Effect.tap(Effect.forkDaemon(Effect.interruptible(effect)), (fiber) =>
        Scope.addFinalizer(scope, Fiber.interrupt(fiber))
      )

    const start = Effect.gen(function* () {
      const number = racers.length
      const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
      const startedAt = clock.unsafeCurrentTimeMillis()
      let isSpeaking = false
      const spoke = (): void => {
        if (!isSpeaking) signals.unsafeOffer({ _tag: "Spoke", by: number })
        isSpeaking = true
      }
      const calling = Effect.onExit(call(number, spoke, own), (exit) =>
        Effect.sync(() =>
          Exit.isSuccess(exit) ? spoke() : signals.unsafeOffer({ _tag: "Failed", by: number, cause: exit.cause })
        )
      )
      racers.push({ number, startedAt, scope: own, fiber: yield* fork(calling), failure: undefined })
      if (number >= most) return
      timer = yield* fork(Effect.zipRight(Effect.sleep(delay()), Queue.offer(signals, { _tag: "Late" })))
    }).pipe(Effect.uninterruptible)

    const end = (winner: Running<A, E>, now: number): Effect.Effect<A, E> => {
      const others = racers.filter((racer) => racer !== winner)
      const lost = others.map(
        ({ failure, number, startedAt }): Lost<E> => ({
          number,
          startedAt,
          endedAt: failure?.at ?? now,
          cause: failure?.cause
        })
      )
      options.won({ number: winner.number, startedAt: winner.startedAt, spokeAt: now, lost })
      const stop = Effect.forEach(
        others,
        (racer) => Effect.zipRight(Fiber.interrupt(racer.fiber), Scope.close(racer.scope, Exit.void)),
        { concurrency: "unbounded", discard: true }
      )
      // Not waited for, so that what the winner said is not late; but the scope waits for it.
      const all = timer === undefined ? stop : Effect.zipRight(stop, Fiber.interrupt(timer))
      const stopping = Effect.flatMap(Effect.forkDaemon(all), (fiber) => Scope.addFinalizer(scope, Fiber.await(fiber)))
      return Effect.zipRight(Effect.uninterruptible(stopping), Fiber.join(winner.fiber))
    }

    yield* start
    while (true) {
      const signal = yield* Queue.take(signals)
      const now = clock.unsafeCurrentTimeMillis()
      if (signal._tag === "Late") {
        if (yield* may) yield* start
      } else {
        const racer = racers[signal.by]!
        if (signal._tag === "Spoke") return yield* end(racer, now)
        // A defect is not for another call to hide.
        if (Cause.isDie(signal.cause)) return yield* Effect.failCause(signal.cause)
        racer.failure = { cause: signal.cause, at: now }
        const [first] = racers
        if (first?.failure !== undefined && racers.every(({ failure }) => failure !== undefined))
          return yield* Effect.failCause(first.failure.cause)
      }
    }
  })
