/**
 * A point in a reply that a test can wait for and hold, so that no test has to sleep.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * Closed until opened, then open for good.
 *
 * @since 0.1.0
 * @category models
 */
export interface Gate {
  readonly _tag: "Gate"
  /** Resolves when a reply has come to this gate: everything before it was handed to the network. */
  readonly reached: Effect.Effect<void>
  /** Lets every reply pass, now and later. */
  readonly open: Effect.Effect<void>
  /** What the server runs: reports its arrival, and waits until the gate is open. */
  readonly pass: Effect.Effect<void>
}

/**
 * How long a reply waits: a duration by Effect's clock (a number is milliseconds), or until a gate opens.
 *
 * @since 0.1.0
 * @category models
 */
export type Wait = Duration.DurationInput | Gate

export const make = (): Effect.Effect<Gate> =>
  Effect.gen(function* () {
    const reached = yield* Deferred.make<void>()
    const opened = yield* Deferred.make<void>()
    return {
      _tag: "Gate",
      reached: Deferred.await(reached),
      open: Effect.asVoid(Deferred.succeed(opened, undefined)),
      pass: Effect.zipRight(Deferred.succeed(reached, undefined), Deferred.await(opened))
    }
  })

const isGate = (wait: Wait): wait is Gate => typeof wait === "object" && "_tag" in wait && wait._tag === "Gate"

export const pass = (wait: Wait): Effect.Effect<void> =>
  isGate(wait) ? wait.pass : Effect.sleep(Duration.decode(wait))
