/**
 * The tools of a request, and a decoder for the calls in its response.
 *
 * Only a `ModelResponse`, whose end was proven, can be decoded: what a cut stream wrote is never run.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { clip } from "./internal/clip.js"
import type { ToolCallPart } from "./internal/parts.js"
import type { ModelResponse } from "./ModelResponse.js"
import { isVendorTool, type Tool, type VendorTool } from "./Tool.js"

/**
 * A model called an unknown tool, or gave arguments that do not fit.
 *
 * Its message is written for the model, which often corrects itself: `Prompt.toolResult(error, error.message, {
 * isError: true })`.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidToolArguments extends Schema.TaggedError<InvalidToolArguments>(
  "effect-redial/InvalidToolArguments"
)("InvalidToolArguments", {
  /** The id of the call. */
  id: Schema.String,
  /** The name of the tool, as the model wrote it. */
  tool: Schema.String,
  reason: Schema.Literal("unknown-tool", "arguments"),
  /** What is wrong, in words. */
  problem: Schema.String,
  /** The arguments as they arrived. */
  arguments: Schema.Unknown
}) {
  override get message(): string {
    return this.reason === "unknown-tool"
      ? `There is no tool "${clip(this.tool)}": ${this.problem}.`
      : `The arguments of the tool "${this.tool}" do not fit:\n${this.problem}`
  }
}

/**
 * A call of one tool.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolCall<out Name extends string, out A> {
  readonly id: string
  readonly name: Name
  readonly arguments: A
}

/**
 * Tools to put into a request (`tools: toolkit`), and the decoder of the calls in its response.
 *
 * @since 0.1.0
 * @category models
 */
export interface Toolkit<out T extends Tool | VendorTool> {
  /** Its tools, in order. */
  readonly tools: ReadonlyArray<T>
  /** All calls of a response, in order. Fails if one does not fit. */
  readonly decode: (
    response: ModelResponse
  ) => Effect.Effect<ReadonlyArray<CallOf<T>>, InvalidToolArguments, ContextOf<T>>
  /**
   * All calls of a response, in order, each with its own result. Vendors require an answer to every call, including
   * those that do not fit.
   */
  readonly decodeEach: (
    response: ModelResponse
  ) => Effect.Effect<ReadonlyArray<Either.Either<CallOf<T>, InvalidToolArguments>>, never, ContextOf<T>>
}

/** Arguments of a vendor's tool are not checked. A tool without a known name has no calls that could be told apart. */
type CallOf<T extends Tool | VendorTool> =
  T extends Tool<infer Name, infer A>
    ? ToolCall<Name, A>
    : T extends VendorTool<infer Name>
      ? string extends Name
        ? never
        : ToolCall<Name, unknown>
      : never

type ContextOf<T extends Tool | VendorTool> = T extends Tool<string, unknown, infer R> ? R : never

/**
 * The calls that a toolkit decodes: a union, narrowed by `name`.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "effect-redial"
 * import { Schema } from "effect"
 *
 * const weather = Tool.make("weather", { parameters: Schema.Struct({ city: Schema.String }) })
 * const add = Tool.make("add", { parameters: Schema.Struct({ a: Schema.Number, b: Schema.Number }) })
 * const toolkit = Toolkit.make(weather, add)
 *
 * const run = (call: Toolkit.Call<typeof toolkit>): string => {
 *   switch (call.name) {
 *     case "weather":
 *       return `sunny in ${call.arguments.city}`
 *     case "add":
 *       return String(call.arguments.a + call.arguments.b)
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export type Call<K> = K extends Toolkit<infer T> ? CallOf<T> : never

/**
 * Puts tools together. Their names must differ: a request with two tools of one name is refused. Calls of a vendor's
 * tool that the program runs, such as `bash`, have arguments of type `unknown`. A tool that the vendor runs has no
 * calls.
 *
 * @example
 * ```ts
 * import { Provider, Tool, Toolkit } from "effect-redial"
 * import { Effect, Schema } from "effect"
 *
 * const toolkit = Toolkit.make(
 *   Tool.make("weather", { parameters: Schema.Struct({ city: Schema.String }) }),
 *   Tool.make("now")
 * )
 *
 * const calls = Provider.generate({
 *   model: "claude-sonnet-5-5",
 *   prompt: "What is the weather in Oslo?",
 *   tools: toolkit
 * }).pipe(Effect.flatMap(toolkit.decode))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Tools extends ReadonlyArray<Tool | VendorTool>>(...tools: Tools): Toolkit<Tools[number]> => {
  type T = Tools[number]
  const byName = new Map(tools.map((tool) => [tool.name, tool]))

  // The tool was found by the name of the call, so it has that name's type; a Map cannot express this.
  const decodeCall = (call: ToolCallPart) =>
    decodeWith(byName, call) as Effect.Effect<CallOf<T>, InvalidToolArguments, ContextOf<T>>

  return {
    tools,
    decode: (response) => Effect.forEach(response.toolCalls, decodeCall),
    decodeEach: (response) => Effect.forEach(response.toolCalls, (call) => Effect.either(decodeCall(call)))
  }
}

/**
 * The tools of a request, given as a toolkit or as a list.
 *
 * @internal
 */
export const toolsOf = (
  tools: Toolkit<Tool | VendorTool> | ReadonlyArray<Tool | VendorTool> | undefined
): ReadonlyArray<Tool | VendorTool> | undefined => (isToolkit(tools) ? tools.tools : tools)

const isToolkit = (u: unknown): u is Toolkit<Tool | VendorTool> => Predicate.hasProperty(u, "tools")

const decodeWith = (
  tools: ReadonlyMap<string, Tool | VendorTool>,
  { arguments: args, id, name }: ToolCallPart
): Effect.Effect<ToolCall<string, unknown>, InvalidToolArguments, unknown> => {
  const tool = tools.get(name)
  if (tool === undefined) {
    const problem = tools.size === 0 ? "there are none" : `there are ${[...tools.keys()].join(", ")}`
    return new InvalidToolArguments({ id, tool: name, reason: "unknown-tool", problem, arguments: args })
  }
  if (isVendorTool(tool)) return Effect.succeed({ id, name, arguments: args })
  return Effect.mapBoth(tool.decode(args), {
    onSuccess: (decoded) => ({ id, name, arguments: decoded }),
    onFailure: ({ message }) =>
      new InvalidToolArguments({ id, tool: name, reason: "arguments", problem: clip(message), arguments: args })
  })
}
