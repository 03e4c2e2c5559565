/**
 * The events of an answer as the parts of a streamed response.
 *
 * A consumer of `@effect/ai` cannot take a part back, and every ended part goes into a history. So a part that a drop
 * may still void waits. A block ends, and results of the vendor's tools are shown, when visible text follows or the end
 * of the answer is proven. A call that the program runs comes only at the end. In the available deliveries, nothing
 * before visible text is ever void.
 */
import * as Response from "@effect/ai/Response"
import type * as ModelEvent from "../../model/ModelEvent.js"
import type { ModelResponse } from "../../model/ModelResponse.js"
import type { AssistantPart } from "../../model/Prompt.js"
import { object } from "../../protocol/internal/json.js"
import type { Begun } from "./metadata.js"
import { finishOf, redacted, responseMetadata, type Source, signed, sourceOf } from "./parts.js"
import type { ToolNames } from "./tools.js"

type Part = Response.StreamPartEncoded

/** A part that needs no decoding: a piece of a block. */
type Piece = Response.TextDeltaPart | Response.ReasoningDeltaPart | Response.ToolParamsDeltaPart

const piece = (type: Piece["type"], id: string, delta: string): Piece => ({
  [Response.PartTypeId]: Response.PartTypeId,
  type,
  id,
  delta,
  metadata: none
})

const none = {}

type Delta = ModelEvent.TextDelta | ModelEvent.ReasoningDelta | ModelEvent.ToolCallDelta

interface Block {
  readonly index: number
  readonly id: string
  /** Of reasoning: the protocol that it came over. */
  readonly protocol: string | undefined
  /** Text that is blank so far; undefined once it is not. */
  blank: string | undefined
}

interface Waiting {
  readonly index: number
  readonly parts: ReadonlyArray<Part>
}

export class StreamParts {
  /** The sources among the latest parts: they have no ids yet. */
  sources: Array<Source> = []
  /** The last part, once the answer is proven. It is emitted after the results of the calls before it. */
  finish: Response.FinishPartEncoded | undefined
  /** The answer as its parts represent it. */
  response: ModelResponse | undefined
  content: ReadonlyArray<AssistantPart> = []

  private onlyPieces = true
  private readonly blocks = new Map<number, Block>()
  private waiting: Array<Waiting> = []
  /** Blocks below this index can no longer become void. */
  private settled = 0
  /** How many attempts were superseded; the ids of blocks after each of them are new. */
  private era = 0
  private begun: ModelEvent.ResponseStart | undefined
  private superseded: Array<NonNullable<Begun["superseded"]>[number]> = []
  private readonly voidCalls = new Set<string>()
  /** Calls that got another id, because a void call had theirs. */
  private readonly renamed = new Map<string, string>()

  constructor(private readonly names: ToolNames) {}

  read(events: ReadonlyArray<ModelEvent.ModelEvent>): Array<Part> {
    const out: Array<Part> = []
    this.onlyPieces = true
    if (this.sources.length > 0) this.sources = []
    for (const event of events) this.one(event, out)
    return out
  }

  /** Whether the latest parts are only pieces of blocks, which need no decoding. */
  arePieces(out: ReadonlyArray<Part>): out is ReadonlyArray<Piece> {
    return this.onlyPieces || out.length === 0
  }

  private one(event: ModelEvent.ModelEvent, out: Array<Part>): void {
    switch (event._tag) {
      case "TextDelta": {
        const block = this.blocks.get(event.index)
        if (block === undefined) return
        if (block.blank === undefined) out.push(piece("text-delta", block.id, event.text))
        else this.blank(block, event.text, block.blank, out)
        return
      }
      case "ReasoningDelta": {
        const block = this.blocks.get(event.index)
        if (block !== undefined) out.push(piece("reasoning-delta", block.id, event.text))
        return
      }
      case "ToolCallDelta": {
        const block = this.blocks.get(event.index)
        if (block !== undefined) out.push(piece("tool-params-delta", block.id, event.json))
        return
      }
      default:
        this.onlyPieces = false
        this.another(event, out)
    }
  }

  private another(event: Exclude<ModelEvent.ModelEvent, Delta>, out: Array<Part>): void {
    switch (event._tag) {
      case "ResponseStart":
        this.begun = event
        return
      case "TextStart":
        this.open(event.index, undefined, undefined, "")
        return
      case "ReasoningStart": {
        const { id } = this.open(event.index, undefined, event.protocol)
        this.first(out)
        out.push({ type: "reasoning-start", id })
        return
      }
      case "ToolCallStart": {
        const { id } = this.open(event.index, this.callId(event.id))
        this.first(out)
        out.push({ type: "tool-params-start", id, ...this.names.ofCall(event.name) })
        return
      }
      case "TextEnd":
        this.textEnds(this.blocks.get(event.index), out)
        return
      case "ReasoningEnd": {
        const block = this.blocks.get(event.index)
        if (block === undefined) return
        const { signature } = event
        this.show(
          event.index,
          [{ type: "reasoning-end", id: block.id, ...signed({ signature, protocol: block.protocol }) }],
          out
        )
        return
      }
      case "ToolCallEnd": {
        const block = this.blocks.get(event.index)
        if (block !== undefined) this.show(event.index, [{ type: "tool-params-end", id: block.id }], out)
        return
      }
      case "Citation": {
        const source = sourceOf(event)
        this.sources.push(source)
        this.first(out)
        out.push(source)
        return
      }
      case "ProviderPart":
        this.show(event.index, this.provider(event), out)
        return
      case "Superseded":
        this.supersede(event)
        return
      case "Finish":
        this.end(event.response, out)
        return
      case "Raw":
        return
    }
  }

