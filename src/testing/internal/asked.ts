/**
 * Reads a continuation request as a simulated vendor must, and writes what a model that follows it answers.
 */
import { type Ask, defaultRequest } from "../../retry/internal/continuation/ask.js"

/** Stand for the marker and the anchor: characters that no wording has. */
const MARKER = "\u0001"
const ANCHOR = "\u0002"

/** The default wording as a pattern, made from it, so that the two cannot differ. */
const wording = ((): RegExp => {
  const escaped = defaultRequest({ marker: MARKER, anchor: ANCHOR }).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
  const pattern = escaped
    .replace(ANCHOR, "(?<anchor>[^]+?)")
    .replace(MARKER, "(?<marker>\\S+)")
    .replaceAll(MARKER, "\\k<marker>")
  return new RegExp(`^${pattern}$`)
})()

/** The text of a message, whatever its protocol calls it. */
const textOf = (message: unknown): string => {
  const { content } = (message ?? {}) as { readonly content?: unknown }
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return ""
  return content.map((part: { readonly text?: unknown }) => (typeof part?.text === "string" ? part.text : "")).join("")
}

export const asked = (json: unknown): Ask | undefined => {
  const { input, messages } = (json ?? {}) as { readonly input?: unknown; readonly messages?: unknown }
  const said = messages ?? input
  const last = Array.isArray(said) ? textOf(said.at(-1)) : ""
  const { anchor, marker } = wording.exec(last)?.groups ?? {}
  return anchor === undefined || marker === undefined ? undefined : { anchor, marker }
}

export const resumed = ({ anchor, marker }: Ask, rest: string): string =>
  `${marker}\n${anchor}${rest === "" ? `\n${marker}` : rest}`
