/**
 * Finds where the text of an attempt that goes on joins the text that was delivered before it. What repeats delivered
 * text is cut. An answer that begins again in other words is not joined at all. Until that is known, text is held back:
 * at most as much as was delivered, and nearly always a few characters.
 */

/** What a model is asked to answer when nothing was missing. */
export const COMPLETE = "[complete]"

/** How far back a repetition of the last words is looked for. */
const TAIL = 2_000

export interface Options {
  /** All text that was delivered. */
  readonly before: string
  /**
   * - `asked`: the model was asked to go on, and may repeat its last words, or begin again
   * - `echoing`: the model goes on by itself, and its vendor may send the text before it again
   * - `exact`: the model goes on by itself
   */
  readonly how: "asked" | "echoing" | "exact"
}

export class Seam {
  /** How much was cut, once that is known. */
  cut = 0
  /** True where the new text is another answer. */
  foreign = false
  private decided = false
  private held = ""
  /** How far the new text is the beginning of the old one. */
  private same = 0
  private differs = false
  private readonly start: string
  private readonly tail: string
  /** The white space at the old text's end, which a model may write again. */
  private readonly space: string

  constructor(private readonly options: Options) {
    this.start = options.before.trimStart()
    const end = options.before.trimEnd()
    this.tail = end.slice(-TAIL)
    this.space = options.before.slice(end.length)
  }

  /** Takes new text, and gives what of it can be delivered now. */
  push(text: string): string {
    if (this.decided) return this.foreign ? "" : text
    this.compare(text)
    this.held += text
    return this.mayStillRepeat() ? "" : this.decide()
  }

  /** True once it is known where the texts meet. */
  get joined(): boolean {
    return this.decided && !this.foreign
  }

  /** True where all that came is white space, and nothing is known of where it belongs. */
  get isBlank(): boolean {
    return !this.decided && !/\S/.test(this.held)
  }

  /** Forgets white space that came before something else than text. */
  forgetBlank(): void {
    if (this.isBlank) this.held = ""
  }

  /** The new text's block is over. */
  end(): string {
    return this.decided ? "" : this.decide()
  }

  /** Goes along the old text's beginning, each character once. */
  private compare(text: string): void {
    if (this.differs || this.options.how === "exact") return
    const piece = this.same === 0 ? text.trimStart() : text
    for (let at = 0; at < piece.length; at++) {
      if (this.same === this.start.length) return
      if (piece.charCodeAt(at) !== this.start.charCodeAt(this.same)) {
        this.differs = true
        return
      }
      this.same++
    }
  }

  private mayStillRepeat(): boolean {
    const { how } = this.options
    // First, and without a look at what is held: it may be as long as all that was delivered.
    if (how !== "exact" && !this.differs && this.same < this.start.length) return true
    if (this.held.length > TAIL) return false
    const begun = this.held.trimStart()
    if (begun === "") return true
    return how === "asked" && (this.tail.includes(begun) || COMPLETE.startsWith(begun.trimEnd()))
  }

  private decide(): string {
    this.decided = true
    const text = this.held
    this.held = ""
    const begun = text.trimStart()
    const lead = text.length - begun.length
    const { how } = this.options
    const again = this.same === this.start.length && this.start !== ""
    if (again && (how === "echoing" || (how === "asked" && letter.test(this.start)))) {
      return this.from(text, lead + this.start.length, "")
    }
    if (how !== "asked") return this.from(text, 0, this.space)
    if (begun.trimEnd() === COMPLETE) return this.from(text, text.length, "")
    const repeated = this.overlap(begun, text.slice(0, lead))
    if (this.same > repeated && isEvidence(this.start.slice(0, this.same))) {
      this.foreign = true
      return ""
    }
    return repeated > 0 ? this.from(text, lead + repeated, this.space) : this.from(text, 0, this.space)
  }

  /** The text from there on, without the white space that it has in common with what was delivered. */
  private from(text: string, at: number, space: string): string {
    let cut = at
    for (const character of space) {
      if (text[cut] !== character) break
      cut++
    }
    this.cut = cut
    return text.slice(cut)
  }

  /** How much of the new text's beginning is the old text's end; `lead` is the white space before it. */
  private overlap(begun: string, lead: string): number {
    // Who writes the white space that was missing goes on; and lines that are the same are common, in code above all.
    const goesOn = /\n/.test(this.space + lead) || (this.space === "" && lead !== "")
    for (let length = Math.min(begun.length, this.tail.length); length > 0; length--) {
      const common = begun.slice(0, length)
      if (!this.tail.endsWith(common) || !isWord.test(common)) continue
      const long = weight(common) >= ENOUGH && weight([...new Set(common)].join("")) >= ENOUGH / 2
      if (long || (!goesOn && this.isWords(common))) return length
    }
    return 0
  }

  /** A few characters that happen to be the same are no repetition; words of the line that broke are one. */
  private isWords(text: string): boolean {
    const before = this.tail.slice(0, -text.length)
    if (!startsWord.test(text) || endsWord.test(before)) return false
    // Digits are soon the same by accident, and a number that was made shorter is another number.
    if (!letter.test(text)) return text.length > 1 && !endsNumber.test(before)
    return isVaried(text)
  }
}

/** So many characters in common are no accident. */
const ENOUGH = 12

const isWord = /[\p{L}\p{N}]/u
const startsWord = /^[\p{L}\p{N}]/u
const endsWord = /[\p{L}\p{N}\p{M}]$/u
/** With what may stand between the digits of a number. */
const endsNumber = /\p{N}[\p{P}\s]?$/u

/** Characters that are syllables or words count for three. */
const weight = (text: string): number =>
  text.length + 2 * (text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0)

const letter = /\p{L}/u

/** Digits, signs and one letter over and over go on as they began, in many texts that nobody repeated. */
const isVaried = (text: string): boolean => letter.test(text) && new Set(text).size > 1

const isEvidence = (common: string): boolean => {
  const text = common.trim()
  return weight(text) >= ENOUGH || (text.length >= 8 && /\s/.test(text))
}
