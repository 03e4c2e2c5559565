/**
 * The permits of one attempt: asked for in order, kept from the moment each of them is there, and settled once.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ProviderError } from "../../model/ProviderError.js"
import type { Admission, AttemptInfo, Began, Outcome, Permit } from "../Admission.js"

/** Several admissions as one. */
export class All implements Admission {
  /** Those of an `all` within it are its own. */
  readonly admissions: ReadonlyArray<Admission>

  constructor(admissions: ReadonlyArray<Admission>) {
    this.admissions = admissions.flatMap(partsOf)
  }

  /** For admissions that wrap this one: a provider asks the parts itself, and keeps each permit in the step that gives it. */
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

  /** Asks all of an admission. Where one refuses, or is interrupted, those before it are given back. */
  ask(admission: Admission, attempt: AttemptInfo): Effect.Effect<void, ProviderError> {
    const parts = partsOf(admission)
    const rest = (at: number): Effect.Effect<void, ProviderError> => {
      const next = parts[at]
      if (next === undefined) return Effect.void
      return Effect.flatMap(
        // In a place of its own, so that an admission that throws is one that dies.
        Effect.suspend(() => next.admit(attempt)),
        (permit) => {
          // In the very step that gives it: after the next one an interruption could have taken it away.
          this.got.push(permit)
          return rest(at + 1)
        }
      )
    }
    return Effect.onError(rest(0), () => this.settle({ _tag: "Abandoned" }))
  }

  /** What to tell of an answer that begins; undefined where nobody wants to hear of it. */
  beginning(answer: Began): Effect.Effect<void> | undefined {
    const curious = this.got.filter(({ began }) => began !== undefined)
    return curious.length === 0
      ? undefined
      : inTurn(curious.map((permit) => () => permit.began?.(answer) ?? Effect.void))
  }

  readonly began = (answer: Began): Effect.Effect<void> => this.beginning(answer) ?? Effect.void

  readonly settle = (outcome: Outcome): Effect.Effect<void> =>
    Effect.suspend(() => {
      // Nobody finds them a second time.
      const permits = this.got.reverse()
      this.got = []
      return Effect.uninterruptible(inTurn(permits.map((permit) => () => permit.settle(outcome))))
    })
}

/** One that dies keeps no other from being told. */
const inTurn = (tells: ReadonlyArray<() => Effect.Effect<void>>): Effect.Effect<void> =>
  Effect.asVoid(
    Effect.flatMap(
      Effect.forEach(tells, (tell) => Effect.exit(Effect.suspend(tell))),
      (exits) => Option.getOrElse(Exit.all(exits), () => Exit.void)
    )
  )
