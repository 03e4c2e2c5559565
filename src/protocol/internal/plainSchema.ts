/**
 * Rewrites a JSON Schema into the few forms that the grammars of vendors support.
 *
 * The law: the plain form accepts whatever the schema accepts. It may accept more: a constraint that a vendor cannot
 * check goes into the description, for the model to read, and the schema itself checks the answer here.
 *
 * A plain schema is one of these: a lone `$ref`; an `anyOf` of plain schemas; an `enum` or `const` of primitives; one
 * `type` with the keywords of that type, an array with `items` for all of its elements; or, if there is no plain form,
 * something without a `type`, which `problemOf` names.
 */
import type { JsonSchema } from "../../model/Tool.js"
import { array, object } from "./json.js"

/** Keywords that define the kind of a value; the others only narrow it. */
const structure = new Set([
  "type",
  "$ref",
  "anyOf",
  "oneOf",
  "allOf",
  "enum",
  "const",
  "properties",
  "items",
  "prefixItems",
  "additionalProperties",
  "patternProperties"
])

/** Keywords that constrain nothing and tell a model nothing; definitions count only at the root. */
const silent = ["$schema", "$id", "$comment", "$anchor", "default", "examples", "$defs", "definitions"]

const refersTo = "#/$defs/"

/** The name of the definition that a reference refers to; undefined if it refers to anything else. */
const definitionOf = ($ref: unknown): string | undefined =>
  typeof $ref === "string" && $ref.startsWith(refersTo)
    ? $ref.slice(refersTo.length).replaceAll("~1", "/").replaceAll("~0", "~")
    : undefined

const isPrimitive = (u: unknown): boolean => u === null || typeof u !== "object"

const isStructured = (u: unknown): boolean => Object.keys(object(u) ?? {}).some((key) => structure.has(key))

const without = (schema: JsonSchema, ...keys: ReadonlyArray<string>): JsonSchema =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)))

/** Adds what no grammar can check to the description. */
export const described = (schema: JsonSchema, notes: ReadonlyArray<readonly [keyword: string, value: unknown]>) => {
  if (notes.length === 0) return schema
  const words = notes.map(([keyword, value]) => `${keyword}: ${JSON.stringify(value)}`).join(", ")
  const { description } = schema
  return { ...schema, description: typeof description === "string" ? `${description}\n\n{${words}}` : `{${words}}` }
}

/** Moves keywords into the description. */
const note = (schema: JsonSchema, keys: ReadonlyArray<string>): JsonSchema =>
  described(
    without(schema, ...keys),
    keys.flatMap((key) => (schema[key] === undefined ? [] : [[key, schema[key]] as const]))
  )

export const plainSchema = (schema: JsonSchema): JsonSchema => {
  const { $defs, ...root } = schema
  const definitions = object($defs) ?? {}
  const plain = plainOf(root, definitions)
  const named = Object.entries(definitions).map(([name, one]) => [name, plainOf(one, definitions)] as const)
  const used = reachable(plain, new Map(named))
  const kept = named.filter(([name]) => used.has(name))
  return kept.length === 0 ? plain : { ...plain, $defs: Object.fromEntries(kept) }
}

const plainOf = (value: unknown, definitions: JsonSchema): JsonSchema => {
  const given = object(value)
  // `true` accepts anything and `false` nothing: neither has a type.
  if (given === undefined) return value === false ? { not: {} } : {}
  const own = withoutReference(withoutAllOf(without(given, ...silent)), definitions)
  if (own.$ref !== undefined) return own
  const schema = withChoice(own)
  const inner = (one: unknown) => plainOf(one, definitions)
  const choices = array(schema.anyOf)
  if (choices !== undefined) {
    const { anyOf: _, description, title, ...rest } = schema
    const names = { ...(description !== undefined && { description }), ...(title !== undefined && { title }) }
    return described({ anyOf: choices.map(inner), ...names }, Object.entries(rest))
  }
  if (array(schema.enum)?.every(isPrimitive) === false) return inner(note(schema, ["enum"]))
  if (schema.const !== undefined && !isPrimitive(schema.const)) return inner(note(schema, ["const"]))
  switch (schema.type) {
    case "object":
      return object(schema.properties) === undefined
        ? schema
        : {
            ...schema,
            properties: Object.fromEntries(
              Object.entries(object(schema.properties) ?? {}).map(([key, one]) => [key, inner(one)])
            )
          }
    case "array":
      return listOf(schema, inner)
    default:
      return schema
  }
}

