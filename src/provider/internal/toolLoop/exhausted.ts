/**
 * The error of a loop that would need more steps than it may make.
 */
import * as Schema from "effect/Schema"
import { Checkpoint } from "./progress.js"

/**
 * A loop made as many steps as it may, and the model is not done. The calls of the last step were run.
 *
 * `checkpoint` has everything so far: `ToolLoop.progress` gives its conversation, answers and usage, and with a higher
 * `maxSteps` it can go on `from` it.
 *
 * @since 0.1.0
 * @category errors
 */
export class StepsExhausted extends Schema.TaggedError<StepsExhausted>("effect-redial/StepsExhausted")(
  "StepsExhausted",
  {
    /** How many steps were allowed. */
    maxSteps: Schema.Number,
    checkpoint: Checkpoint
  }
) {
  override get message(): string {
    const { length } = this.checkpoint.steps
    return `The model is not done after ${length} ${length === 1 ? "step" : "steps"}: raise \`maxSteps\` (${this.maxSteps}), stop earlier with \`stopWhen\`, or go on \`from\` the checkpoint.`
  }
}
