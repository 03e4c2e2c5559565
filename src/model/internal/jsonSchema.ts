/** An Effect Schema as the JSON Schema document that vendors take: an object at the root, if the schema is one. */
import * as JSONSchema from "effect/JSONSchema"
import type * as Schema from "effect/Schema"
import type { JsonSchema } from "../Tool.js"

/**
 * Throws if the schema contains something that JSON Schema cannot express, like `JSONSchema.make`. Anthropic requires
 * draft 2020-12, and OpenAI accepts it. It is also the draft in which a `parseJson` is a string.
 */
export const fromSchema = <A, I, R>(schema: Schema.Schema<A, I, R>): JsonSchema => {
  // A document is a plain object; its own type lists the kinds of schemas, which is not needed here.
  const { $schema: _, ...document } = JSONSchema.make(schema, { target: "jsonSchema2020-12" }) as unknown as Document
  // What Effect makes of a Struct without fields: any value that is not null.
  return document.$id === "/schemas/%7B%7D" ? empty : inlineRoot(document)
}

/** Takes nothing. */
export const empty: JsonSchema = { type: "object", properties: {} }

interface Document extends Record<string, unknown> {
  readonly $schema?: unknown
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
}

const definitions = "#/$defs/"

/**
 * A schema with an identifier, such as a class, is among the definitions, with a reference to it at the root. Vendors
 * require the object itself. The definition stays only if something else refers to it.
 */
const inlineRoot = ({ $defs = {}, ...document }: Document): JsonSchema => {
  const { $ref, ...annotations } = document
  if ($ref === undefined || !$ref.startsWith(definitions)) return withDefinitions(document, $defs)
  const name = $ref.slice(definitions.length).replaceAll("~1", "/").replaceAll("~0", "~")
  const { [name]: root, ...others } = $defs
  if (root === undefined) return withDefinitions(document, $defs)
  const recursive = JSON.stringify([root, others]).includes(JSON.stringify($ref))
  return withDefinitions({ ...root, ...annotations }, recursive ? $defs : others)
}

const withDefinitions = (schema: JsonSchema, $defs: Readonly<Record<string, JsonSchema>>): JsonSchema =>
  Object.keys($defs).length === 0 ? schema : { ...schema, $defs }
