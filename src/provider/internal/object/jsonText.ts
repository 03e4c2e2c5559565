/**
 * Finds the JSON in a text that a model wrote: the text is JSON itself, or has exactly one code block, with or without
 * prose around it. Anything else is rejected: the library does not guess what a model meant.
 *
 * A fence is a line that begins with three back-ticks. No line of JSON begins with one, whatever its strings contain,
 * because a string has no raw line break.
 */

/** The JSON, or what is wrong with the text. */
export type Read = { readonly json: unknown } | { readonly issue: string }

export const readJson = (text: string): Read => {
  const whole = parse(text)
  if ("json" in whole || isJsonFrom(text)) return whole
  const lines = text.split("\n")
  const fences = lines.flatMap((line, at) => (isFence(line) ? [at] : []))
  const [open, close] = fences
  if (open === undefined) return whole
  if (fences.length > 2) return { issue: "It has several code blocks where one was expected." }
  if (close === undefined || !isJsonFence(lines[open] ?? "")) return whole
  return parse(lines.slice(open + 1, close).join("\n"))
}

const parse = (text: string): Read => {
  try {
    // Some models begin with a byte order mark, which everything but JSON treats as white space.
    return { json: JSON.parse(text.trim()) }
  } catch (cause) {
    return { issue: String(cause) }
  }
}

/** The requested value is an object. */
const isJsonFrom = (text: string): boolean => text.trimStart().startsWith("{")

const isFence = (line: string): boolean => line.trimStart().startsWith("```")

const isJsonFence = (line: string): boolean => /^```(?:json)?$/i.test(line.trim())

/**
 * Extracts the JSON from a text while it is written, as `readJson` does from the whole. White space at the beginning of
 * a line is not part of it.
 */
export class JsonText {
  private state: "before" | "prose" | "plain" | "fenced" | "after" = "before"
  /** The line of prose that has not ended yet. */
  private line: Array<string> = []
  private atLineStart = true

  /** The JSON in the next piece of the text. */
  next(text: string): string {
    if (this.state === "plain") return text
    if (this.state === "after") return ""
    if (this.state === "fenced") return this.untilFence(text)
    if (this.state === "before") {
      const rest = text.trimStart()
      if (rest === "") return ""
      this.state = rest.startsWith("{") ? "plain" : "prose"
      return this.state === "plain" ? rest : this.afterFence(rest)
    }
    return this.afterFence(text)
  }

  private afterFence(text: string): string {
    let from = 0
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const line = [...this.line, text.slice(from, end)].join("")
      this.line = []
      from = end + 1
      if (isFence(line)) {
        this.state = isJsonFence(line) ? "fenced" : "after"
        return this.state === "fenced" ? this.untilFence(text.slice(from)) : ""
      }
    }
    this.line.push(text.slice(from))
    return ""
  }

  private untilFence(text: string): string {
    const json: Array<string> = []
    let from = 0
    while (from < text.length) {
      if (this.atLineStart) {
        while (text[from] === " " || text[from] === "\t") from += 1
        if (from === text.length) break
        this.atLineStart = false
        if (text[from] === "`") {
          this.state = "after"
          break
        }
      }
      const end = text.indexOf("\n", from)
      json.push(text.slice(from, end < 0 ? text.length : end + 1))
      if (end < 0) break
      this.atLineStart = true
      from = end + 1
    }
    return json.join("")
  }
}
