/**
 * A tool that a model may call: its name, what it is for, and what it takes.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { empty, fromSchema } from "./internal/jsonSchema.js"
import type { CacheMark } from "./internal/parts.js"

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
 * Describes a tool. `parameters` is an Effect Schema, whose type the arguments of a call then have, or a JSON Schema
 * document, which is shown to the model and not checked here. Without parameters the tool takes nothing.
 *
 * @example
 * ```ts
 * import { Tool } from "effect-redial"
 * import { Schema } from "effect"
 *
 * const weather = Tool.make("weather", {
 *   description: "The weather in a city",
 *   parameters: Schema.Struct({ city: Schema.String })
 * })
 * // Tool<"weather", { readonly city: string }, never>
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export function make<const Name extends string>(
  name: Name,
  options?: Described & { readonly parameters?: undefined }
): Tool<Name, {}, never>
export function make<const Name extends string, A, I, R>(
  name: Name,
  options: Described & { readonly parameters: Schema.Schema<A, I, R> }
): Tool<Name, A, R>
export function make<const Name extends string>(
  name: Name,
  options: Described & { readonly parameters: JsonSchema }
): Tool<Name, unknown, never>
export function make<A, I, R>(
  name: string,
  {
    cache,
    description,
    parameters
  }: Described & { readonly parameters?: Schema.Schema<A, I, R> | JsonSchema | undefined } = {}
): Tool {
  const described = { name, description, ...(cache !== undefined && { cache }) }
  if (parameters === undefined) return { ...described, parameters: empty, decode: () => Effect.succeed({}) }
  return isSchema(parameters)
    ? {
        ...described,
        parameters: fromSchema(parameters),
        decode: Schema.decodeUnknown(parameters, { errors: "all" })
      }
    : { ...described, parameters, decode: Effect.succeed }
}

const isSchema = <A, I, R>(u: Schema.Schema<A, I, R> | JsonSchema): u is Schema.Schema<A, I, R> => Schema.isSchema(u)
