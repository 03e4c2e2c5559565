/**
 * Tools that a model may call: a name, a description, and parameters.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import { type Arguments, type Checked, type Requirements, read, type ToolParameters } from "./internal/parameters.js"
import type { CacheMark } from "./internal/parts.js"

export type { Arguments, Checked, Requirements, ToolParameters } from "./internal/parameters.js"

/**
 * A JSON Schema document, as vendors take it.
 *
 * @since 0.1.0
 * @category models
 */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * A tool named `Name` with arguments of type `A`. `Tool` alone is any tool.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tool<out Name extends string = string, out A = unknown, out R = unknown> {
  readonly name: Name
  readonly description: string | undefined
  /** The parameters, as JSON Schema. */
  readonly parameters: JsonSchema
  /** Asks the vendor to cache all tools up to this one: see `Prompt.CacheMark`. Default: not cached. */
  readonly cache?: CacheMark | undefined
  /** Checks the arguments of a call. `Toolkit` calls it for all calls of a response. */
  readonly decode: (args: unknown) => Effect.Effect<A, ParseResult.ParseError, R>
}

/**
 * A tool as its vendor defines it: one that the vendor runs (a web search), or one that models know by name and the
 * program runs (a shell). `AnthropicMessages.tool`, `ChatCompletions.tool` and `Responses.tool` make one, typed by the
 * SDKs.
 *
 * A provider of another protocol refuses it with `InvalidRequest`.
 *
 * @since 0.1.0
 * @category models
 */
export interface VendorTool<out Name extends string = string> {
  /** The protocol of the definition. */
  readonly protocol: string
  /** The name for `toolChoice`, unique among the tools of the request. */
  readonly name: Name
  /** The tool as it is written on the wire. */
  readonly definition: object
}

/**
 * Whether a tool is defined by a vendor.
 *
 * @since 0.1.0
 * @category guards
 */
export const isVendorTool = (tool: Tool | VendorTool): tool is VendorTool => "definition" in tool

/**
 * The description of a tool.
 *
 * @since 0.1.0
 * @category models
 */
export interface Described {
  /** What the tool is for. The model reads it. */
  readonly description?: string | undefined
  /** Asks the vendor to cache all tools up to this one, over protocols that can. Default: not cached. */
  readonly cache?: CacheMark | undefined
}

/**
 * Makes a tool. `parameters` is an Effect Schema, or the fields of a `Schema.Struct`; both give the arguments of a call
 * their type. Or it is a JSON Schema document, which is shown to the model and not checked here. Without parameters,
 * and with `{}`, the tool takes nothing.
 *
 * Throws a `TypeError` if `parameters` are none of the three, or contain something that JSON Schema cannot express.
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
  options?: Described & { readonly parameters?: Checked<P> | undefined }
): Tool<Name, Arguments<P>, Requirements<P>> => {
  const { cache, description } = options ?? {}
  const { decode, parameters } = read(name, options?.parameters)
  // The types describe what `read` does with the parameters; TypeScript cannot follow that.
  const typed = decode as Decode<P>
  return { name, description, parameters, decode: typed, ...(cache !== undefined && { cache }) }
}

type Decode<P> = Tool<string, Arguments<P>, Requirements<P>>["decode"]
