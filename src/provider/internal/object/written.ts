/** The object of an answer while its events come: which of them write it, and what is void after a drop. */
import * as Effect from "effect/Effect"
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type { ErrorSummary, ModelResponse } from "../../../model/ModelResponse.js"
import { JsonText } from "./jsonText.js"
import { PartialJson } from "./partialJson.js"
import type { Way } from "./ways.js"

/** What some events did besides writing. */
export interface Taken {
  /** What was written before is void, because of this error. */
  readonly voided: ErrorSummary | undefined
  readonly finished: ModelResponse | undefined
}

export class Written {
  /** The pieces of each block that writes the object. */
  private readonly blocks = new Map<number, Array<string>>()
  private text = new JsonText()
  private json = new PartialJson()

  constructor(
    private readonly way: Way,
    private readonly name: string,
    private readonly isWrapped: boolean
  ) {}

  /** Reads the events of one network read. */
  take(events: ReadonlyArray<ModelEvent>): Effect.Effect<Taken> {
    let written: Array<string> = []
    let voided: ErrorSummary | undefined
    let finished: ModelResponse | undefined
    for (const event of events) {
      if (event._tag === "Finish") finished = event.response
      else if (event._tag === "Superseded") {
        if (!this.drop(event.fromIndex)) continue
        voided = event.error
        this.text = new JsonText()
        this.json = new PartialJson()
        written = [...this.blocks.values()].flat()
      } else {
        const piece = this.pieceOf(event)
        if (piece !== undefined) written.push(piece)
      }
    }
    const { json } = this
    const text = this.text.next(written.join(""))
    return Effect.as(text === "" ? Effect.void : Effect.promise(() => json.push(text)), { voided, finished })
  }

  /** What is certain of the object, if that has changed since the last time. */
  view(): { readonly value: unknown } | undefined {
    const view = this.json.view()
    return view === undefined ? undefined : this.inside(view.value)
  }

  /** The list so far, which is mutated, and how many of its elements will not change any more. */
  elements(): { readonly list: ReadonlyArray<unknown>; readonly whole: number } {
    const list = this.inside(this.json.current)?.value
    if (!Array.isArray(list)) return { list: [], whole: 0 }
    const isWhole = this.json.isWhole(list) || list.length === 0 || this.json.isWhole(list.at(-1))
    return { list, whole: isWhole ? list.length : list.length - 1 }
  }

  private inside(root: unknown): { readonly value: unknown } | undefined {
    if (typeof root !== "object" || root === null || Array.isArray(root)) return undefined
    if (!this.isWrapped) return { value: root }
    return "value" in root ? { value: root.value } : undefined
  }

  private pieceOf(event: ModelEvent): string | undefined {
    const { begins } = this.way
    if (begins === undefined) return event._tag === "TextDelta" ? this.keep(event.index, event.text) : undefined
    // If there are several calls, none is the answer; the check of the whole reports it.
    if (begins(event, this.name) && "index" in event && this.blocks.size === 0) this.blocks.set(event.index, [])
    return event._tag === "ToolCallDelta" && this.blocks.has(event.index)
      ? this.keep(event.index, event.json)
      : undefined
  }

  private keep(index: number, piece: string): string {
    const pieces = this.blocks.get(index)
    if (pieces === undefined) this.blocks.set(index, [piece])
    else pieces.push(piece)
    return piece
  }

  /** Removes void blocks; returns whether there were any. */
  private drop(fromIndex: number): boolean {
    const before = this.blocks.size
    for (const index of this.blocks.keys()) if (index >= fromIndex) this.blocks.delete(index)
    return this.blocks.size < before
  }
}