  private open(index: number, id?: string, protocol?: string, blank?: string): Block {
    const block = { index, id: id ?? (this.era === 0 ? `${index}` : `${index}.${this.era}`), protocol, blank }
    this.blocks.set(index, block)
    return block
  }

  /** A block of text begins with the first visible character: before it, a drop can void the block. */
  private blank(block: Block, text: string, before: string, out: Array<Part>): void {
    const delta = before + text
    if (!/\S/.test(text)) {
      block.blank = delta
      return
    }
    this.onlyPieces = false
    this.settle(block.index + 1, out)
    block.blank = undefined
    this.first(out)
    out.push({ type: "text-start", id: block.id }, piece("text-delta", block.id, delta))
  }

  private textEnds(block: Block | undefined, out: Array<Part>): void {
    if (block === undefined) return
    const { blank: delta, id, index } = block
    if (delta === undefined) out.push({ type: "text-end", id })
    else if (delta !== "") {
      this.show(
        index,
        [
          { type: "text-start", id },
          { type: "text-delta", id, delta },
          { type: "text-end", id }
        ],
        out
      )
    }
  }

  /** A unique id for each call that a consumer sees. */
  private callId(wire: string): string {
    if (!this.voidCalls.has(wire)) return wire
    let id = `${wire}_${this.era + 1}`
    while (this.voidCalls.has(id)) id += "_"
    this.renamed.set(wire, id)
    return id
  }

  private provider(event: ModelEvent.ProviderPart): ReadonlyArray<Part> {
    const part = { ...event, type: "provider" } as const
    const hidden = redacted(part)
    if (hidden === undefined) return this.names.ofServer(part)
    const { id } = this.open(event.index)
    return [
      { type: "reasoning-start", id, ...hidden },
      { type: "reasoning-end", id, ...hidden }
    ]
  }

  /** Emits parts that end their block now, or when they can no longer become void. */
  private show(index: number, parts: ReadonlyArray<Part>, out: Array<Part>): void {
    if (parts.length === 0) return
    if (index >= this.settled) {
      this.waiting.push({ index, parts })
      return
    }
    this.first(out)
    out.push(...parts)
  }

  private settle(below: number, out: Array<Part>): void {
    if (below <= this.settled) return
    this.settled = below
    const ready = this.waiting.filter(({ index }) => index < below)
    if (ready.length === 0) return
    this.waiting = this.waiting.filter(({ index }) => index >= below)
    this.first(out)
    for (const { parts } of ready) out.push(...parts)
  }

  /** Emits the attempt's metadata, before the first content of each attempt. */
  private first(out: Array<Part>): void {
    const { begun } = this
    if (begun === undefined) return
    this.begun = undefined
    const superseded = this.superseded
    this.superseded = []
    out.push(
      responseMetadata(begun.id, begun.model, begun.startedAt, {
        attempt: begun.attempt,
        generation: begun.generation,
        requestId: begun.requestId,
        route: begun.route,
        ...(superseded.length > 0 && { superseded })
      })
    )
  }

  private supersede({ attempt, error, fromIndex }: ModelEvent.Superseded): void {
    const ids: Array<string> = []
    for (const { blank, id, index } of this.blocks.values()) {
      if (index < fromIndex) continue
      this.blocks.delete(index)
      // A blank block of text has not been shown.
      if (blank === undefined) ids.push(id)
      this.voidCalls.add(id)
    }
    this.waiting = this.waiting.filter(({ index }) => index < fromIndex)
    this.superseded.push({ attempt, error, ids })
    this.era++
  }

  private end(response: ModelResponse, out: Array<Part>): void {
    this.settle(Number.POSITIVE_INFINITY, out)
    this.first(out)
    for (const call of response.toolCalls) {
      out.push({ type: "tool-call", id: this.idOf(call.id), ...this.names.ofCall(call.name), params: call.arguments })
    }
    this.response = response
    this.content = this.renamed.size === 0 ? response.content : response.content.map((part) => this.rename(part))
    this.finish = finishOf(response, this.content)
  }

  private idOf(wire: string): string {
    return this.renamed.get(wire) ?? wire
  }

  private rename(part: AssistantPart): AssistantPart {
    if (part.type === "tool-call") return { ...part, id: this.idOf(part.id) }
    // Responses keep the call as an item, too.
    const value = part.type === "provider" ? object(part.value) : undefined
    return value === undefined || typeof value.call_id !== "string" || part.type !== "provider"
      ? part
      : { ...part, value: { ...value, call_id: this.idOf(value.call_id) } }
  }
}
