/** The permits of one attempt: requested in order, each kept from the moment it is granted, and settled once. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ProviderError } from "../../model/ProviderError.js"
import type { Admission, AttemptInfo, Began, Outcome, Permit } from "../Admission.js"

/** Several admissions as one. */
export class All implements Admission {
  /** The parts of an `all` within it count as its own. */
  readonly admissions: ReadonlyArray<Admission>

  constructor(admissions: ReadonlyArray<Admission>) {
    this.admissions = admissions.flatMap(partsOf)
  }

  /**
   * For admissions that wrap this one: a provider asks the parts itself, and keeps each permit in the step that grants
   * it.
   */
  admit(attempt: AttemptInfo): Effect.Effect<Permit, ProviderError> {
    return Effect.suspend(() => {
      const permits = new Permits()
      return Effect.as(permits.ask(this, attempt), permits)
    })
  }
}

const partsOf = (admission: Admission): ReadonlyArray<Admission> =>
  admission instanceof All ? admission.admissions : [admission]

export class Permits implements Permit {
  private got: Array<Permit> = []

  /** Asks all parts of an admission. If one refuses, or is interrupted, the earlier permits are returned. */
  ask(admission: Admission, attempt: AttemptInfo): Effect.Effect<void, ProviderError> {
    const parts = partsOf(admission)
    const rest = (at: number): Effect.Effect<void, ProviderError> => {
      const next = parts[at]
      if (next === undefined) return Effect.void
      return Effect.flatMap(
        // In a suspended effect, so that an admission that throws counts as one that dies.
        Effect.suspend(() => next.admit(attempt)),
        (permit) => {
          // In the very step that grants it: after the next step, an interruption could have taken it away.
          this.got.push(permit)
          return rest(at + 1)
        }
      )
    }
    return Effect.onError(rest(0), () => this.settle({ _tag: "Abandoned" }))
  }

  /** What to report of an answer that begins; undefined if no permit listens. */
  beginning(answer: Began): Effect.Effect<void> | undefined {
    const curious = this.got.filter(({ began }) => began !== undefined)
    return curious.length === 0
      ? undefined
      : inTurn(curious.map((permit) => () => permit.began?.(answer) ?? Effect.void))
  }

  readonly began = (answer: Began): Effect.Effect<void> => this.beginning(answer) ?? Effect.void

  readonly settle = (outcome: Outcome): Effect.Effect<void> =>
    Effect.suspend(() => {
      // Each permit is settled only once.
      const permits = this.got.reverse()
      this.got = []
      return Effect.uninterruptible(inTurn(permits.map((permit) => () => permit.settle(outcome))))
    })
}

/** If one dies, the others are still told. */
const inTurn = (tells: ReadonlyArray<() => Effect.Effect<void>>): Effect.Effect<void> =>
  Effect.asVoid(
    Effect.flatMap(
      Effect.forEach(tells, (tell) => Effect.exit(Effect.suspend(tell))),
      (exits) => Option.getOrElse(Exit.all(exits), () => Exit.void)
    )
  )
