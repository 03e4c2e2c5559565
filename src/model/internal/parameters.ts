/**
 * The three forms of a tool's parameters: a Schema, fields that are Schemas, or a JSON Schema document. Any other
 * object is refused when the tool is made. Otherwise the model would get it as a document that it cannot read.
 */
import * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { JsonSchema } from "../Tool.js"
import { empty, fromSchema } from "./jsonSchema.js"

/**
 * The parameters of a tool: a Schema, the fields of a `Schema.Struct`, or a JSON Schema document.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolParameters = Schema.Schema.All | Schema.Struct.Fields | JsonSchema

/** A JSON Schema document has at least one of these words at its root. Fields may have the same names. */
const words = [
  "$schema",
  "$ref",
  "$defs",
  "type",
  "properties",
  "required",
  "additionalProperties",
  "patternProperties",
  "anyOf",
  "oneOf",
  "allOf",
  "enum",
  "const"
] as const

type Word = (typeof words)[number]

/** The Schemas among the values of an object. */
type SchemasIn<T> = Extract<T[keyof T], Schema.Struct.Field>

type InProperties<P> = P extends { readonly properties: infer Properties } ? SchemasIn<Properties> : never

/**
 * Valid parameters; for others, what is wrong with them, which the compiler then shows.
 *
 * @since 0.1.0
 * @category models
 */
export type Checked<P> = P extends Schema.Schema.All | Schema.Struct.Fields
  ? P
  : string extends keyof P
    ? P
    : [SchemasIn<P> | InProperties<P>] extends [never]
      ? keyof P & Word extends never
        ? "parameters are a Schema, fields that are Schemas, or a JSON Schema document: this is none of them"
        : P
      : "parameters mix Schemas with other values: give fields that are all Schemas, or a JSON Schema document"

/**
 * The type of the decoded arguments of a call, from the parameters of its tool.
 *
 * @since 0.1.0
 * @category models
 */
export type Arguments<P> =
  P extends Schema.Schema.Variance<infer A, infer _I, infer _R>
    ? A
    : [keyof P] extends [never]
      ? {}
      : P extends Schema.Struct.Fields
        ? Schema.Simplify<Schema.Struct.Type<P>>
        : unknown

/**
 * The requirements of decoding the arguments of a call, from the parameters of its tool.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements<P> =
  P extends Schema.Schema.Variance<infer _A, infer _I, infer R>
    ? R
    : P extends Schema.Struct.Fields
      ? Schema.Struct.Context<P>
      : never

interface Read {
  readonly parameters: JsonSchema
  readonly decode: (args: unknown) => Effect.Effect<unknown, ParseResult.ParseError, unknown>
}

/** Throws if the parameters are invalid, or contain something that JSON Schema cannot express. */
export const read = (tool: string, parameters: unknown): Read => {
  if (parameters === undefined) return nothing
  if (Schema.isSchema(parameters)) return ofSchema(parameters)
  const wrong = (problem: string) =>
    new TypeError(
      `The \`parameters\` of the tool "${tool}" ${problem}: give a Schema, fields, or a JSON Schema document.`
    )
  if (!Predicate.isRecord(parameters)) throw wrong("are not an object")
  if (Object.keys(parameters).length === 0) return nothing
  if (isFields(parameters)) return ofSchema(Schema.Struct(parameters))
  const { properties } = parameters
  if ([parameters, Object(properties)].some(hasField)) throw wrong("mix Schemas with other values")
  if (!words.some((word) => word in parameters)) throw wrong("are neither Schemas nor JSON Schema")
  return { parameters, decode: Effect.succeed }
}

const nothing: Read = { parameters: empty, decode: () => Effect.succeed({}) }

const isField = (u: unknown): u is Schema.Struct.Field => Schema.isSchema(u) || Schema.isPropertySignature(u)

const isFields = (u: object): u is Schema.Struct.Fields => Object.values(u).every(isField)

const hasField = (u: object): boolean => Object.values(u).some(isField)

const ofSchema = <A, I, R>(schema: Schema.Schema<A, I, R>): Read => ({
  parameters: fromSchema(schema),
  decode: Schema.decodeUnknown(schema, { errors: "all" })
})
