/**
 * How many tokens a request may cost, before anybody has counted them: a quarter of its characters, and what it may write.
 */
import type * as ModelRequest from "../../model/ModelRequest.js"

/** Where a request does not say how much may be written. Most answers are shorter. */
const OUTPUT = 1_000

/** What is no text: an image of a megabyte is not a quarter of a million tokens. */
const binary: ReadonlySet<string> = new Set(["base64", "url"])

export const estimate = (request: ModelRequest.ModelRequest): number =>
  Math.ceil(charactersOf([request.prompt, request.system, request.tools, request.output]) / 4) +
  (request.maxOutputTokens ?? OUTPUT)

/** In a walk without recursion: what a program puts into a tool's schema may be deep. */
const charactersOf = (value: unknown): number => {
  let characters = 0
  const seen = new Set<object>()
  const open: Array<unknown> = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === "string") characters += next.length
    // One that was seen is counted once: a value may hold itself.
    if (typeof next !== "object" || next === null || ArrayBuffer.isView(next) || seen.has(next)) continue
    seen.add(next)
    for (const [name, field] of Object.entries(next)) if (!binary.has(name)) open.push(field)
  }
  return characters
}
