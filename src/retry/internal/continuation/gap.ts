/**
 * Holds back white space, and half a surrogate pair, at the end of the received text, until the next character arrives.
 * So delivered text never ends inside a gap, where it would be unknown what a continuation must still write.
 *
 * The end of a block waits with its white space. What was held is dropped when the attempt breaks: the model writes it
 * again.
 */
import type { ModelEvent, TextDelta, TextEnd } from "../../../model/ModelEvent.js"

export class Gap {
  private held: Array<TextDelta | TextEnd> = []

  /** Rewrites the events from `from` on. Costs next to nothing if no text ends in a gap. */
  hold(events: Array<ModelEvent>, from: number): void {
    for (let at = from; at < events.length; at++) {
      if (this.held.length === 0 && !endsInGap(events[at]!)) continue
      for (const event of events.splice(at)) this.take(event, events)
      return
    }
  }

  /** The end is proven: nothing is missing after the held text. */
  release(events: Array<ModelEvent>): void {
    for (const event of this.held) events.push(event)
    this.held = []
  }

  drop(): void {
    this.held = []
  }

  private take(event: ModelEvent, out: Array<ModelEvent>): void {
    if (event._tag === "TextEnd" && this.held.some(({ index }) => index === event.index)) this.held.push(event)
    else if (event._tag === "TextDelta") this.text(event, out)
    else out.push(event)
  }

  private text({ index, text }: TextDelta, out: Array<ModelEvent>): void {
    const end = visibleEnd(text)
    if (end > 0) {
      const before = this.heldOf(index)
      this.release(out)
      out.push({ _tag: "TextDelta", index, text: before + text.slice(0, end) })
    }
    if (end < text.length) this.held.push({ _tag: "TextDelta", index, text: text.slice(end) })
  }

  /** The held end of this block, to be given in one delta: no half of a pair is ever delivered alone. */
  private heldOf(index: number): string {
    let from = this.held.length
    while (from > 0 && this.held[from - 1]!._tag === "TextDelta" && this.held[from - 1]!.index === index) from--
    return this.held.splice(from).reduce((all, event) => (event._tag === "TextDelta" ? all + event.text : all), "")
  }
}

const endsInGap = (event: ModelEvent): boolean =>
  event._tag === "TextDelta" && visibleEnd(event.text) < event.text.length

const space = /\s/

/** The index after the last visible character of a text that is not half a pair; 0 if there is none. */
export const visibleEnd = (text: string): number => {
  for (let end = text.length; end > 0; end--) {
    const code = text.charCodeAt(end - 1)
    // First the letters and signs of most texts, without a regular expression.
    if (code > 0x20 && code < 0x7f) return end
    const isHalf = end === text.length && code >= 0xd800 && code <= 0xdbff
    if (!isHalf && !space.test(text.charAt(end - 1))) return end
  }
  return 0
}
