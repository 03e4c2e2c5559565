/**
 * Reads requests as a simulated vendor must: what the conversation says, and what the default continuation request asks
 * for, of which the testing kit knows.
 */
export type { Ask } from "../../src/retry/internal/continuation/ask.js"
export { asked, askIn, resumed as obedient } from "../../src/testing/internal/asked.js"

export interface Said {
  readonly role: string
  readonly text: string
}

/** The messages of a request, whatever its protocol calls them. */
export const messagesOf = (json: unknown): ReadonlyArray<Said> => {
  const body = (json ?? {}) as { readonly messages?: ReadonlyArray<object>; readonly input?: ReadonlyArray<object> }
  return (body.messages ?? body.input ?? []).map((message) => {
    const { content, role = "other" } = message as { readonly content?: unknown; readonly role?: string }
    const parts = Array.isArray(content) ? (content as ReadonlyArray<{ readonly text?: string }>) : []
    return { role, text: typeof content === "string" ? content : parts.map(({ text }) => text ?? "").join("") }
  })
}

/** What a request says that the model said before. */
export const saidIn = (json: unknown): string =>
  messagesOf(json)
    .filter(({ role }) => role === "assistant")
    .map(({ text }) => text)
    .join("")
