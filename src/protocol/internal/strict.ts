/**
 * A JSON Schema as OpenAI's strict mode accepts it, if it has such a form: every object is closed and requires all of
 * its fields, and no keyword lacks a grammar in the mode.
 *
 * It accepts what the schema accepts, with two exceptions: an object that does not say whether it is closed is closed,
 * and a field that may be left out or be null is never left out. A field that may only be left out has no strict form.
 * If it were requested as null, the null would have to be removed from the answer, and in a union it is not clear which
 * nulls those are.
 *
 * The `openai` package has its own transformation, `lib/transform`. It is not used: it keeps keywords that the mode
 * refuses, such as `minLength`, throws on most of what Effect writes, and weighs 73 KB.
 *
 * Source: https://platform.openai.com/docs/guides/structured-outputs, "Supported schemas".
 */
import type { JsonSchema } from "../../model/Tool.js"
import { array, object } from "./json.js"
import { childrenOf, described, plainSchema, problemOf } from "./plainSchema.js"

const known = new Set(
  `title description type enum const pattern format multipleOf minimum maximum exclusiveMinimum exclusiveMaximum
  minItems maxItems $ref properties required additionalProperties items anyOf $defs`.split(/\s+/)
)

const formats = new Set(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"])

const limits = { depth: 10, properties: 5000, choices: 1000, characters: 120_000 }

/** Undefined if there is no strict form. */
export const strictForm = (schema: JsonSchema): JsonSchema | undefined => {
  const plain = plainSchema(schema)
  if (problemOf(plain) !== undefined) return undefined
  const definitions = object(plain.$defs) ?? {}
  const strict = strictOf(plain, definitions)
  if (strict === undefined) return undefined
  const named = entries(definitions, (one) => strictOf(one, definitions))
  if (named === undefined) return undefined
  const whole = Object.keys(named).length === 0 ? strict : { ...strict, $defs: named }
  return isWithinLimits(whole) ? whole : undefined
}

const strictOf = (schema: JsonSchema, definitions: JsonSchema): JsonSchema | undefined => {
  const inner = (one: unknown) => strictOf(object(one) ?? {}, definitions)
  const own = Object.entries(schema).filter(([key]) => key !== "$defs")
  const isKept = ([key, value]: readonly [string, unknown]) => known.has(key) && isSayable(key, value)
  const strict: Record<string, unknown> = {
    ...described(
      Object.fromEntries(own.filter(isKept)),
      own.filter((entry) => !isKept(entry))
    )
  }
  if (strict.type === undefined) {
    const type = typeOf(array(strict.enum) ?? (strict.const === undefined ? [] : [strict.const]))
    if (type !== undefined) strict.type = type
  }
  const choices = array(schema.anyOf)?.map(inner)
  if (choices?.includes(undefined)) return undefined
  if (choices !== undefined) strict.anyOf = choices
  if (schema.items !== undefined) {
    strict.items = inner(schema.items)
    if (strict.items === undefined) return undefined
  }
  if (schema.type !== "object") return strict
  const needed = new Set(array(schema.required))
  const fields = object(schema.properties) ?? {}
  if (Object.keys(fields).some((key) => !needed.has(key) && !takesNull(fields[key], definitions))) return undefined
  const properties = entries(fields, inner)
  return properties && { ...strict, properties, required: Object.keys(properties), additionalProperties: false }
}

const entries = (schemas: JsonSchema, each: (schema: JsonSchema) => JsonSchema | undefined): JsonSchema | undefined => {
  const made = Object.entries(schemas).map(([name, one]) => [name, each(object(one) ?? {})] as const)
  return made.some(([, one]) => one === undefined) ? undefined : Object.fromEntries(made)
}

/** The mode's expressions have no lookahead, lookbehind or back-reference. */
const isSayable = (key: string, value: unknown): boolean => {
  if (key === "pattern") return typeof value === "string" && !value.includes("(?") && !/\\[1-9bBkpP]/.test(value)
  return key !== "format" || formats.has(String(value))
}

const typeOf = (values: ReadonlyArray<unknown>): string | ReadonlyArray<string> | undefined => {
  const types = [...new Set(values.map((value) => (value === null ? "null" : typeof value)))]
  return types.length > 1 ? types : types[0]
}

const takesNull = (value: unknown, definitions: JsonSchema): boolean => {
  const waiting = [object(value)]
  const seen = new Set<unknown>()
  for (let schema = waiting.pop(); schema !== undefined; schema = waiting.pop()) {
    if (seen.has(schema)) continue
    seen.add(schema)
    if (schema.type === "null" || schema.const === null || array(schema.enum)?.includes(null)) return true
    for (const one of array(schema.anyOf) ?? []) waiting.push(object(one))
    if (typeof schema.$ref === "string") waiting.push(object(definitions[schema.$ref.slice("#/$defs/".length)]))
  }
  return false
}

const isWithinLimits = (schema: JsonSchema): boolean => {
  let properties = 0
  let choices = 0
  let characters = 0
  const definitions = Object.entries(object(schema.$defs) ?? {})
  const waiting = [schema, ...definitions.map(([, one]) => object(one) ?? {})].map((one) => ({ one, depth: 0 }))
  for (const [name] of definitions) characters += name.length
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { one } = next
    const depth = next.depth + (one.type === "object" ? 1 : 0)
    const names = Object.keys(object(one.properties) ?? {})
    const values = array(one.enum) ?? []
    properties += names.length
    choices += values.length
    for (const text of [...names, ...values, one.const]) if (typeof text === "string") characters += text.length
    if (depth > limits.depth) return false
    for (const [, child] of childrenOf(one)) waiting.push({ one: child, depth })
  }
  return properties <= limits.properties && choices <= limits.choices && characters <= limits.characters
}
