/**
 * The schema of an answer as Anthropic's structured output accepts it: its plain form, with each object closed and each
 * constraint that the vendor cannot check in a description. A schema that cannot be closed is refused, with advice.
 *
 * The SDK has this transformation too, and a test compares the two. It is not imported: the SDK is an optional package that
 * is loaded at the first request, and a request is encoded before that.
 *
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations".
 */
import * as Either from "effect/Either"
import type { JsonSchema } from "../../model/Tool.js"
import { type Encoded, invalid } from "../internal/encode.js"
import { array, object } from "../internal/json.js"
import { described, type Problem, plainSchema, problemOf, recursionIn } from "../internal/plainSchema.js"

export const outputSchema = (schema: JsonSchema): Encoded<JsonSchema> => {
  const plain = plainSchema(schema)
  const problem = problemOf(plain) ?? recursionIn(plain)
  return problem === undefined ? Either.right(closed(plain)) : invalid("output", say(problem))
}

const anywhere = ["type", "$ref", "$defs", "anyOf", "enum", "const", "title", "description"]

/** The keywords that the vendor's grammar knows of each type, besides those that may stand anywhere. */
const known: ReadonlyMap<unknown, ReadonlyArray<string>> = new Map([
  ["object", ["properties", "required", "additionalProperties"]],
  ["array", ["items", "minItems"]],
  ["string", ["format"]]
])

const formats = new Set("date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" "))

const isSayable = (keyword: string, value: unknown): boolean => {
  if (keyword === "minItems") return value === 0 || value === 1
  return keyword !== "format" || formats.has(String(value))
}

/** Of a plain schema without a problem. */
const closed = (schema: JsonSchema): JsonSchema => {
  const isLiteral = schema.enum !== undefined || schema.const !== undefined
  // The values say their type.
  const { type, ...withoutType } = schema
  const keywords = isLiteral ? [] : (known.get(type) ?? [])
  const entries = Object.entries(isLiteral ? withoutType : schema)
  const isKept = ([keyword, value]: readonly [string, unknown]) =>
    anywhere.includes(keyword) || (keywords.includes(keyword) && isSayable(keyword, value))
  const kept = described(
    Object.fromEntries(entries.filter(isKept)),
    entries.filter((entry) => !isKept(entry))
  )
  return {
    ...kept,
    ...(kept.$defs !== undefined && { $defs: eachOf(kept.$defs) }),
    ...(kept.anyOf !== undefined && { anyOf: array(kept.anyOf)?.map(inner) }),
    ...(kept.items !== undefined && { items: inner(kept.items) }),
    ...(kept.type === "object" && { properties: eachOf(kept.properties), additionalProperties: false })
  }
}

const inner = (schema: unknown): JsonSchema => closed(object(schema) ?? {})

const eachOf = (schemas: unknown): JsonSchema =>
  Object.fromEntries(Object.entries(object(schemas) ?? {}).map(([name, schema]) => [name, inner(schema)]))

const say = ({ kind, path }: Problem): string => {
  const where = path === "" ? "at its root" : `at \`${path}\``
  return `has a schema that ${what[kind](where)}: ${advice[kind]}, or ask with \`structuredOutput: "tool"\``
}

const what: { readonly [K in Problem["kind"]]: (where: string) => string } = {
  any: (where) => `allows a value without a type ${where}, and Anthropic's structured output requires a type for each`,
  open: (where) =>
    `allows an object of any fields ${where}, and Anthropic's structured output only supports named fields`,
  recursive: (where) => `contains itself ${where}, which Anthropic's structured output does not support`,
  reference: (where) => `refers to a definition that is not among its \`$defs\` ${where}`,
  root: (where) => `is not an object ${where}`
}

const advice: { readonly [K in Problem["kind"]]: string } = {
  any: "give it a type",
  open: "name its fields, or use a list of keys and values",
  recursive: "nest it as deep as you need",
  reference: "add the definition",
  root: "wrap it in one"
}
