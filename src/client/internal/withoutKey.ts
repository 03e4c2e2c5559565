/**
 * What others say, without the key that they were given: some vendors repeat it, and not every key looks like one.
 */
import * as Redacted from "effect/Redacted"

/** The least of a cut key that is worth hiding. */
const PIECE = 6

/** Also where the text was cut in the middle of the key. */
export const withoutKey = (text: string, redacted: Redacted.Redacted): string => {
  const key = Redacted.value(redacted)
  if (key.length < PIECE) return text
  const whole = text.replaceAll(key, "[redacted]")
  for (let length = key.length - 1; length >= PIECE; length--) {
    if (whole.endsWith(`${key.slice(0, length)}"`)) return `${whole.slice(0, -length - 1)}[redacted]"`
  }
  return whole
}
