/**
 * A tool that a model may call: its name, what it is for, and what it takes.
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
  /** Asks the vendor to cache all tools up to this one: see `Prompt.CacheMark`. Absent: not asked. */
  readonly cache?: CacheMark | undefined
  /** Checks the arguments of a call. `Toolkit` does it for all calls of a response. */
  readonly decode: (args: unknown) => Effect.Effect<A, ParseResult.ParseError, R>
}

/**
 * A tool in a vendor's own terms: one that the vendor runs (a web search), or one that models know by name and the program
 * runs (a shell). `AnthropicMessages.tool`, `ChatCompletions.tool` and `Responses.tool` make one, typed by the SDKs.
 *
 * A provider of another protocol refuses it with `InvalidRequest`.
 *
 * @since 0.1.0
 * @category models
 */
export interface VendorTool<out Name extends string = string> {
  /** The protocol whose terms these are. */
  readonly protocol: string
  /** By which `toolChoice` names the tool, and which no other tool of the request has. */
  readonly name: Name
  /** The tool as it stands on the wire. */
  readonly definition: object
}

/**
 * Whether a tool is in a vendor's own terms.
 *
 * @since 0.1.0
 * @category guards
 */
export const isVendorTool = (tool: Tool | VendorTool): tool is VendorTool => "definition" in tool

/**
 * What is said of a tool besides what it takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Described {
  /** What the tool is for, for the model. */
  readonly description?: string | undefined
  /** Asks the vendor to cache all tools up to this one, over protocols that can. Default: not asked. */
  readonly cache?: CacheMark | undefined
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
  options?: Described & { readonly parameters?: Checked<P> | undefined }
): Tool<Name, Arguments<P>, Requirements<P>> => {
  const { cache, description } = options ?? {}
  const { decode, parameters } = read(name, options?.parameters)
  // The types say of the parameters what `read` does with them; TypeScript cannot follow that.
  const typed = decode as Decode<P>
  return { name, description, parameters, decode: typed, ...(cache !== undefined && { cache }) }
}

type Decode<P> = Tool<string, Arguments<P>, Requirements<P>>["decode"]
