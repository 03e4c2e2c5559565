/** Reads values from foreign JSON, without exceptions and without schemas. */

/** An object of JSON with unknown fields. */
export type JsonObject = Record<string, unknown>

/** The value, or `undefined`, which no JSON text means, if the text is not JSON. */
export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The JSON text, or `undefined` if the value has none: a cycle, a BigInt, a function. */
export const stringify = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

export const object = (u: unknown): JsonObject | undefined =>
  // Checked here: neither null, nor an array, nor a primitive.
  typeof u === "object" && u !== null && !Array.isArray(u) ? (u as JsonObject) : undefined

export const array = (u: unknown): ReadonlyArray<unknown> | undefined => (Array.isArray(u) ? u : undefined)

/** A string that is not empty: vendors write "" for nothing. */
export const string = (u: unknown): string | undefined => (typeof u === "string" && u !== "" ? u : undefined)

export const number = (u: unknown): number | undefined => (typeof u === "number" ? u : undefined)

/** A count of tokens. Negative, fractional and infinite numbers are not counts: they are unknown. */
export const tokens = (u: unknown): number | undefined =>
  typeof u === "number" && Number.isSafeInteger(u) && u >= 0 ? u : undefined

/** Whether a field has a value: servers write null and "" for nothing. */
export const says = (u: unknown): boolean => u !== undefined && u !== null && u !== ""

const contents = ["delta", "text", "content", "item", "part", "message", "output", "choices", "completion"]

/** Whether an event of an unknown type may contain content. */
export const carriesContent = (body: JsonObject): boolean =>
  contents.some((name) => typeof body[name] !== "number" && typeof body[name] !== "boolean" && says(body[name]))
