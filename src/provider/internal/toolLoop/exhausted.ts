/** The error of a loop that reached its limit of steps. */
import * as Schema from "effect/Schema"
import { Checkpoint } from "./progress.js"

/**
 * A loop made the allowed number of steps, and the model is not done. The calls of the last step were run.
 *
 * `checkpoint` has everything so far: `ToolLoop.progress` gives its conversation, answers and usage. To continue, pass
 * it as `from` with a higher `maxSteps`.
 *
 * @since 0.1.0
 * @category errors
 */
export class StepsExhausted extends Schema.TaggedError<StepsExhausted>("effect-redial/StepsExhausted")(
  "StepsExhausted",
  {
    /** The allowed number of steps. */
    maxSteps: Schema.Number,
    checkpoint: Checkpoint
  }
) {
  override get message(): string {
    const { length } = this.checkpoint.steps
    return `The model is not done after ${length} ${length === 1 ? "step" : "steps"}: raise \`maxSteps\` (${this.maxSteps}), stop earlier with \`stopWhen\`, or continue \`from\` the checkpoint.`
  }
}
