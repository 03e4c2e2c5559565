/**
 * Reads values off JSON that a stranger wrote, without exceptions and without schemas.
 */

/** An object of JSON, of which nothing is known. */
export type JsonObject = Record<string, unknown>

/** The value, or `undefined`, which no JSON text means, where the text is not JSON. */
export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The JSON text, or `undefined` where the value has none: a cycle, a BigInt, a function. */
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

/** A string with something in it: vendors write "" where they mean nothing. */
export const string = (u: unknown): string | undefined => (typeof u === "string" && u !== "" ? u : undefined)

export const number = (u: unknown): number | undefined => (typeof u === "number" ? u : undefined)

/** A count of tokens. Negative, fractional and infinite numbers count nothing: they are unknown. */
export const tokens = (u: unknown): number | undefined =>
  typeof u === "number" && Number.isSafeInteger(u) && u >= 0 ? u : undefined

/** Whether a field says anything: servers write null and "" where they mean nothing. */
export const says = (u: unknown): boolean => u !== undefined && u !== null && u !== ""

const contents = ["delta", "text", "content", "item", "part", "message", "output", "choices", "completion"]

/** Whether an event of a type that is not known has what may be content. */
export const carriesContent = (body: JsonObject): boolean =>
  contents.some((name) => typeof body[name] !== "number" && typeof body[name] !== "boolean" && says(body[name]))
