/**
 * How far a loop is: what a checkpoint holds, what follows of it, and what is to be done next. Pure, so a loop that goes on
 * from a stored checkpoint decides as the one that stored it.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Answer from "../../../model/Checkpoint.js"
import { ModelResponse, totalUsage } from "../../../model/ModelResponse.js"
import * as Prompt from "../../../model/Prompt.js"
import * as Usage from "../../../model/Usage.js"

/**
 * One answer of the model, with the results of its calls.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Step = Schema.Struct({
  response: ModelResponse,
  /** The results of `response.toolCalls`, in their order. `null`: the call has no result yet. */
  results: Schema.Array(Schema.NullOr(Prompt.ToolResultPart))
})

/**
 * @since 0.1.0
 * @category models
 */
export type Step = typeof Step.Type

/**
 * How far a loop is, for storing. The number of its steps, its conversation, its usage and its cost follow from it: see
 * `ToolLoop.progress`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Checkpoint = Schema.Struct({
  /** The conversation as it was before the first step. */
  prompt: Schema.Array(Prompt.Message),
  /** The answers so far, whose ends were proven. */
  steps: Schema.Array(Step),
  /** The answer of the next step, as far as it came. */
  answer: Schema.optional(Answer.Checkpoint)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Checkpoint = typeof Checkpoint.Type

/**
 * What a loop has done so far.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  /** All answers, in order; one for each step. */
  readonly responses: ReadonlyArray<ModelResponse>
  /** The conversation: what was asked, all answers, and the results that are there. Store it, and go on from it later. */
  readonly prompt: Prompt.Prompt
  /** The tokens of all answers, with all their attempts. */
  readonly usage: Usage.Usage
  /** Whether that is all of it: false where a provider did not tell, and then the real cost is higher. */
  readonly exact: boolean
  /** What `usage` cost; none without a `price`, and where the cost is not known. */
  readonly cost: Option.Option<number>
}

/**
 * What a loop gives at its end.
 *
 * @since 0.1.0
 * @category models
 */
export interface Result extends Progress {
  /** The text of the last message of the model, also where it came in several answers because of a `pause`. */
  readonly text: string
  /** The last answer. */
  readonly response: ModelResponse
}

export type Next =
  | { readonly _tag: "Ask" }
  | { readonly _tag: "Run"; readonly step: Step }
  | { readonly _tag: "End"; readonly result: Result }
  | { readonly _tag: "Exhausted" }

export interface Bounds {
  readonly maxSteps: number
  readonly stopWhen: ((result: Result) => boolean) | undefined
  readonly price: Usage.Price | undefined
}

export const next = (self: Checkpoint, { maxSteps, price, stopWhen }: Bounds): Next => {
  const step = self.steps.at(-1)
  if (step !== undefined) {
    if (step.results.includes(null)) return { _tag: "Run", step }
    const isDone = step.results.length === 0 && step.response.finishReason.reason !== "pause"
    if (isDone || stopWhen?.(resultOf(self, step, price))) return { _tag: "End", result: resultOf(self, step, price) }
  }
  // Said this way around for what is not a number: it must not be endless.
  return self.steps.length < maxSteps ? { _tag: "Ask" } : { _tag: "Exhausted" }
}

/** The conversation as the next request sends it. */
export const conversation = ({ prompt, steps }: Checkpoint): Prompt.Prompt =>
  steps.reduce(
    (said, { response, results }) =>
      Prompt.toolResults(
        Prompt.append(said, response),
        results.filter((result) => result !== null)
      ),
    prompt
  )

export const progress = (self: Checkpoint, price: Usage.Price | undefined): Progress => {
  const responses = self.steps.map(({ response }) => response)
  const { exact, usage } = totalUsage({ attempts: responses.flatMap(({ attempts }) => attempts) })
  return {
    responses,
    prompt: conversation(self),
    usage,
    exact,
    cost: price === undefined ? Option.none() : Usage.cost(usage, price)
  }
}

const resultOf = (self: Checkpoint, { response }: Step, price: Usage.Price | undefined): Result => {
  const made = progress(self, price)
  const before = made.responses.slice(0, -1)
  const paused = before.length - 1 - before.findLastIndex(({ finishReason }) => finishReason.reason !== "pause")
  const texts = made.responses.slice(before.length - paused).map(({ text }) => text)
  return { ...made, response, text: texts.join("") }
}

/** An answer whose end was proven makes a step. */
export const answered =
  (response: ModelResponse) =>
  ({ prompt, steps }: Checkpoint): Checkpoint => ({
    prompt,
    steps: [...steps, { response, results: response.toolCalls.map(() => null) }]
  })

/** The result of a call of the last step. */
export const withResult =
  (at: number, result: Prompt.ToolResultPart) =>
  (self: Checkpoint): Checkpoint => ({
    ...self,
    steps: self.steps.map((step, index) =>
      index === self.steps.length - 1 ? { ...step, results: step.results.with(at, result) } : step
    )
  })
