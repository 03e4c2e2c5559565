/**
 * Runs the tools that a model calls, and asks again with their results, until the model is done.
 *
 * @example
 * ```ts
 * import { Provider, Tool, Toolkit, ToolLoop } from "effect-redial"
 * import { Effect, Schema } from "effect"
 *
 * const tools = ToolLoop.make(
 *   Toolkit.make(
 *     Tool.make("weather", { parameters: { city: Schema.String } }),
 *     Tool.make("add", { parameters: { a: Schema.Number, b: Schema.Number } })
 *   ),
 *   {
 *     weather: ({ city }) => Effect.succeed(`It is 18 degrees in ${city}.`),
 *     add: { run: ({ a, b }) => Effect.succeed(a + b), result: Schema.Number, timeout: "5 seconds" }
 *   }
 * )
 *
 * const answer = ToolLoop.generate(tools, {
 *   model: "claude-sonnet-5-5",
 *   prompt: "How warm are Oslo and Bergen together?"
 * }).pipe(Effect.map(({ text }) => text))
 * ```
 *
 * A handler runs once for each call of an answer whose end was proven, and never for a call that was cut. What it relies on,
 * and what a crash may repeat, is in docs/guarantees.md.
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Answer from "../model/Checkpoint.js"
import type { ModelEvent } from "../model/ModelEvent.js"
import type * as ModelRequest from "../model/ModelRequest.js"
import * as Prompt from "../model/Prompt.js"
import type { ProviderError } from "../model/ProviderError.js"
import type { Tool, VendorTool } from "../model/Tool.js"
import type { Toolkit } from "../model/Toolkit.js"
import type * as Usage from "../model/Usage.js"
import { toStream, unwrap } from "../retry/internal/pull.js"
import type { Delivery, EventOf } from "../retry/Recovery.js"
import { type Calls, prepare } from "./internal/toolLoop/calls.js"
import type { StepsExhausted } from "./internal/toolLoop/exhausted.js"
import type { Failures, Fitting, Handlers, Needs, Refusal } from "./internal/toolLoop/handlers.js"
import { type Plan, run, type Told } from "./internal/toolLoop/loop.js"
import * as Progress_ from "./internal/toolLoop/progress.js"
import { type StreamOptions as AnswerOptions, type CallOptions, Provider } from "./Provider.js"

export type { Calls } from "./internal/toolLoop/calls.js"
export { StepsExhausted } from "./internal/toolLoop/exhausted.js"
export type {
  Failures,
  Fitting,
  Handler,
  Handlers,
  Needs,
  Refusal,
  Run,
  Settings
} from "./internal/toolLoop/handlers.js"
export { Checkpoint, type Progress, type Result, Step } from "./internal/toolLoop/progress.js"

/**
 * Tools with what runs them. `E` is what can end a loop besides the provider's errors, `R` what the handlers need.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolLoop<out E = never, out R = never> {
  readonly toolkit: Toolkit<Tool | VendorTool>
  /** One effect for each call of a response, in order. Each runs its handler and gives what the model is told. */
  readonly calls: Calls<E, R>
}

/**
 * Puts a toolkit and its handlers together. A handler takes the decoded arguments of a call and the call; with settings it
 * is an object whose `run` it is.
 *
 * What the model is told of a call:
 *
 * - what `run` gives: a text as it is, else what `result` makes of it, as JSON; a `Prompt.toolResult` with its parts
 * - that the tool is unknown or the arguments do not fit, as an error, and nothing is run
 * - the message of a failure of `run`, as an error, unless `onFailure` is `"fail"`
 * - that it was refused by `approve`, or took longer than `timeout`, as an error
 *
 * A defect of a handler, and a value that its `result` does not encode, is a defect of the loop.
 *
 * Throws where a tool has no handler, a handler has no tool, or a setting cannot work.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <T extends Tool | VendorTool, const H extends Handlers<T>>(
  toolkit: Toolkit<T>,
  handlers: H & Fitting<T, H>
): ToolLoop<Failures<H>, Needs<T, H>> => ({
  toolkit,
  // What the handlers fail with and need is read from their types, which a record of them cannot say for each.
  calls: prepare(toolkit, handlers as Parameters<typeof prepare>[1]) as Calls<Failures<H>, Needs<T, H>>
})

/**
 * Refuses a call, for `approve`. The reason is told to the model.
 *
 * @since 0.1.0
 * @category approval
 */
