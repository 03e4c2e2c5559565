/** Finds the anchor: the last words of the delivered text, by which a model shows where it continues. */

/** In UTF-16 code units. A shorter anchor is used only if the text has no more. */
const LEAST = 40
const MOST = 400

/**
 * The anchor of a broken answer, or undefined if it has none. It begins and ends with a visible character, occurs once
 * in everything that was delivered, and has no period of half its length or less. So a model that repeats it, or a part
 * of it, cannot be mistaken for one that continues.
 *
 * Linear in the length of `delivered`.
 *
 * @param delivered All text of the answer.
 * @param last The text of its last block: words of another block are not in front of it for the model.
 */
export const anchorOf = (delivered: string, last: string): string | undefined => {
  const text = last.trimStart()
  if (text === "" || text !== text.trimEnd() || endsInHalfAPair(text)) return undefined
  const longest = Math.min(MOST, text.length)
  const tail = text.slice(text.length - longest)
  const borders = bordersFromTheEnd(tail)
  const least = Math.max(Math.min(LEAST, text.length), repeatedFromTheEnd(delivered, tail, borders) + 1)
  // From the end, a prefix of length n has the period n - border(n), like its mirror image.
  const isPlain = (length: number): boolean => 2 * (length - borders[length - 1]!) > length
  const startsWith = (boundary: (at: number) => boolean): string | undefined => {
    for (let length = least; length <= longest; length++) {
      const at = text.length - length
      if (isPlain(length) && isVisible(text, at) && boundary(at)) return text.slice(at)
    }
    return undefined
  }
  return startsWith((at) => at === 0 || !isVisible(text, at - 1)) ?? startsWith(graphemeBoundaries(text, longest))
}

const space = /\s/

const isVisible = (text: string, at: number): boolean => !space.test(text.charAt(at))

const endsInHalfAPair = (text: string): boolean => /[\ud800-\udbff]$/.test(text)

/** For each prefix of the mirrored text, the length of its longest border: Knuth, Morris and Pratt's failure function. */
const bordersFromTheEnd = (text: string): ReadonlyArray<number> => {
  const end = text.length - 1
  const borders: Array<number> = text === "" ? [] : [0]
  let border = 0
  for (let at = 1; at < text.length; at++) {
    while (border > 0 && text.charCodeAt(end - at) !== text.charCodeAt(end - border)) border = borders[border - 1]!
    if (text.charCodeAt(end - at) === text.charCodeAt(end - border)) border++
    borders.push(border)
  }
  return borders
}

/** The length of the longest suffix of `delivered` that occurs in it once more, possibly overlapping itself. */
const repeatedFromTheEnd = (delivered: string, tail: string, borders: ReadonlyArray<number>): number => {
  const end = tail.length - 1
  let longest = 0
  let length = 0
  for (let at = delivered.length - 2; at >= 0; at--) {
    const code = delivered.charCodeAt(at)
    while (length > 0 && (length > end || code !== tail.charCodeAt(end - length))) length = borders[length - 1]!
    if (code === tail.charCodeAt(end - length)) length++
    if (length > longest) longest = length
    if (longest > end) return longest
  }
  return longest
}

/**
 * Only the end of the text is cut into graphemes: a boundary there is one in the whole text, except for a short run-in.
 */
const graphemeBoundaries = (text: string, longest: number): ((at: number) => boolean) => {
  const from = Math.max(0, text.length - longest - RUN_IN)
  let boundaries: ReadonlySet<number> | undefined
  return (at) => {
    boundaries ??= new Set(
      Array.from(
        new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text.slice(from)),
        ({ index }) => from + index
      )
    )
    return boundaries.has(at)
  }
}

/** Longer than any realistic grapheme. */
const RUN_IN = 64
