/**
 * What vendors publish of the JSON Schemas that their structured output takes, as checkers that know nothing of how this
 * library writes them. A checker gives what breaks a rule.
 */

type Json = Record<string, unknown>

const isObject = (u: unknown): u is Json => typeof u === "object" && u !== null && !Array.isArray(u)

const each = (schema: Json): ReadonlyArray<Json> =>
  [
    ...Object.values(isObject(schema.properties) ? schema.properties : {}),
    ...Object.values(isObject(schema.$defs) ? schema.$defs : {}),
    ...(Array.isArray(schema.anyOf) ? schema.anyOf : []),
    ...(schema.items === undefined ? [] : [schema.items])
  ].filter(isObject)

const all = (schema: Json): ReadonlyArray<Json> => [schema, ...each(schema).flatMap(all)]

const refsOf = (schema: Json): ReadonlyArray<string> =>
  all(schema).flatMap(({ $ref }) => ($ref === undefined ? [] : [String($ref)]))

const common = (root: Json): ReadonlyArray<string> => {
  const definitions = isObject(root.$defs) ? root.$defs : {}
  const lost = refsOf(root).filter((ref) => !(ref.replace("#/$defs/", "") in definitions))
  const open = all(root).filter((one) => one.type === "object" && one.additionalProperties !== false)
  const untyped = all(root).filter((one) => !["type", "anyOf", "$ref", "enum", "const"].some((key) => key in one))
  const crowded = all(root).filter((one) => "$ref" in one && Object.keys(one).length > 1)
  const notSchemas = all(root).flatMap((one) =>
    [one.items, ...Object.values(isObject(one.properties) ? one.properties : {})].filter(
      (inner) => inner !== undefined && !isObject(inner)
    )
  )
  return [
    ...(root.type === "object" ? [] : ["the root is no object"]),
    ...lost.map((ref) => `${ref} is not there`),
    ...open.map((one) => `open: ${JSON.stringify(one)}`),
    ...untyped.map((one) => `without a type: ${JSON.stringify(one)}`),
    ...crowded.map((one) => `a reference with siblings: ${JSON.stringify(one)}`),
    ...notSchemas.map((one) => `no schema: ${JSON.stringify(one)}`)
  ]
}

const only = (root: Json, keywords: ReadonlyArray<string>): ReadonlyArray<string> =>
  all(root).flatMap((one) =>
    Object.keys(one)
      .filter((key) => !keywords.includes(key))
      .map((key) => `keyword ${key}`)
  )

const formats = ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"]

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations". */
export const anthropicProblems = (root: Json): ReadonlyArray<string> => {
  const keywords = ["type", "properties", "required", "additionalProperties", "items", "minItems", "anyOf", "enum"]
  const others = ["const", "$ref", "$defs", "description", "title", "format"]
  const definitions = isObject(root.$defs) ? root.$defs : {}
  const reaches = (name: string, seen: ReadonlyArray<string>): boolean =>
    seen.includes(name) ||
    refsOf(isObject(definitions[name]) ? definitions[name] : {}).some((ref) =>
      reaches(ref.replace("#/$defs/", ""), [...seen, name])
    )
  return [
    ...common(root),
    ...only(root, [...keywords, ...others]),
    ...Object.keys(definitions).flatMap((name) => (reaches(name, []) ? [`${name} is recursive`] : [])),
    ...all(root).flatMap((one) => [
      ...(one.minItems === undefined || one.minItems === 0 || one.minItems === 1 ? [] : ["minItems"]),
      ...(one.format === undefined || [...formats, "uri"].includes(String(one.format)) ? [] : ["format"]),
      ...(Array.isArray(one.enum) && one.enum.some((value) => typeof value === "object" && value !== null)
        ? ["enum"]
        : [])
    ])
  ]
}

/** https://platform.openai.com/docs/guides/structured-outputs, "Supported schemas". */
export const strictProblems = (root: Json): ReadonlyArray<string> => {
  const keywords = ["type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "const", "$ref"]
  const numbers = ["multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"]
  const others = ["$defs", "description", "title", "pattern", "format", "minItems", "maxItems"]
  return [
    ...common(root),
    ...only(root, [...keywords, ...numbers, ...others]),
    ...all(root).flatMap((one) => {
      const names = Object.keys(isObject(one.properties) ? one.properties : {})
      const required: ReadonlyArray<unknown> = Array.isArray(one.required) ? one.required : []
      return [
        ...(one.type !== "object" || names.every((name) => required.includes(name)) ? [] : ["an optional field"]),
        ...(one.format === undefined || formats.includes(String(one.format)) ? [] : ["format"]),
        ...("enum" in one && one.type === undefined ? ["an enum without a type"] : [])
      ]
    })
  ]
}
