/**
 * The events of an answer that a server kept, read again from their beginning by a program that did not see it begin: what
 * was delivered is compared and left out, and the rest is given.
 */
import { type Fault, seamNotProven } from "../../../model/internal/fault.js"
import type { Fold } from "../../../model/internal/fold.js"
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type { Block, PartialResponse } from "../../../model/PartialResponse.js"
import type { Continued } from "./joining.js"

/** `fold` holds what was delivered, which is `kept`. */
export const make = (fold: Fold, kept: PartialResponse): Continued => new Replay(fold, kept)

class Replay implements Continued {
  readonly isWhole = true
  readonly route = "cursor"
  /** How much of each delivered block came again. */
  private readonly seen: Array<number> = []

  constructor(
    readonly fold: Fold,
    private readonly kept: PartialResponse
  ) {}

  rewrite(events: Array<ModelEvent>, from: number): Fault | undefined {
    for (const event of events.splice(from)) if (!this.take(event, events)) return differs
    return undefined
  }

  close(): Fault | undefined {
    return this.kept.blocks.every((block, index) => this.seen[index] === contentOf(block).length) ? undefined : differs
  }

  /** One answer, written once: its text has no seam. */
  seam(): undefined {
    return undefined
  }

  /** Gives what of the event was not delivered yet; false where it is not what was delivered. */
  private take(event: ModelEvent, out: Array<ModelEvent>): boolean {
    const block = "index" in event ? this.kept.blocks[event.index] : undefined
    if (block === undefined) {
      out.push(event._tag === "ResponseStart" ? { route: "cursor", ...event } : event)
      return true
    }
    switch (event._tag) {
      case "TextDelta":
      case "ReasoningDelta": {
        const text = this.beyond(event.index, block, event.text)
        if (text) out.push({ ...event, text })
        return text !== undefined
      }
      case "ToolCallDelta": {
        const json = this.beyond(event.index, block, event.json)
        if (json) out.push({ ...event, json })
        return json !== undefined
      }
      case "TextStart":
      case "ReasoningStart":
      case "ToolCallStart":
      case "ProviderPart":
        this.seen[event.index] = 0
        return event._tag === starts[block.type]
      default:
        if (block.open) out.push(event)
        return true
    }
  }

  /** What of a piece comes after the block's delivered content; undefined where the two are not the same. */
  private beyond(index: number, block: Block, piece: string): string | undefined {
    const content = contentOf(block)
    const at = this.seen[index] ?? 0
    const common = Math.min(piece.length, content.length - at)
    if (!content.startsWith(piece.slice(0, common), at)) return undefined
    this.seen[index] = at + common
    return common < piece.length && !block.open ? undefined : piece.slice(common)
  }
}

const starts = {
  text: "TextStart",
  reasoning: "ReasoningStart",
  "tool-call": "ToolCallStart",
  provider: "ProviderPart"
} as const

const contentOf = (block: Block): string =>
  block.type === "tool-call" ? block.json : block.type === "provider" ? "" : block.text

const differs = seamNotProven("the answer that the server kept is not the one that was delivered")
