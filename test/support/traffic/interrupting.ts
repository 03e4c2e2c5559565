/**
 * An interruption between any two operations of an admission that is asked.
 */
import { Effect, Exit, Fiber, FiberId, Scheduler, Scope } from "effect"
import type { Admission } from "effect-redial"
import { Admitting } from "../../../src/retry/internal/admitting.js"

type Queue = Parameters<typeof Admitting.make>[3]

/** Interrupts the fiber that it runs in at one operation; `came` says whether there was such an operation. */
const interruptingAt = (at: number) => {
  let operations = 0
  let came = false
  const scheduler: Scheduler.Scheduler = {
    shouldYield: (fiber) => {
      if (++operations !== at) return false
      came = true
      fiber.unsafeInterruptAsFork(FiberId.none)
      return 0
    },
    scheduleTask: (task, priority) => Scheduler.defaultScheduler.scheduleTask(task, priority)
  }
  return { scheduler, came: () => came }
}

/**
 * Asks an admission again and again, interrupted one operation later each time, and ends the attempt; `left` then looks at
 * what is left of it. Gives how many operations there are.
 */
export const atEachOperation = <E, R, E2, R2>(
  ask: Effect.Effect<
    { readonly admission: Admission.Admission; readonly info: Admission.AttemptInfo; readonly queue?: Queue },
    E,
    R
  >,
  left: (at: number, admission: Admission.Admission) => Effect.Effect<void, E2, R2>
): Effect.Effect<number, E | E2, R | R2> =>
  Effect.gen(function* () {
    for (let at = 1; ; at++) {
      const { admission, info, queue } = yield* ask
      const { came, scheduler } = interruptingAt(at)
      const scope = yield* Scope.make()
      const admitting = yield* Admitting.make(scope, admission, info, queue)
      yield* Fiber.await(yield* Effect.fork(Effect.withScheduler(admitting.admitted, scheduler)))
      yield* Scope.close(scope, Exit.void)
      yield* left(at, admission)
      if (!came()) return at - 1
    }
  })
