/**
 * The events of an answer that a server kept, read again from the beginning by a program that did not see it begin:
 * what was delivered is compared and left out, and the rest is emitted.
 */
import { type Fault, seamNotProven } from "../../../model/internal/fault.js"
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type { Block, Fold, PartialResponse } from "../../../model/PartialResponse.js"
import type { Continued } from "./joining.js"

/** `fold` holds what was delivered, which is `kept`. */
export const make = (fold: Fold, kept: PartialResponse): Continued => new Replay(fold, kept)

class Replay implements Continued {
  readonly isWhole = true
  readonly route = "cursor"
  /** Our index of each block that the server sends. */
  private readonly indices = new Map<number, number>()
  /** How much of each delivered block came again; undefined until it began again. */
  private readonly seen: Array<number | undefined>
  private next: number

  constructor(
    readonly fold: Fold,
    private readonly kept: PartialResponse
  ) {
    this.next = fold.length
    this.seen = kept.blocks.map(() => undefined)
  }

  rewrite(events: Array<ModelEvent>, from: number): Fault | undefined {
    for (const event of events.splice(from)) if (!this.take(event, events)) return differs
    return undefined
  }

  close(): Fault | undefined {
    return this.isAllSeen() ? undefined : differs
  }

  /** One answer, written once: its text has no seam. */
  seam(): undefined {
    return undefined
  }

  /** Emits the part of the event that was not delivered yet; false if it differs from what was delivered. */
  private take(event: ModelEvent, out: Array<ModelEvent>): boolean {
    switch (event._tag) {
      case "ResponseStart":
        out.push({ route: "cursor", ...event })
        return true
      case "TextStart":
      case "ReasoningStart":
      case "ToolCallStart":
      case "Citation":
      case "ProviderPart":
        return this.start(event, out)
      case "TextDelta":
      case "ReasoningDelta":
        return this.grow(event.index, event.text, (index, text) => out.push({ ...event, index, text }))
      case "ToolCallDelta":
        return this.grow(event.index, event.json, (index, json) => out.push({ ...event, index, json }))
      case "TextEnd":
      case "ReasoningEnd":
      case "ToolCallEnd": {
        const index = this.indices.get(event.index) ?? event.index
        const block = this.kept.blocks[index]
        if (block?.open !== false) out.push({ ...event, index })
        return block === undefined || this.seen[index] === contentOf(block).length
      }
      default:
        out.push(event)
        return true
    }
  }

  /** Blocks of one kind begin again in the order in which they began. */
  private start(
    event: Extract<ModelEvent, { readonly _tag: (typeof starts)[keyof typeof starts] }>,
    out: Array<ModelEvent>
  ): boolean {
    const known = this.kept.blocks.findIndex(
      ({ type }, index) => this.seen[index] === undefined && starts[type] === event._tag
    )
    if (known >= 0) {
      this.indices.set(event.index, known)
      this.seen[known] = 0
      return true
    }
    // New output follows everything that was delivered.
    if (!this.isAllSeen()) return false
    const index = this.next++
    this.indices.set(event.index, index)
    out.push({ ...event, index })
    return true
  }

  /** Returns the part of a piece after the delivered content; false if the content differs. */
  private grow(theirs: number, piece: string, give: (index: number, rest: string) => void): boolean {
    const index = this.indices.get(theirs) ?? theirs
    const block = this.kept.blocks[index]
    if (block === undefined) {
      give(index, piece)
      return true
    }
    const content = contentOf(block)
    const at = this.seen[index] ?? 0
    const common = Math.min(piece.length, content.length - at)
    this.seen[index] = at + common
    if (!content.startsWith(piece.slice(0, common), at)) return false
    const rest = piece.slice(common)
    if (rest === "") return true
    // White space at the end of a text was held back while later blocks were emitted.
    if (!block.open || !(this.isAllSeen() || rest.trim() === "")) return false
    give(index, rest)
    return true
  }

  private isAllSeen(): boolean {
    return this.kept.blocks.every((block, index) => this.seen[index] === contentOf(block).length)
  }
}

const starts = {
  text: "TextStart",
  reasoning: "ReasoningStart",
  "tool-call": "ToolCallStart",
  citation: "Citation",
  provider: "ProviderPart"
} as const

const contentOf = (block: Block): string => {
  switch (block.type) {
    case "tool-call":
      return block.json
    case "text":
    case "reasoning":
      return block.text
    default:
      return ""
  }
}

const differs = seamNotProven("the answer that the server kept is not the one that was delivered")
