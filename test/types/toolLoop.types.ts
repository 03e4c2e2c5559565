/**
 * What must not compile around tool loops. The type check of the project runs over this file: each line below an expected
 * error fails the check once it compiles. Nothing here is run.
 */
import { Context, Data, Effect, Schema, Stream } from "effect"
import {
  AnthropicMessages,
  type ModelEvent,
  type Prompt,
  type Provider,
  type ProviderError,
  Tool,
  Toolkit,
  ToolLoop
} from "effect-redial"
import { same } from "../support/types.js"

class Db extends Context.Tag("Db")<Db, number>() {}
class Cities extends Context.Tag("Cities")<Cities, number>() {}
class Codec extends Context.Tag("Codec")<Codec, number>() {}
class Asked extends Context.Tag("Asked")<Asked, number>() {}
class Bad extends Data.TaggedError("Bad") {}
class Worse extends Data.TaggedError("Worse") {}

declare const City: Schema.Schema<Date, string, Cities>
declare const Sum: Schema.Schema<number, string, Codec>

const visit = Tool.make("visit", { parameters: { city: City } })
const add = Tool.make("add", { parameters: { a: Schema.Number, b: Schema.Number } })
const bash = AnthropicMessages.tool({ type: "bash_20250124", name: "bash" })
const toolkit = Toolkit.make(visit, add, bash)
const request = { model: "m", prompt: "hi" }

// What handlers fail with and need is inferred. A failure that is told to the model is none of the loop.
const loop = ToolLoop.make(toolkit, {
  visit: ({ city }) => (city.getTime() > 0 ? new Bad() : Effect.as(Db, "seen")),
  add: {
    run: ({ a, b }, call) => Effect.succeed(a + b + call.arguments.a + call.id.length),
    result: Sum,
    approve: ({ a }) => (a > 0 ? new Worse() : Effect.as(Asked, true)),
    timeout: "3 seconds",
    concurrency: 2
  }
})
same<typeof loop, ToolLoop.ToolLoop<Worse, Db | Cities | Codec | Asked>>(true)

// Failures that end the loop are in its type.
const ends = ToolLoop.make(Toolkit.make(add), { add: { run: () => new Bad(), onFailure: "fail" } })
same<typeof ends, ToolLoop.ToolLoop<Bad, never>>(true)
const tells = ToolLoop.make(Toolkit.make(add), { add: { run: () => new Bad(), onFailure: "tell" } })
same<typeof tells, ToolLoop.ToolLoop<never, never>>(true)

// A vendor's tool that the program runs may have a handler, whose arguments nothing has checked.
ToolLoop.make(Toolkit.make(add, bash), {
  add: () => Effect.void,
  // @ts-expect-error they may be anything
  bash: (args) => Effect.succeed(args.command)
})

// @ts-expect-error the handler of a tool is missing
ToolLoop.make(toolkit, { visit: () => Effect.void })
// @ts-expect-error there is no such tool
ToolLoop.make(Toolkit.make(add), { add: () => Effect.void, sub: () => Effect.void })
// @ts-expect-error there is no such argument
ToolLoop.make(Toolkit.make(add), { add: ({ c }) => Effect.succeed(c) })
// @ts-expect-error a handler is an Effect
ToolLoop.make(Toolkit.make(add), { add: ({ a, b }) => a + b })
// @ts-expect-error a sum is a number
ToolLoop.make(Toolkit.make(add), { add: { run: () => Effect.succeed("3"), result: Sum } })
// @ts-expect-error neither yes nor no
ToolLoop.make(Toolkit.make(add), { add: { run: () => Effect.void, approve: () => Effect.succeed("yes") } })

// A run has the failures of the provider, of the steps, of the handlers and of the store.
declare const save: (checkpoint: ToolLoop.Checkpoint) => Effect.Effect<void, "full", Db>
const generated = ToolLoop.generate(ends, request, { save })
same<
  typeof generated,
  Effect.Effect<
    ToolLoop.Result,
    ProviderError.ProviderError | ToolLoop.StepsExhausted | Bad | "full",
    Provider.Provider | Db
  >
>(true)
const streamed = ToolLoop.stream(tells, request, { delivery: "hold" })
same<
  typeof streamed,
  Stream.Stream<
    ToolLoop.Event<ModelEvent.HeldEvent>,
    ProviderError.ProviderError | ToolLoop.StepsExhausted,
    Provider.Provider
  >
>(true)
Stream.map(streamed, (event) => {
  // @ts-expect-error what is held back is never taken back
  if (event._tag === "Model" && event.event._tag === "Superseded") return event.event.fromIndex
  if (event._tag === "ToolResult") return event.result satisfies Prompt.ToolResultPart
  return event._tag === "End" ? (event.result.text satisfies string) : event.step
})

// @ts-expect-error the tools are those of the loop
ToolLoop.generate(tells, { ...request, tools: [add] })
// @ts-expect-error a whole answer has no middle to store
ToolLoop.generate(tells, request, { saveAnswer: "1 second" })
