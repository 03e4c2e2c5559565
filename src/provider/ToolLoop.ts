/**
 * Runs the tools that a model calls, and asks again with their results, until the model is done. See
 * [docs/tools.md](../../docs/tools.md).
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
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Answer from "../model/Checkpoint.js"
import * as Prompt from "../model/Prompt.js"
import type { ProviderError } from "../model/ProviderError.js"
import type { Tool, VendorTool } from "../model/Tool.js"
import type { Toolkit } from "../model/Toolkit.js"
import type * as Usage from "../model/Usage.js"
import { toStream, unwrap } from "../retry/internal/pull.js"
import type { Delivery, EventOf } from "../retry/Recovery.js"
import { type Calls, prepare } from "./internal/toolLoop/calls.js"
import type { Event } from "./internal/toolLoop/events.js"
import type { StepsExhausted } from "./internal/toolLoop/exhausted.js"
import type { Failures, Fitting, Handlers, Needs, Refusal } from "./internal/toolLoop/handlers.js"
import { type Plan, run, type Told } from "./internal/toolLoop/loop.js"
import type { Options, Request, StreamOptions } from "./internal/toolLoop/options.js"
import * as Progress_ from "./internal/toolLoop/progress.js"
import { Provider } from "./Provider.js"

export type { Calls } from "./internal/toolLoop/calls.js"
export type { End, Event, Model, ToolResult } from "./internal/toolLoop/events.js"
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
export type { Options, Request, StreamOptions } from "./internal/toolLoop/options.js"
export { Checkpoint, type Progress, type Result, Step } from "./internal/toolLoop/progress.js"

/**
 * Tools with their handlers. `E` is what can end a loop besides the provider's errors, `R` what the handlers require.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolLoop<out E = never, out R = never> {
  readonly toolkit: Toolkit<Tool | VendorTool>
  /** One effect for each call of a response, in order. Each runs its handler and returns what the model is told. */
  readonly calls: Calls<E, R>
}

/**
 * Combines a toolkit and its handlers. A handler takes the decoded arguments of a call and the call. To set options,
 * pass an object with the handler as `run`.
 *
 * The model is told:
 *
 * - the result of `run`: a text as it is, anything else encoded by `result`, as JSON; a `Prompt.toolResult` with its
 *   parts
 * - that the tool is unknown or the arguments do not fit, as an error; nothing is run
 * - the message of a failure of `run`, as an error, unless `onFailure` is `"fail"`
 * - that the call was refused by `approve`, or exceeded `timeout`, as an error
 *
 * A defect of a handler, and a value that its `result` does not encode, is a defect of the loop.
 *
 * Throws if a tool has no handler, a handler has no tool, or an option cannot work.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <T extends Tool | VendorTool, const H extends Handlers<T>>(
  toolkit: Toolkit<T>,
  handlers: H & Fitting<T, H>
): ToolLoop<Failures<H>, Needs<T, H>> => ({
  toolkit,
  // The errors and requirements of the handlers are inferred from their types, which a record of them cannot express.
  calls: prepare(toolkit, handlers as Parameters<typeof prepare>[1]) as Calls<Failures<H>, Needs<T, H>>
})

/**
 * Refuses a call, for `approve`. The model is told the reason.
 *
 * @since 0.1.0
 * @category approval
 */
export const refuse = (reason: string): Refusal => ({ _tag: "Refusal", reason })

/**
 * All events of a loop: those of its answers, the results of the calls, and `End`. A stream without `End` fails.
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
          // No buffer: an answer is read, and calls are run, no faster than the consumer pulls.
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
 * The progress of a loop at a checkpoint: its answers, its conversation, its usage and, with a price, its cost.
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
