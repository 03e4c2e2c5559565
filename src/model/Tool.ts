/**
 * A tool that a model may call: its name, what it is for, and what it takes.
 *
 * @since 0.1.0
 */
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"

/**
 * A JSON Schema document, as vendors take it.
 *
 * @since 0.1.0
 * @category models
 */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * @since 0.1.0
 * @category models
 */
export interface Tool<Name extends string = string> {
  readonly name: Name
  readonly description: string | undefined
  /** What the tool takes, as JSON Schema. */
  readonly parameters: JsonSchema
}

/**
 * Describes a tool. `parameters` is an Effect Schema or a JSON Schema document; without it the tool takes nothing.
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
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Name extends string, A, I>(
  name: Name,
  options?: {
    readonly description?: string | undefined
    readonly parameters?: Schema.Schema<A, I> | JsonSchema | undefined
  }
): Tool<Name> => ({
  name,
  description: options?.description,
  parameters: toJsonSchema(options?.parameters)
})

const toJsonSchema = <A, I>(parameters: Schema.Schema<A, I> | JsonSchema | undefined): JsonSchema => {
  if (parameters === undefined) return { type: "object", properties: {} }
  if (!Schema.isSchema(parameters)) return parameters as JsonSchema // isSchema leaves only the other branch
  const { $schema: _, ...schema } = JSONSchema.make(parameters as Schema.Schema<A, I>) as { readonly $schema?: string }
  return schema
}
