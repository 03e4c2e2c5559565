/**
 * A seam after delivered text that ends in white space, or in half a surrogate pair: it comes from an attempt that was
 * not resumed, through a checkpoint. The request omits that gap, so the new text must begin with it, and is appended
 * from behind it.
 */
import type { Seam, Verdict } from "./seam.js"

export const afterGap = (seam: Seam, gap: string): Seam => (gap === "" ? seam : new AfterGap(seam, gap))

class AfterGap implements Seam {
  private seen = 0
  private differs = false

  constructor(
    private readonly seam: Seam,
    private readonly gap: string
  ) {}

  get verdict(): Verdict {
    return this.differs ? "Refused" : this.seam.verdict
  }

  get isAnchored(): boolean {
    return this.seam.isAnchored
  }

  get isBlank(): boolean {
    return this.seam.isBlank
  }

  push(text: string): string {
    return this.behind(this.seam.push(text))
  }

  end(then: "nothing" | "more"): string {
    const rest = this.behind(this.seam.end(then))
    this.differs ||= this.seen > 0 && this.seen < this.gap.length
    return rest
  }

  private behind(text: string): string {
    const common = Math.min(text.length, this.gap.length - this.seen)
    this.differs ||= !this.gap.startsWith(text.slice(0, common), this.seen)
    this.seen += common
    return this.differs ? "" : text.slice(common)
  }
}
