/**
 * Folds events into what a consumer has at that moment. The decoder, the retry loop and `ModelEvent.fold` all
 * use this one fold, so a consumer who folds events the documented way gets what `Finish` says.
 */
import type { FinishReason, Reason } from "../FinishReason.js"
import type { ModelEvent } from "../ModelEvent.js"
import * as ModelResponse from "../ModelResponse.js"
import type * as Partial from "../PartialResponse.js"
import type * as Prompt from "../Prompt.js"
import type { Usage } from "../Usage.js"
import { GrowingText } from "./text.js"

/** A block under construction: one shape for all kinds, so that the hot path stays monomorphic. */
interface Draft {
  readonly type: Partial.Block["type"]
  readonly id: string
  readonly name: string
  readonly text: GrowingText
  signature: string | undefined
  value: unknown
  open: boolean
}

const draft = (type: Draft["type"], id = "", name = ""): Draft => ({
  type,
  id,
  name,
  text: new GrowingText(),
  signature: undefined,
  value: undefined,
  open: true
})

/** What the terminal marker of a protocol says. */
export interface Ending {
  readonly finishReason: FinishReason
  readonly usage: Usage
  readonly id: string | undefined
  readonly model: string | undefined
  readonly requestId: string | undefined
}

const visible = /\S/

export class Fold {
  private drafts: Array<Draft | undefined> = []

  /** The index that the next block takes. */
  get length(): number {
    return this.drafts.length
  }

  apply(event: ModelEvent): void {
    switch (event._tag) {
      // The deltas first: they are nearly all events.
      case "TextDelta":
      case "ReasoningDelta":
        this.drafts[event.index]!.text.append(event.text)
        return
      case "ToolCallDelta":
        this.drafts[event.index]!.text.append(event.json)
        return
      case "TextStart":
        this.drafts[event.index] = draft("text")
        return
      case "ReasoningStart":
        this.drafts[event.index] = draft("reasoning")
        return
      case "ToolCallStart":
        this.drafts[event.index] = draft("tool-call", event.id, event.name)
        return
      case "TextEnd":
      case "ToolCallEnd":
        this.drafts[event.index]!.open = false
        return
      case "ReasoningEnd": {
        const block = this.drafts[event.index]!
        block.open = false
        block.signature = event.signature
        return
      }
      case "ProviderPart": {
        const block = draft("provider", "", event.name)
        block.value = event.value
        block.open = false
        this.drafts[event.index] = block
        return
      }
      case "Superseded":
        this.truncate(event.fromIndex)
        return
      case "ResponseStart":
      case "Finish":
        return
    }
  }

  /** Drops the blocks from `fromIndex` on. */
  truncate(fromIndex: number): void {
    this.drafts.length = Math.min(this.drafts.length, fromIndex)
  }

  /** How far output got. Cheap enough to ask for at every failure, not at every event. */
  delivered(fromIndex = 0, toIndex = this.drafts.length): Partial.Delivered {
    let furthest: Partial.Delivered = "nothing"
    for (const block of this.blocks(fromIndex, toIndex)) {
      if (block.type === "tool-call") return "tool-call"
      if (block.type === "text" && visible.test(block.text.value)) furthest = "text"
      else if (block.type === "reasoning" && furthest === "nothing" && block.text.value !== "") furthest = "reasoning"
    }
    return furthest
  }

  /** What there is, or what there is of the blocks from `fromIndex` on, up to and without `toIndex`. */
  partial(fromIndex = 0, toIndex = this.drafts.length): Partial.PartialResponse {
    const blocks: Array<Partial.Block> = []
    let text = ""
    for (const { id, name, open, signature, text: pieces, type, value } of this.blocks(fromIndex, toIndex)) {
      const content = pieces.value
      switch (type) {
        case "text":
          text += content
          blocks.push({ type, text: content, open })
          break
        case "reasoning":
          blocks.push({ type, text: content, signature, open })
          break
        case "tool-call":
          blocks.push({ type, id, name, json: content, open })
          break
        case "provider":
          blocks.push({ type, name, value, open })
          break
      }
    }
    return { text, blocks, delivered: this.delivered(fromIndex, toIndex) }
  }

  /** The response, to be called only once its end was proven. */
  response(ending: Ending): ModelResponse.ModelResponse {
    const content: Array<Prompt.AssistantPart> = []
    const toolCalls: Array<Prompt.ToolCallPart> = []
    const incompleteToolCalls: Array<ModelResponse.IncompleteToolCall> = []
    const cut = cutting.has(ending.finishReason.reason)
    let text = ""
    let reasoning = ""
    for (const block of this.blocks()) {
      const written = block.text.value
      switch (block.type) {
        case "text":
          text += written
          if (written !== "") content.push({ type: "text", text: written })
          break
        case "reasoning":
          reasoning += written
          content.push({ type: "reasoning", text: written, signature: block.signature })
          break
        case "tool-call": {
          const call = completeCall(block, cut)
          if (call === undefined) incompleteToolCalls.push({ id: block.id, name: block.name, json: written })
          else {
            toolCalls.push(call)
            content.push(call)
          }
          break
        }
        case "provider":
          content.push({ type: "provider", name: block.name, value: block.value })
          break
      }
    }
    return ModelResponse.unsafeMake({
      id: ending.id,
      model: ending.model,
      requestId: ending.requestId,
      text,
      reasoning,
      content,
      toolCalls,
      incompleteToolCalls,
      finishReason: ending.finishReason,
      usage: ending.usage,
      attempts: [],
      seams: []
    })
  }

  private *blocks(fromIndex = 0, toIndex = this.drafts.length): Generator<Draft> {
    for (let at = fromIndex; at < toIndex; at++) {
      const block = this.drafts[at]
      if (block !== undefined) yield block
    }
  }
}

/** The reasons that stop a model in the middle of what it writes. */
const cutting: ReadonlySet<Reason> = new Set<Reason>(["length", "content-filter", "refusal"])

/**
 * A call that was closed and whose arguments are a whole JSON value. A call without arguments takes none, unless the
 * response was cut: then they may not have been written yet.
 */
const completeCall = (
  { id, name, open, text: { value: text } }: Draft,
  cut: boolean
): Prompt.ToolCallPart | undefined => {
  if (open) return undefined
  if (text.trim() === "" && cut) return undefined
  if (text.trim() === "") return { type: "tool-call", id, name, arguments: {} }
  try {
    return { type: "tool-call", id, name, arguments: JSON.parse(text) }
  } catch {
    return undefined
  }
}
