/**
 * Proves where the text of a continuing attempt meets the delivered text, or refuses it at the first character that
 * makes a proof impossible. Until it is proven nothing is shown. Text is compared by exact UTF-16 units.
 */
import type { Ask } from "./ask.js"

/**
 * - `Open`: nothing is known yet, and nothing was shown
 * - `Proven`: what follows is appended verbatim
 * - `Complete`: the model says that nothing was missing
 * - `Refused`: the model did something else
 */
export type Verdict = "Open" | "Proven" | "Complete" | "Refused"

export interface Seam {
  readonly verdict: Verdict
  /** Whether the model has shown where it continues; what follows may still refuse the seam. */
  readonly isAnchored: boolean
  /** Whether only white space came, which may or may not belong to the text. */
  readonly isBlank: boolean
  /** Takes new text, and returns the part that may be shown now. */
  readonly push: (text: string) => string
  /** The text has ended, or something else follows it: decides, and returns what was still held back. */
  readonly end: (then: "nothing" | "more") => string
}

/** How much a model may write before the marker, and how much white space after it. */
const MOST_PREAMBLE = 200

/**
 * The characters allowed in a preamble. Anything else could open what the model closes at its end: a quotation, a
 * fence, a bracket, a list, an emphasis.
 */
const plain = /[\p{L}\p{M}\p{N}\s.,:;!?…。，：；！？、—–]/u
const letter = /\p{L}/u
/** Between two letters, these are neither a quotation mark nor the mark of a list. */
const joiner = /['’-]/
const space = /\s/

/** The seam of a model that was asked to write a marker and an anchor before it continues. */
export class AskedSeam implements Seam {
  verdict: Verdict = "Open"
  readonly isBlank = false
  private phase: "preamble" | "marker" | "space" | "anchor" | "decision" | "closing" | "text" = "preamble"
  /** Characters of this phase: matched characters of the marker or the anchor, or skipped ones. */
  private count = 0
  private previous = ""
  /** The white space between the marker and the anchor. */
  private between = ""
  /** The text after the anchor that cannot be shown yet. */
  private held = ""
  /** How much of the anchor, and how much of the marker, follows the anchor. */
  private repeated = 0
  private closed = 0

  constructor(private readonly ask: Ask) {}

  get isAnchored(): boolean {
    return this.phase === "decision" || this.phase === "closing" || this.phase === "text"
  }

  push(text: string): string {
    let at = 0
    while (at < text.length && this.phase !== "text" && this.verdict !== "Refused") this.take(text.charAt(at++))
    return this.phase === "text" && this.verdict === "Proven" ? this.withoutMarker(text.slice(at)) : ""
  }

  end(then: "nothing" | "more"): string {
    if (this.verdict === "Complete" || this.verdict === "Refused") return ""
    // Something must follow the anchor: text, or whatever the model does instead of writing.
    const goesOn = this.phase === "text" || (this.phase === "decision" && (this.held !== "" || then === "more"))
    if (this.phase === "closing") this.verdict = "Complete"
    else if (goesOn) {
      this.verdict = "Proven"
      // A text that a call ended is ended again by the end of the answer.
      this.phase = "text"
    } else this.refuse()
    // An incomplete marker must not be shown to a reader.
    if (this.verdict === "Proven" && this.markerBegunIn(this.held) > 1) this.refuse()
    const text = this.held
    this.held = ""
    return this.verdict === "Proven" ? text : ""
  }

  private take(character: string): void {
    const { anchor, marker } = this.ask
    switch (this.phase) {
      case "preamble":
        if (character !== marker.charAt(0)) this.preamble(character)
        else if (joiner.test(this.previous)) this.refuse()
        else this.begin("marker", character)
        break
      case "marker":
        this.match(character, marker, "space")
        break
      case "space":
        if (!space.test(character)) this.begin("anchor", character)
        else if (++this.count > MOST_PREAMBLE) this.refuse()
        else this.between += character
        break
      case "anchor":
        this.match(character, anchor, "decision")
        break
      case "decision":
        this.decide(character)
        break
      case "closing":
        if (!space.test(character)) this.refuse()
    }
  }

  private begin(phase: "marker" | "anchor", character: string): void {
    this.go(phase)
    this.take(character)
  }

  private preamble(character: string): void {
    const joins = joiner.test(character) && letter.test(this.previous)
    const isCut = joiner.test(this.previous) && !letter.test(character)
    if (isCut || !(joins || plain.test(character)) || ++this.count > MOST_PREAMBLE) this.refuse()
    this.previous = character
  }

  private match(character: string, expected: string, next: typeof this.phase): void {
    if (character !== expected.charAt(this.count++)) this.refuse()
    else if (this.count === expected.length) this.go(next)
  }

  /** What follows the anchor is text, unless it is the anchor again, or the marker. Compares each character once. */
  private decide(character: string): void {
    const { anchor, marker } = this.ask
    this.held += character
    this.repeated = character === anchor.charAt(this.repeated) ? this.repeated + 1 : DIFFERENT
    if (this.closed > 0 || (this.closed === 0 && !space.test(character))) {
      this.closed = character === marker.charAt(this.closed) ? this.closed + 1 : DIFFERENT
    }
    if (this.repeated === anchor.length) this.refuse()
    else if (this.closed === marker.length) {
      // White space before the second marker is layout if the first one has the same; otherwise it was missing in the
      // text.
      const gap = this.held.slice(0, -marker.length)
      this.held = ""
      if (gap === "" || gap === this.between) this.go("closing")
      else this.refuse()
    } else if (this.repeated < 0 && this.closed < 0) {
      this.verdict = "Proven"
      this.go("text")
    }
  }

  /** A marker is part of no text: a model that writes it again has done something other than continue. */
  private withoutMarker(text: string): string {
    const all = this.held + text
    this.held = ""
    if (all.includes(this.ask.marker)) {
      this.refuse()
      return ""
    }
    const begun = this.markerBegunIn(all)
    if (begun === 0) return all
    this.held = all.slice(-begun)
    return all.slice(0, -begun)
  }

  /** How much of the marker is at the end of the text. Its first character occurs in it only once. */
  private markerBegunIn(text: string): number {
    const { marker } = this.ask
    const at = text.lastIndexOf(marker.charAt(0))
    return at >= 0 && text.length - at <= marker.length && marker.startsWith(text.slice(at)) ? text.length - at : 0
  }

  private go(phase: typeof this.phase): void {
    this.phase = phase
    this.count = 0
  }

  private refuse(): void {
    this.verdict = "Refused"
    this.held = ""
  }
}

/** Not an index of a text: no character equals the one there. */
const DIFFERENT = Number.NEGATIVE_INFINITY

/** This many characters in common with the beginning of the answer cannot be a coincidence. */
const BEGINNING = 24

/**
 * The seam of a model that continues its own message. Its first characters are compared with the beginning of the
 * answer: if they are equal, the prefill was ignored, or the two cases cannot be told apart.
 */
export class PrefilledSeam implements Seam {
  verdict: Verdict = "Open"
  private held = ""
  private readonly start: string
  /** How much of the new text equals the beginning of the old one. */
  private same = 0

  /** `beginning` is what was delivered; for a vendor that repeats the message first, the whole message. */
  constructor(
    beginning: string,
    private readonly echoes: boolean
  ) {
    this.start = beginning.trimStart()
  }

  get isAnchored(): boolean {
    return this.verdict === "Proven"
  }

  get isBlank(): boolean {
    return this.verdict === "Open" && this.same === 0 && this.held !== ""
  }

  push(text: string): string {
    if (this.verdict === "Proven") return text
    if (this.verdict !== "Open") return ""
    // White space before the first word says nothing.
    const skipped = this.same === 0 ? text.length - text.trimStart().length : 0
    for (let at = skipped; at < text.length; at++) {
      if (text.charCodeAt(at) !== this.start.charCodeAt(this.same)) return this.differs(text)
      this.same++
      if (this.echoes && this.same === this.start.length) return this.prove(text.slice(at + 1))
      if (!this.echoes && this.same === Math.min(BEGINNING, this.start.length)) return this.refuse()
    }
    this.held += text
    return ""
  }

  end(then: "nothing" | "more"): string {
    if (this.verdict !== "Open") return ""
    if (this.same > 0) return this.refuse()
    if (this.held !== "" || then === "more") return this.prove(this.held)
    this.verdict = "Complete"
    return ""
  }

  private differs(text: string): string {
    // For a vendor that repeats the message, only the repetition proves anything.
    return this.echoes ? this.refuse() : this.prove(this.held + text)
  }

  private prove(text: string): string {
    this.verdict = "Proven"
    this.held = ""
    return text
  }

  private refuse(): string {
    this.verdict = "Refused"
    this.held = ""
    return ""
  }
}
