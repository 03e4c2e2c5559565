/**
 * One run of a loop: ask, run the calls, and repeat until there is nothing to run. `generate` and `stream` differ only
 * in how they ask and in who is told.
 */
import * as Effect from "effect/Effect"
import type { ModelResponse } from "../../../model/ModelResponse.js"
import type * as Prompt from "../../../model/Prompt.js"
import type { Calls } from "./calls.js"
import type { End, ToolResult } from "./events.js"
import { StepsExhausted } from "./exhausted.js"
import * as Progress from "./progress.js"

/** What is reported of a run besides the events of its answers. */
export type Told = ToolResult | End

export interface Plan<E, R> {
  readonly begin: Progress.Checkpoint
  readonly bounds: Progress.Bounds
  readonly concurrency: number | "unbounded"
  readonly calls: Calls<E, R>
  /** Asks for the answer of a step. Emits nothing of its end before `proven` is done with its response. */
  readonly ask: (
    at: Progress.Checkpoint,
    proven: (response: ModelResponse) => Effect.Effect<void, E, R>
  ) => Effect.Effect<void, E, R>
  readonly save: (checkpoint: Progress.Checkpoint) => Effect.Effect<unknown, E, R>
  readonly tell: (told: Told) => Effect.Effect<void>
}

export const run = <E, R>(self: Plan<E, R>): Effect.Effect<Progress.Result, E | StepsExhausted, R> =>
  Effect.gen(function* () {
    let checkpoint = self.begin
    // Changes the state when it runs, not when it is made: results wait for each other.
    const keep = (change: (known: Progress.Checkpoint) => Progress.Checkpoint) =>
      Effect.suspend(() => {
        checkpoint = change(checkpoint)
        return Effect.asVoid(self.save(checkpoint))
      })
    while (true) {
      const next = Progress.next(checkpoint, self.bounds)
      switch (next._tag) {
        case "Ask":
          yield* self.ask(checkpoint, (response) => keep(Progress.answered(response)))
          break
        case "Run":
          yield* runCalls(self, next.step, checkpoint.steps.length, (at, result) =>
            keep(Progress.withResult(at, result))
          )
          break
        case "Exhausted":
          return yield* new StepsExhausted({ maxSteps: self.bounds.maxSteps, checkpoint })
        case "End":
          yield* self.tell(next)
          return next.result
      }
    }
  })

const runCalls = <E, R>(
  { calls, concurrency, tell }: Plan<E, R>,
  { response, results }: Progress.Step,
  step: number,
  keep: (at: number, result: Prompt.ToolResultPart) => Effect.Effect<void, E, R>
): Effect.Effect<void, E, R> =>
  Effect.flatMap(calls(response), (effects) => {
    // Sequential: the last stored checkpoint must not lack a result that an earlier one had.
    const inTurn = Effect.unsafeMakeSemaphore(1).withPermits(1)
    const missing = response.toolCalls.flatMap((call, at) => {
      const effect = effects[at]
      return results[at] !== null || effect === undefined ? [] : [{ at, call, effect }]
    })
    return Effect.forEach(
      missing,
      ({ at, call, effect }) =>
        // A call that has run counts as run: nothing comes between its result and the store.
        Effect.uninterruptibleMask((restore) => Effect.tap(restore(effect), (result) => inTurn(keep(at, result)))).pipe(
          Effect.flatMap((result) => tell({ _tag: "ToolResult", step, call, result }))
        ),
      { concurrency, discard: true }
    )
  })