export const refuse = (reason: string): Refusal => ({ _tag: "Refusal", reason })

/**
 * What the first step asks. The tools are those of the loop, in each step. So is `toolChoice`: a model that must call a tool
 * is done only by `stopWhen`.
 *
 * @since 0.1.0
 * @category models
 */
export type Request = Omit<ModelRequest.Options, "tools">

/**
 * What may be set for one run of a loop.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out E = never, out R = never> extends Omit<CallOptions, "from"> {
  /** The most answers to ask for, those before `from` included. Default: 20. */
  readonly maxSteps?: number | undefined
  /** Whether a loop that would go on ends. Asked when all calls of a step have their results. Default: never. */
  readonly stopWhen?: ((result: Progress_.Result) => boolean) | undefined
  /** How many calls of a step run at once. Default: all of them. */
  readonly concurrency?: number | "unbounded" | undefined
  /** For `cost`. Default: none, and the cost is not known. */
  readonly price?: Usage.Price | undefined
  /**
   * Stores how far the loop is: after each answer and after each result, before anybody is told of it. The loop waits for
   * it, and fails where it fails. It is not interrupted in the middle of storing a result. Default: nothing is stored.
   */
  readonly save?: ((checkpoint: Progress_.Checkpoint) => Effect.Effect<unknown, E, R>) | undefined
  /**
   * Goes on where a loop was, perhaps in another process. The conversation is that of the checkpoint, and the `prompt` of
   * the request is not read. Results that are there are not made again. Default: a new loop.
   */
  readonly from?: Progress_.Checkpoint | undefined
}

/**
 * What may be set for one run of a loop as a stream.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions<D extends Delivery = Delivery, out E = never, out R = never>
  extends Options<E, R>,
    Pick<AnswerOptions<D>, "delivery" | "raw"> {
  /**
   * Also stores the answer that is under way, no sooner than this after the last time, as `Checkpoint.save` does. A loop
   * that is killed in the middle of an answer then goes on in its middle. Default: not stored, and asked for anew.
   */
  readonly saveAnswer?: Duration.DurationInput | undefined
}

/**
 * An event of an answer, with the step that it belongs to, counted from 1.
 *
 * @since 0.1.0
 * @category events
 */
export interface Model<out A extends ModelEvent = ModelEvent> {
  readonly _tag: "Model"
  readonly step: number
  readonly event: A
}

/**
 * A call has its result. Results come in the order in which they are there.
 *
 * @since 0.1.0
 * @category events
 */
export interface ToolResult {
  readonly _tag: "ToolResult"
  readonly step: number
  readonly call: Prompt.ToolCallPart
  /** As the model is told. With `isError`, the call failed, was refused or did not fit. */
  readonly result: Prompt.ToolResultPart
}

/**
 * The loop is done. It comes once and last.
 *
 * @since 0.1.0
 * @category events
 */
export interface End {
  readonly _tag: "End"
  readonly result: Progress_.Result
}

/**
 * What the stream of a loop emits.
 *
 * @since 0.1.0
 * @category events
 */
export type Event<A extends ModelEvent = ModelEvent> = Model<A> | ToolResult | End

/**
 * All events of a loop: those of its answers, the results of the calls, and the end. Without `End` the stream fails.
 *
 * @example
 * ```ts
 * import { ToolLoop } from "effect-redial"
 * import { Console, Effect, Stream } from "effect"
 *
 * declare const tools: ToolLoop.ToolLoop
 *
 * const shown = ToolLoop.stream(tools, { model: "claude-sonnet-5-5", prompt: "How warm is Oslo?" }, { delivery: "hold" }).pipe(
 *   Stream.runForEach((event) => {
 *     switch (event._tag) {
 *       case "Model":
 *         return event.event._tag === "TextDelta" ? Console.log(event.event.text) : Effect.void
 *       case "ToolResult":
 *         return Console.log(`${event.call.name}: ${event.result.isError === true ? "failed" : "done"}`)
 *       case "End":
 *         return Console.log(event.result.usage)
 *     }
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category running
 */
