/**
 * Whether a JSON Schema is one that OpenAI's strict mode takes: every object is closed and needs all of its properties,
 * and nothing is said that the mode has no grammar for. Source: OpenAI's guide to structured outputs.
 */
import type { JsonSchema } from "../../model/Tool.js"
import { array, object } from "./json.js"

const plain = `title description type enum const required pattern format multipleOf minimum maximum
  exclusiveMinimum exclusiveMaximum minItems maxItems $ref`
const known = new Set([...plain.split(/\s+/), "properties", "additionalProperties", "items", "anyOf", "$defs"])

/** No document that a vendor takes is deeper. */
const deepest = 32

export const isStrict = (schema: JsonSchema): boolean => schema.type === "object" && fits(schema, deepest)

const fits = (value: unknown, depth: number): boolean => {
  const schema = object(value)
  if (schema === undefined || depth === 0) return false
  if (Object.keys(schema).some((key) => !known.has(key))) return false
  const { $defs, $ref, additionalProperties, anyOf, items, properties, required, type } = schema
  if (type === undefined && anyOf === undefined && $ref === undefined) return false
  const names = Object.keys(object(properties) ?? {})
  const needed = new Set(array(required))
  const isObject = type === "object" || array(type)?.includes("object") === true
  if (isObject && (additionalProperties !== false || names.some((name) => !needed.has(name)))) return false
  const inner = [
    ...Object.values(object(properties) ?? {}),
    ...Object.values(object($defs) ?? {}),
    ...(array(anyOf) ?? []),
    ...(items === undefined ? [] : [items])
  ]
  return inner.every((one) => fits(one, depth - 1))
}
