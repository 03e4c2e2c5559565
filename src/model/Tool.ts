/**
 * A tool that a model may call: its name, what it is for, and what it takes.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import { type Arguments, type Checked, type Requirements, read, type ToolParameters } from "./internal/parameters.js"

/**
 * A JSON Schema document, as vendors take it.
 *
 * @since 0.1.0
 * @category models
 */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * A tool named `Name` that takes an `A`. `Tool` alone is any tool.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tool<out Name extends string = string, out A = unknown, out R = unknown> {
  readonly name: Name
  readonly description: string | undefined
  /** What the tool takes, as JSON Schema. */
  readonly parameters: JsonSchema
  /** Checks the arguments of a call. `Toolkit` does it for all calls of a response. */
  readonly decode: (args: unknown) => Effect.Effect<A, ParseResult.ParseError, R>
}

/**
 * Describes a tool. `parameters` is an Effect Schema, or the fields of a `Schema.Struct`, whose type the arguments of a
 * call then have; or a JSON Schema document, which is shown to the model and not checked here. Without parameters, and
 * with `{}`, the tool takes nothing.
 *
 * Throws where `parameters` are none of the three, or hold something that JSON Schema has no words for.
 *
 * @example
 * ```ts
 * import { Tool } from "effect-redial"
 * import { Schema } from "effect"
 *
 * const weather = Tool.make("weather", {
 *   description: "The weather in a city",
 *   parameters: { city: Schema.String, days: Schema.optional(Schema.Number) }
 * })
 * // Tool<"weather", { readonly city: string, readonly days?: number | undefined }, never>
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Name extends string, P extends ToolParameters = {}>(
  name: Name,
  options?: { readonly description?: string | undefined; readonly parameters?: Checked<P> | undefined }
): Tool<Name, Arguments<P>, Requirements<P>> => {
  const { decode, parameters } = read(name, options?.parameters)
  // The types say of the parameters what `read` does with them; TypeScript cannot follow that.
  return { name, description: options?.description, parameters, decode: decode as Decode<P> }
}

type Decode<P> = Tool<string, Arguments<P>, Requirements<P>>["decode"]
