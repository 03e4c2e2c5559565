/**
 * Folds events into what a consumer has at that moment. The decoder, the retry loop and `ModelEvent.fold` share this
 * one fold, so a consumer who folds events gets what `Finish` says.
 */
import type { Reason } from "../FinishReason.js"
import type { ModelEvent } from "../ModelEvent.js"
import type * as ModelResponse from "../ModelResponse.js"
import type * as Partial from "../PartialResponse.js"
import type * as Prompt from "../Prompt.js"
import { unsafeMake } from "./proven.js"
import { GrowingText } from "./text.js"

/** A block under construction: one shape for all kinds, so that the hot path stays monomorphic. */
interface Draft {
  readonly type: Partial.Block["type"]
  readonly id: string
  readonly name: string
  readonly text: GrowingText
  protocol: string | undefined
  signature: string | undefined
  value: unknown
  open: boolean
}

const draft = (type: Draft["type"], id = "", name = ""): Draft => ({
  type,
  id,
  name,
  text: new GrowingText(),
  protocol: undefined,
  signature: undefined,
  value: undefined,
  open: true
})

const ofBlock = (block: Partial.Block): Draft => {
  const made = block.type === "tool-call" ? draft(block.type, block.id, block.name) : draft(block.type)
  switch (block.type) {
    case "text":
      made.text.append(block.text)
      return made
    case "reasoning":
      made.text.append(block.text)
      made.signature = block.signature
      made.protocol = block.protocol
      return made
    case "tool-call":
      made.text.append(block.json)
      return made
    case "citation": {
      const { open: _open, ...part } = block
      made.value = part
      return made
    }
    case "provider":
      return { ...made, name: block.name, value: block.value, protocol: block.protocol }
  }
}

const visible = /\S/

/** More than any answer may have: see the limits of the decoder. A higher number is not an index. */
const MOST_BLOCKS = 64 * 1024

/**
 * Never throws: an event of a block without a start is skipped, and so is a start whose index is not a whole number
 * from 0 to 65,535.
 */
export class Fold implements Partial.Fold {
  private drafts: Array<Draft | undefined> = []

  /** A fold that continues another one. */
  static of(blocks: ReadonlyArray<Partial.Block>): Fold {
    const fold = new Fold()
    for (const block of blocks) {
      const made = ofBlock(block)
      made.open = block.open
      fold.drafts.push(made)
    }
    return fold
  }

  /** The index that the next block takes. */
  get length(): number {
    return this.drafts.length
  }

  apply(event: ModelEvent): void {
    switch (event._tag) {
      // Deltas first: they are nearly all events.
      case "TextDelta":
      case "ReasoningDelta":
        this.drafts[event.index]?.text.append(event.text)
        return
      case "ToolCallDelta":
        this.drafts[event.index]?.text.append(event.json)
        return
      case "TextStart":
        this.start(event.index, draft("text"))
        return
      case "ReasoningStart": {
        const block = draft("reasoning")
        block.protocol = event.protocol
        this.start(event.index, block)
        return
      }
      case "ToolCallStart":
        this.start(event.index, draft("tool-call", event.id, event.name))
        return
      case "TextEnd":
      case "ToolCallEnd":
      case "ReasoningEnd": {
        const block = this.drafts[event.index]
        if (block === undefined) return
        block.open = false
        if (event._tag === "ReasoningEnd") block.signature = event.signature
        return
      }
      case "ProviderPart": {
        const block = draft("provider", "", event.name)
        block.value = event.value
        block.protocol = event.protocol
        block.open = false
        this.start(event.index, block)
        return
      }
      case "Citation": {
        const { _tag: _, index, ...fields } = event
        const block = draft("citation")
        block.value = { type: "citation", ...fields } satisfies Prompt.CitationPart
        block.open = false
        this.start(index, block)
        return
      }
      case "Superseded":
        this.truncate(event.fromIndex)
        return
      case "ResponseStart":
      case "Raw":
      case "Finish":
        return
    }
  }

  /** The first index after that many blocks. A protocol may reserve an index for a block that never came. */
  indexAfter(blocks: number): number {
    let left = blocks
    let index = 0
    while (left > 0 && index < this.drafts.length) if (this.drafts[index++] !== undefined) left--
    return index
  }

  /** The indices of all blocks, in order. */
  indices(): ReadonlyArray<number> {
    return this.drafts.flatMap((block, index) => (block === undefined ? [] : [index]))
  }

  /** Drops the blocks from `fromIndex` on. */
  truncate(fromIndex: number): void {
    if (fromIndex >= 0 && fromIndex < this.drafts.length) this.drafts.length = Math.ceil(fromIndex)
  }

  private start(index: number, block: Draft): void {
    if (Number.isInteger(index) && index >= 0 && index < MOST_BLOCKS) this.drafts[index] = block
  }

  /** How far the output got. Cheap enough for every failure, not for every event. */
  delivered(fromIndex = 0, toIndex = this.drafts.length): Partial.Delivered {
    let furthest: Partial.Delivered = "nothing"
    for (const block of this.blocks(fromIndex, toIndex)) {
      if (block.type === "tool-call") return "tool-call"
      if (block.type === "text" && visible.test(block.text.value)) furthest = "text"
      else if (block.type === "reasoning" && furthest === "nothing" && block.text.value !== "") furthest = "reasoning"
    }
    return furthest
  }

  /** The output, or the output of the blocks from `fromIndex` up to `toIndex`, exclusive. */
  partial(fromIndex = 0, toIndex = this.drafts.length): Partial.PartialResponse {
    const blocks: Array<Partial.Block> = []
    let text = ""
    for (const block of this.blocks(fromIndex, toIndex)) {
      const { id, name, open, protocol, signature, text: pieces, type, value } = block
      const content = pieces.value
      switch (type) {
        case "text":
          text += content
          blocks.push({ type, text: content, open })
          break
        case "reasoning":
          blocks.push({ type, text: content, signature, protocol, open })
          break
        case "tool-call":
          blocks.push({ type, id, name, json: content, open })
          break
        case "citation":
          blocks.push({ ...citationOf(block), open })
          break
        case "provider":
          blocks.push({ type, name, value, protocol, open })
          break
      }
    }
    return { text, blocks, delivered: this.delivered(fromIndex, toIndex) }
  }

  /** The response. Call it only once the end is proven. */
  response(ending: Partial.Ending): ModelResponse.ModelResponse {
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
          content.push({ type: "reasoning", text: written, signature: block.signature, protocol: block.protocol })
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
        case "citation":
          content.push(citationOf(block))
          break
        case "provider":
          content.push({ type: "provider", name: block.name, value: block.value, protocol: block.protocol })
          break
      }
    }
    return unsafeMake({
      ...ending,
      text,
      reasoning,
      content,
      toolCalls,
      incompleteToolCalls,
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

/** The value of a citation is the part itself. */
const citationOf = ({ value }: Draft): Prompt.CitationPart => value as Prompt.CitationPart

/** The finish reasons that stop a model in the middle of its output. */
const cutting: ReadonlySet<Reason> = new Set<Reason>(["length", "content-filter", "refusal"])

/**
 * Whether a call is closed and its arguments are a whole JSON value. A call without arguments takes none, unless the
 * response was cut: then they may be missing.
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
