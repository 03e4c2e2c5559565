/**
 * The events of an attempt that continues a broken answer, by prefill or by asking: block numbers continue, and text is
 * appended once its seam is proven.
 */
import { type Fault, seamNotProven } from "../../../model/internal/fault.js"
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type { Route, Seam as SeamReport } from "../../../model/ModelResponse.js"
import type { Fold, PartialResponse } from "../../../model/PartialResponse.js"
import type * as Decoder from "../../../protocol/internal/decoder.js"
import type { Seam } from "./seam.js"

/** What a continuing attempt is read into. */
export interface Continued extends Decoder.Target {
  /** The route that began it, even if a cursor continues it: the one to refuse if the seam is not proven. */
  readonly route: Route
  /** Whether the attempt's events are those of the whole answer. */
  readonly isWhole: boolean
  /** The seam; undefined while it is unknown, and if no text followed. */
  readonly seam: () => SeamReport | undefined
}

export interface Options {
  /** What the consumer has, without void blocks. */
  readonly fold: Fold
  readonly kept: PartialResponse
  readonly route: Route
  readonly seam: Seam
  /** The anchor that the model was asked for, if any. */
  readonly anchor: string | undefined
}

export const make = (options: Options): Continued => new Joining(options)

class Joining implements Continued {
  readonly isWhole = false
  readonly route: Route
  readonly fold: Fold
  /** Our index of each block of the attempt. */
  private readonly indices = new Map<number, number>()
  /** The attempt's text blocks that began before the seam was proven: their text is one. */
  private readonly first = new Set<number>()
  private next: number
  /** The block that the text is appended to: the one that was still open, or a new one. */
  private target: number | undefined
  /** The attempt that continued, by itself or through a cursor. */
  private attempt = 0
  private report: SeamReport | undefined
  private readonly called: boolean
  /** True if the latest text is joined to that of another attempt, so that its own positions mean nothing. */
  private isJoined = false
  /** True if text that follows at once would be joined across white space that may not belong to it. */
  private doubtful = false

  constructor(private readonly options: Options) {
    const { fold, kept, route } = options
    const at = kept.blocks.findLastIndex(({ type }) => type === "text")
    const last = kept.blocks[at]
    this.route = route
    this.fold = fold
    this.next = fold.length
    this.target = last?.type === "text" && last.open ? fold.indexAfter(at + 1) - 1 : undefined
    this.called = kept.blocks.some(({ type }) => type === "tool-call")
  }

  rewrite(events: Array<ModelEvent>, from: number): Fault | undefined {
    for (const event of events.splice(from)) {
      const fault = this.take(event, events)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  close(events: Array<ModelEvent>): Fault | undefined {
    return this.endText("nothing", events)
  }

  seam(): SeamReport | undefined {
    return this.report
  }

  private take(event: ModelEvent, out: Array<ModelEvent>): Fault | undefined {
    const { route, seam } = this.options
    switch (event._tag) {
      case "ResponseStart":
        // A cursor that continues this attempt says so itself.
        if (event.route === undefined) this.attempt = event.attempt
        out.push({ route, ...event })
        return undefined
      case "TextStart":
        if (seam.verdict === "Complete" || this.doubtful) return refused
        this.isJoined = seam.verdict === "Open"
        if (this.isJoined) this.first.add(event.index)
        else {
          this.meet()
          out.push({ ...event, index: this.start(event.index) })
        }
        return undefined
      case "TextDelta":
        if (!this.first.has(event.index)) {
          out.push({ ...event, index: this.indices.get(event.index)! })
          return undefined
        }
        this.append(seam.push(event.text), out)
        return seam.verdict === "Refused" ? refused : undefined
      case "TextEnd":
        // A block that ends before the proof is only a piece of what the model was asked for.
        if (this.first.has(event.index)) return seam.verdict === "Proven" ? this.endText("more", out) : undefined
        out.push({ ...event, index: this.indices.get(event.index)! })
        return undefined
      case "ToolCallStart": {
        // The model may repeat a call that we reported as not run.
        if (this.called) return seamNotProven("the model called a tool again instead of continuing its text")
        this.doubtful = false
        const fault = this.endText("more", out)
        if (fault === undefined) out.push({ ...event, index: this.start(event.index) })
        return fault
      }
      case "Citation":
        if (!this.isJoined) return this.takeBlock(event, out)
        // Its text may continue.
        out.push({ ...event, index: this.start(event.index), start: undefined, end: undefined })
        return undefined
      case "ReasoningStart":
      case "ProviderPart":
        return this.takeBlock(event, out)
      case "ReasoningDelta":
      case "ReasoningEnd":
      case "ToolCallDelta":
      case "ToolCallEnd":
        out.push({ ...event, index: this.indices.get(event.index)! })
        return undefined
      default:
        out.push(event)
        return undefined
    }
  }

  /** A block of another kind ends the text before it. */
  private takeBlock(
    event: Extract<ModelEvent, { readonly _tag: "ReasoningStart" | "Citation" | "ProviderPart" }>,
    out: Array<ModelEvent>
  ): Fault | undefined {
    const { seam } = this.options
    // White space after the anchor belongs to the text before this block, not to a later one. After a prefill it may
    // also be what some models write before they think, in the middle of a word.
    this.doubtful ||= seam.isBlank
    const fault = seam.isAnchored || seam.isBlank ? this.endText("more", out) : undefined
    this.closeText(out)
    if (fault === undefined) out.push({ ...event, index: this.start(event.index) })
    return fault
  }

  private start(index: number): number {
    const ours = this.next++
    this.indices.set(index, ours)
    return ours
  }

  private append(text: string, out: Array<ModelEvent>): void {
    if (text === "") return
    this.meet()
    if (this.target === undefined) {
      this.target = this.next++
      out.push({ _tag: "TextStart", index: this.target })
    }
    out.push({ _tag: "TextDelta", index: this.target, text })
  }

  /** The text to be joined has ended. */
  private endText(then: "nothing" | "more", out: Array<ModelEvent>): Fault | undefined {
    const { seam } = this.options
    this.append(seam.end(then), out)
    if (seam.verdict === "Refused") return refused
    this.closeText(out)
    return undefined
  }

  private closeText(out: Array<ModelEvent>): void {
    if (this.target !== undefined) out.push({ _tag: "TextEnd", index: this.target })
    this.target = undefined
  }

  private meet(): void {
    const { anchor, kept, route } = this.options
    this.report ??= { attempt: this.attempt, route, offset: kept.text.length, ...(anchor !== undefined && { anchor }) }
  }
}

const refused = seamNotProven("the model did not show where it continues, so its words were not joined to the answer")
