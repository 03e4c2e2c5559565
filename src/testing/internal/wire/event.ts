/**
 * Server-sent events as vendors write them, and how a text is cut into deltas.
 */

const PIECE_LENGTH = 8

/** A text in pieces of a few characters, never inside one. Pieces that are given are kept. */
export const pieces = (text: string | ReadonlyArray<string>): ReadonlyArray<string> => {
  if (typeof text !== "string") return text
  const characters = Array.from(text)
  return Array.from({ length: Math.ceil(characters.length / PIECE_LENGTH) }, (_, i) =>
    characters.slice(i * PIECE_LENGTH, (i + 1) * PIECE_LENGTH).join("")
  )
}

export const event = (data: unknown, name?: string): string =>
  `${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`

export const comment = (text: string): string => `: ${text}\n\n`
