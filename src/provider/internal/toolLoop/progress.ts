/**
 * The progress of a loop: what a checkpoint contains, what follows from it, and the next action. Pure, so a loop that
 * continues from a stored checkpoint decides like the one that stored it.
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
 * The progress of a loop, for storing. The number of its steps, its conversation, its usage and its cost follow from
 * it: see `ToolLoop.progress`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Checkpoint = Schema.Struct({
  /** The conversation before the first step. */
  prompt: Schema.Array(Prompt.Message),
  /** The answers so far, whose ends were proven. */
  steps: Schema.Array(Step),
  /** The answer of the next step, as far as it arrived. */
  answer: Schema.optional(Answer.Checkpoint)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Checkpoint = typeof Checkpoint.Type

/**
 * The progress of a loop.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  /** All answers, in order; one for each step. */
  readonly responses: ReadonlyArray<ModelResponse>
  /** The conversation: the prompt, all answers, and the results so far. Store it to continue it later. */
  readonly prompt: Prompt.Prompt
  /** The tokens of all answers, with all their attempts. */
  readonly usage: Usage.Usage
  /** Whether that is all of it: if a provider did not report its usage it is false, and the real cost is higher. */
  readonly exact: boolean
  /** The cost of `usage`; none without a `price`, and if the cost is unknown. */
  readonly cost: Option.Option<number>
}

/**
 * The result of a loop.
 *
 * @since 0.1.0
 * @category models
 */
export interface Result extends Progress {
  /** The text of the last message of the model, even if it came in several answers because of a `pause`. */
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
  // Written this way so that NaN does not make the loop endless.
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

/** Adds an answer whose end was proven as a step. */
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
