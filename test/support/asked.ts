/**
 * Reads requests as a simulated vendor must: what the conversation says, and what the default continuation request asks
 * for. Also writes what a model that obeys it answers.
 */
import { type Ask, defaultRequest } from "../../src/retry/internal/continuation/ask.js"

export type { Ask }

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

/** Stand for the marker and the anchor; no wording has them. */
const MARKER = "\u0001"
const ANCHOR = "\u0002"

/** The default wording as a pattern, so that a change of its words needs no change here. */
const wording = ((): RegExp => {
  const escaped = defaultRequest({ marker: MARKER, anchor: ANCHOR }).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
  const pattern = escaped
    .replace(ANCHOR, "(?<anchor>[\\s\\S]+?)")
    .replace(MARKER, "(?<marker>\\S+?)")
    .replaceAll(MARKER, "\\k<marker>")
  return new RegExp(`^${pattern}$`)
})()

/** What the default request in this message asks for; undefined where the message is not that request. */
export const askIn = (text: string): Ask | undefined => {
  const { anchor, marker } = wording.exec(text)?.groups ?? {}
  return anchor === undefined || marker === undefined ? undefined : { anchor, marker }
}

/** What a request asks its model to write before it goes on; undefined where it asks for another thing. */
export const asked = (json: unknown): Ask | undefined => {
  const last = messagesOf(json).at(-1)
  return last?.role === "user" ? askIn(last.text) : undefined
}

/** What an obedient model writes: the marker, the anchor and the rest; where nothing is missing, the marker again. */
export const obedient = ({ anchor, marker }: Ask, rest: string): string =>
  `${marker}\n${anchor}${rest === "" ? `\n${marker}` : rest}`