/** A reference with other keywords becomes a copy of its target: vendors require it alone. */
const withoutReference = (schema: JsonSchema, definitions: JsonSchema): JsonSchema => {
  const seen = new Set<string>()
  let current = schema
  while (current.$ref !== undefined && Object.keys(current).length > 1) {
    const name = definitionOf(current.$ref)
    const definition = name === undefined || seen.has(name) ? undefined : object(definitions[name])
    if (name === undefined || definition === undefined) return { $ref: current.$ref }
    seen.add(name)
    const { $ref: _, ...rest } = current
    const structured = Object.keys(rest).filter((key) => structure.has(key))
    // Both must hold. If both define the kind of the value, the one here goes into the description.
    const merged = { ...withoutAllOf(without(definition, ...silent)), ...without(rest, ...structured) }
    current = described(
      merged,
      structured.map((key) => [key, rest[key]] as const)
    )
  }
  return current
}

/** Parts that only narrow go into the description; a single part that defines the kind takes its place. */
const withoutAllOf = (schema: JsonSchema): JsonSchema => {
  const parts = array(schema.allOf)
  if (parts === undefined) return schema
  const { allOf: _, ...own } = schema
  const [first, second] = parts.filter(isStructured)
  const notes = parts.filter((part) => !isStructured(part)).flatMap((part) => Object.entries(object(part) ?? {}))
  if (first === undefined) return described(own, notes)
  // Closed objects cannot express one by one what several parts say together.
  if (second !== undefined || isStructured(own)) return described({ not: {} }, [["allOf", parts]])
  return described(withoutAllOf({ ...without(object(first) ?? {}, ...silent), ...own }), notes)
}

/** A choice, in any form: `oneOf`, a list of types, or `anyOf`. */
const withChoice = (schema: JsonSchema): JsonSchema => {
  const { anyOf, oneOf, type, ...rest } = schema
  const choices = array(anyOf) ?? array(oneOf)
  if (choices !== undefined) {
    // Choices that only narrow go into the description; choices beside the fields of an object mean both.
    if (!choices.every(isStructured)) return note(schema, ["anyOf", "oneOf"])
    if (rest.properties !== undefined) return described({ not: {} }, [["anyOf", choices]])
    return { ...rest, anyOf: choices, ...(anyOf !== undefined && oneOf !== undefined && { oneOf }) }
  }
  const types = array(type)
  if (types === undefined || rest.enum !== undefined || rest.const !== undefined) return schema
  if (types.length === 1) return { ...rest, type: types[0] }
  const { description, title, ...keywords } = rest
  return {
    anyOf: types.map((one) => ({ ...keywordsFor(one, keywords), type: one })),
    ...(description !== undefined && { description }),
    ...(title !== undefined && { title })
  }
}

/** Which keywords narrow values of a type. */
const keywordsOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  array: ["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"],
  object: ["properties", "required", "additionalProperties", "patternProperties", "propertyNames"]
}

const keywordsFor = (type: unknown, keywords: JsonSchema): JsonSchema => {
  const own = typeof type === "string" ? (keywordsOf[type] ?? []) : []
  return Object.fromEntries(Object.entries(keywords).filter(([key]) => own.includes(key)))
}

/** A list, or a tuple as a list of whatever its places accept: grammars have no tuples. */
const listOf = (schema: JsonSchema, inner: (one: unknown) => JsonSchema): JsonSchema => {
  const { additionalItems, items, prefixItems, ...rest } = schema
  const places = array(prefixItems) ?? array(items)
  if (places === undefined) {
    // Only the empty list is accepted, so the element type does not matter.
    if (items === undefined || items === false) return rest.maxItems === 0 ? { ...rest, items: { type: "null" } } : rest
    return { ...rest, items: inner(items) }
  }
  const after = array(prefixItems) === undefined ? additionalItems : items
  const each = new Map([...places, ...(after === undefined || after === false ? [] : [after])].map(asText))
  const all = [...each.values()].map(inner)
  const list = { ...rest, ...(after === false && { maxItems: places.length }) }
  if (all.length === 0) return { ...list, items: { type: "null" } }
  return described({ ...list, items: all.length === 1 ? all[0] : { anyOf: all } }, [["prefixItems", places]])
}

