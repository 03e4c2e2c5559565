/**
 * Says which anchors a delivered text may have. It follows the definition word by word and is as slow as that, so that it
 * can judge the library's own way of finding one.
 */

const SHORTEST = 40
const LONGEST = 400

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** The places in a text between two graphemes, its end included. */
export const boundaries = (text: string): ReadonlyArray<number> => [
  ...Array.from(graphemes.segment(text), ({ index }) => index).filter((index) => index > 0),
  text.length
]

const isSpace = (unit: string | undefined): boolean => unit !== undefined && /\s/.test(unit)

const isHighSurrogate = (unit: string): boolean => unit >= "\ud800" && unit <= "\udbff"

/** What of a text that broke off is shown: no white space at its end, and no half of a surrogate pair. */
export const shownOf = (arrived: string): string => {
  let end = arrived.length
  while (end > 0 && (isSpace(arrived[end - 1]) || isHighSurrogate(arrived[end - 1]!))) end--
  return arrived.slice(0, end)
}

/** Whether a text begins with two copies of something, and goes on with it to its end. */
const isPeriodic = (text: string): boolean => {
  for (let period = 1; period <= text.length / 2; period++) {
    if (text[0] === text[period] && text.slice(period) === text.slice(0, text.length - period)) return true
  }
  return false
}

/** What is wrong with an anchor of this text, in words; undefined for a good one. */
export const faultOf = (delivered: string, anchor: string): string | undefined => {
  const start = delivered.length - anchor.length
  const shortest = Math.min(SHORTEST, delivered.trimStart().length)
  if (!delivered.endsWith(anchor)) return "is not the end of what was delivered"
  if (isSpace(anchor[0]) || isSpace(anchor.at(-1))) return "begins or ends with white space"
  if (anchor.length < shortest || anchor.length > LONGEST) return `has ${anchor.length} characters`
  if (delivered.indexOf(anchor) !== start) return "occurs twice"
  if (isPeriodic(anchor)) return "repeats itself"
  return undefined
}

/** Where a delivered text may have its anchor begin. */
export interface Starts {
  /** At the beginning of a word. */
  readonly words: ReadonlyArray<number>
  /** At the beginning of a grapheme. */
  readonly graphemes: ReadonlyArray<number>
}

/** Of the text that was asked about last: all runs of a cut ask about the same one. */
let last: { readonly delivered: string; readonly starts: Starts } | undefined

export const startsOf = (delivered: string): Starts => {
  if (last?.delivered !== delivered) last = { delivered, starts: searched(delivered) }
  return last.starts
}

const searched = (delivered: string): Starts => {
  const good = [0, ...boundaries(delivered)].filter(
    (start) => start < delivered.length && faultOf(delivered, delivered.slice(start)) === undefined
  )
  return { graphemes: good, words: good.filter((start) => start === 0 || isSpace(delivered[start - 1])) }
}