export const stream = <E, R, D extends Delivery = "restart", E2 = never, R2 = never>(
  self: ToolLoop<E, R>,
  request: Request,
  options: StreamOptions<D, E2, R2> = {}
): Stream.Stream<Event<EventOf<D>>, ProviderError | StepsExhausted | E | E2, Provider | R | R2> => {
  type Failure = ProviderError | StepsExhausted | E | E2
  const { saveAnswer, save = unsaved } = options
  return unwrap(
    Effect.map(Effect.context<Provider | R | R2>(), (context) =>
      toStream((scope) =>
        Effect.gen(function* () {
          const provider = yield* Provider
          // It holds nothing: an answer is read, and calls are run, no faster than the consumer takes.
          const events = yield* Mailbox.make<ReadonlyArray<Event<EventOf<D>>>, Failure>(0)
          const settled = plan(self, request, options, (told) => Effect.asVoid(events.offer([told])))
          const ask: Plan<ProviderError | E | E2, R | R2>["ask"] = (at, proven) => {
            const step = at.steps.length + 1
            const answer = provider.stream<D>(asked(self, request, at), { ...options, from: at.answer })
            const stored =
              saveAnswer === undefined
                ? answer
                : Answer.save(
                    answer,
                    // The whole answer is stored as a step.
                    (partial) => (partial.finished === true ? Effect.void : save({ ...at, answer: partial })),
                    { every: saveAnswer, from: at.answer }
                  )
            return Stream.runForEachChunk(stored, (chunk) => {
              const last = Option.getOrUndefined(Chunk.last(chunk))
              const handed = Chunk.toReadonlyArray(chunk).map((event) => ({ _tag: "Model" as const, step, event }))
              return Effect.zipRight(
                last?._tag === "Finish" ? proven(last.response) : Effect.void,
                events.offer(handed)
              )
            })
          }
          yield* run({ ...settled, ask }).pipe(Mailbox.into(events), Effect.forkIn(scope))
          return () =>
            Effect.map(events.takeAll, ([taken]) => (Chunk.isEmpty(taken) ? undefined : Chunk.toArray(taken).flat()))
        }).pipe(Effect.provide(context))
      )
    )
  )
}

/**
 * Runs a loop to its end.
 *
 * @example
 * ```ts
 * import { ToolLoop } from "effect-redial"
 * import { Effect } from "effect"
 *
 * declare const tools: ToolLoop.ToolLoop
 *
 * const request = { model: "claude-sonnet-5-5", prompt: "How warm is Oslo?" }
 *
 * const answer = ToolLoop.generate(tools, request, { maxSteps: 5, price: { input: 3, output: 15 } }).pipe(
 *   Effect.map(({ text }) => text),
 *   Effect.catchTag("StepsExhausted", ({ checkpoint }) =>
 *     Effect.succeed(`not done: ${ToolLoop.progress(checkpoint).usage.outputTokens} tokens`)
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category running
 */
export const generate = <E, R, E2 = never, R2 = never>(
  self: ToolLoop<E, R>,
  request: Request,
  options: Options<E2, R2> = {}
): Effect.Effect<Progress_.Result, ProviderError | StepsExhausted | E | E2, Provider | R | R2> =>
  Effect.flatMap(Provider, (provider) => {
    const ask: Plan<ProviderError | E | E2, R | R2>["ask"] = (at, proven) =>
      Effect.flatMap(provider.generate(asked(self, request, at), { ...options, from: at.answer }), proven)
    return run({ ...plan(self, request, options, () => Effect.void), ask })
  })

/**
 * What a loop had done at a checkpoint: its answers, its conversation, its usage and, with a price, its cost.
 *
 * @since 0.1.0
 * @category accessors
 */
export const progress = (
  checkpoint: Progress_.Checkpoint,
  options?: { readonly price?: Usage.Price | undefined }
): Progress_.Progress => Progress_.progress(checkpoint, options?.price)

const unsaved = () => Effect.void

const plan = <E, R, E2, R2>(
  { calls }: ToolLoop<E, R>,
  { prompt }: Request,
  { concurrency = "unbounded", from, maxSteps = 20, price, save = unsaved, stopWhen }: Options<E2, R2>,
  tell: (told: Told) => Effect.Effect<void>
): Omit<Plan<ProviderError | E | E2, R | R2>, "ask"> => ({
  begin: from ?? { prompt: typeof prompt === "string" ? Prompt.text(prompt) : prompt, steps: [] },
  bounds: { maxSteps, stopWhen, price },
  concurrency,
  calls,
  save,
  tell
})

const asked = ({ toolkit }: ToolLoop<unknown, unknown>, request: Request, at: Progress_.Checkpoint) => ({
  ...request,
  tools: toolkit,
  prompt: Progress_.conversation(at)
})
