/**
 * Reads a continuation request as a simulated vendor must, and writes what a model that follows it answers.
 */
import { type Ask, defaultRequest } from "../../retry/internal/continuation/ask.js"

/** What stands around the anchor, taken from the wording itself, so that the two cannot differ. */
const [before = "", rest = ""] = defaultRequest({ marker: "", anchor: "\u0000" }).split("\u0000")
const [after = ""] = rest.split("Write ")

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
  return Array.isArray(said) ? askIn(textOf(said.at(-1))) : undefined
}

/** What a text asks for, if it is the default request. */
export const askIn = (text: string): Ask | undefined => {
  const marker = /<resume-[0-9a-f]+>/.exec(text)?.[0]
  if (marker === undefined) return undefined
  const ask = { marker, anchor: text.slice(before.length, text.lastIndexOf(after)) }
  return defaultRequest(ask) === text ? ask : undefined
}

export const resumed = ({ anchor, marker }: Ask, rest: string): string =>
  `${marker}\n${anchor}${rest === "" ? `\n${marker}` : rest}`