const asText = (schema: unknown): readonly [string, unknown] => [JSON.stringify(schema), schema]

/** The direct subschemas of a schema. */
export const childrenOf = (schema: JsonSchema): ReadonlyArray<readonly [path: string, child: JsonSchema]> => {
  const found: Array<readonly [string, JsonSchema]> = []
  const add = (path: string, child: unknown) => {
    const one = object(child)
    if (one !== undefined) found.push([path, one])
  }
  for (const [key, one] of Object.entries(object(schema.properties) ?? {})) add(`properties.${key}`, one)
  for (const [at, one] of (array(schema.anyOf) ?? []).entries()) add(`anyOf.${at}`, one)
  add("items", schema.items)
  return found
}

/** The names of all definitions that are used. */
const reachable = (root: JsonSchema, definitions: ReadonlyMap<string, JsonSchema>): ReadonlySet<string> => {
  const found = new Set<string>()
  const waiting = [root]
  for (let schema = waiting.pop(); schema !== undefined; schema = waiting.pop()) {
    const name = definitionOf(schema.$ref)
    const definition = name === undefined || found.has(name) ? undefined : definitions.get(name)
    if (name !== undefined && definition !== undefined) {
      found.add(name)
      waiting.push(definition)
    }
    for (const [, child] of childrenOf(schema)) waiting.push(child)
  }
  return found
}

/** What keeps a plain schema from being a grammar. */
export interface Problem {
  /** Where, as a path; empty at the root. */
  readonly path: string
  readonly kind: "any" | "open" | "recursive" | "reference" | "root"
}

/** The first thing in a plain schema that no vendor's grammar can express. */
export const problemOf = (plain: JsonSchema): Problem | undefined => {
  if (plain.type !== "object") return { path: "", kind: "root" }
  const definitions = object(plain.$defs) ?? {}
  return problemIn(plain, "") ?? firstOf(definitions, (one, name) => problemIn(one, `$defs.${name}`))

  function problemIn(schema: JsonSchema, path: string): Problem | undefined {
    if (schema.$ref !== undefined) {
      const name = definitionOf(schema.$ref)
      return name !== undefined && Object.hasOwn(definitions, name) ? undefined : { path, kind: "reference" }
    }
    const isTyped = typeof schema.type === "string" || schema.enum !== undefined || schema.const !== undefined
    if ((!isTyped && schema.anyOf === undefined) || schema.not !== undefined) return { path, kind: "any" }
    if (schema.type === "object" && isOpen(schema)) return { path, kind: "open" }
    if (schema.type === "array" && schema.items === undefined) return { path, kind: "any" }
    for (const [key, child] of childrenOf(schema)) {
      const problem = problemIn(child, path === "" ? key : `${path}.${key}`)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

/** An object can be closed if it names its fields and does not say that it accepts others. */
const isOpen = ({ additionalProperties, patternProperties, properties, required }: JsonSchema): boolean => {
  const fields = object(properties) ?? {}
  if (additionalProperties === undefined ? Object.keys(fields).length === 0 : additionalProperties !== false)
    return true
  return patternProperties !== undefined || (array(required) ?? []).some((name) => !Object.hasOwn(fields, String(name)))
}

const firstOf = (
  schemas: JsonSchema,
  find: (schema: JsonSchema, name: string) => Problem | undefined
): Problem | undefined => {
  for (const [name, one] of Object.entries(schemas)) {
    const problem = find(object(one) ?? {}, name)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** A definition that contains itself. */
export const recursionIn = (plain: JsonSchema): Problem | undefined => {
  const definitions = object(plain.$defs) ?? {}
  const done = new Set<string>()
  for (const name of Object.keys(definitions))
    if (isPartOfItself(name, [])) return { path: `$defs.${name}`, kind: "recursive" }
  return undefined

  function isPartOfItself(name: string, above: ReadonlyArray<string>): boolean {
    if (above.includes(name)) return true
    if (done.has(name)) return false
    done.add(name)
    return namesIn(object(definitions[name]) ?? {}).some((next) => isPartOfItself(next, [...above, name]))
  }
}

const namesIn = (schema: JsonSchema): ReadonlyArray<string> => {
  const name = definitionOf(schema.$ref)
  return name === undefined ? childrenOf(schema).flatMap(([, child]) => namesIn(child)) : [name]
}
