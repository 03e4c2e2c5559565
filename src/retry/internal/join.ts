/**
 * Joins an attempt that goes on, by prefill or on request, to the output of the one that broke: blocks are numbered on,
 * a text block that was open grows on, and the seam in the text is checked.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import type { Fold } from "../../model/internal/fold.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Continues, Seam as SeamReport } from "../../model/ModelResponse.js"
import type { PartialResponse } from "../../model/PartialResponse.js"
import type * as Decoder from "../../protocol/internal/decoder.js"
import { Seam, type Options as SeamOptions } from "./seam.js"

export interface Join extends Decoder.Join {
  readonly continues: Options["continues"]
  /** True where the model did not go on but did something else: the way is not to be tried again. */
  readonly failed: () => boolean
  /** Where the texts met; undefined while that is not known. */
  readonly seam: () => SeamReport | undefined
}

export interface Options {
  /** What the consumer has, without what is void. */
  readonly fold: Fold
  readonly kept: PartialResponse
  readonly continues: Exclude<Continues, "cursor">
  readonly how: SeamOptions["how"]
}

export const make = ({ continues, fold, how, kept }: Options): Join => {
  const seam = new Seam({ before: kept.text, how })
  const called = kept.blocks.some(({ type }) => type === "tool-call")
  /** Our index of each block of the attempt. */
  const indices = new Map<number, number>()
  let next = fold.length
  /** The kept text block that is still open. */
  let open = kept.blocks.at(-1)?.type === "text" && kept.blocks.at(-1)?.open === true ? next - 1 : undefined
  /** The attempt's first text block with anything to read in it: the one that the seam is in. */
  let first: number | undefined
  /** The attempt that went on, be it alone or taken up by a cursor. */
  let attempt = 0
  let failed = false

  const start = (index: number): number => {
    const ours = next++
    indices.set(index, ours)
    return ours
  }

  const closeOpen = (out: Array<ModelEvent>): void => {
    seam.forgetBlank()
    if (open !== undefined) out.push({ _tag: "TextEnd", index: open })
    open = undefined
  }

  /** The first text of the attempt goes into the block that is open, or into one of its own if any of it is left. */
  const joined = (index: number, text: string, out: Array<ModelEvent>): void => {
    if (text === "") return
    if (!indices.has(index)) out.push({ _tag: "TextStart", index: start(index) })
    out.push({ _tag: "TextDelta", index: indices.get(index)!, text })
  }

  const foreign = (description: string): Fault => {
    failed = true
    return malformed(description)
  }

  const rewriteOne = (event: ModelEvent, out: Array<ModelEvent>): Fault | undefined => {
    switch (event._tag) {
      case "ResponseStart":
        // A cursor says so itself.
        if (event.continues === undefined) attempt = event.attempt
        out.push({ continues, ...event })
        return undefined
      case "TextStart":
        if (first === undefined) {
          first = event.index
          if (open !== undefined) indices.set(event.index, open)
          open = undefined
          return undefined
        }
        out.push({ ...event, index: start(event.index) })
        return undefined
      case "TextDelta":
        if (event.index !== first) {
          out.push({ ...event, index: indices.get(event.index)! })
          return undefined
        }
        joined(first, seam.push(event.text), out)
        return seam.foreign ? foreign("the model began its answer again instead of going on with it") : undefined
      case "TextEnd": {
        if (event.index === first && seam.isBlank) {
          // Some models write white space before they think: the seam is in the block that has words, if there is one.
          open = indices.get(first)
          first = undefined
          return undefined
        }
        if (event.index === first) joined(first, seam.end(), out)
        if (seam.foreign) return foreign("the model began its answer again instead of going on with it")
        const index = indices.get(event.index)
        if (index !== undefined) out.push({ _tag: "TextEnd", index })
        return undefined
      }
      case "ToolCallStart":
        // It was told that the calls before were not run yet: this one may be one of them.
        if (called) return foreign("the model called a tool again instead of going on with its text")
        closeOpen(out)
        out.push({ ...event, index: start(event.index) })
        return undefined
      case "ReasoningStart":
      case "ProviderPart":
        closeOpen(out)
        out.push({ ...event, index: start(event.index) })
        return undefined
      case "ReasoningDelta":
      case "ReasoningEnd":
      case "ToolCallDelta":
      case "ToolCallEnd":
        out.push({ ...event, index: indices.get(event.index)! })
        return undefined
      default:
        out.push(event)
        return undefined
    }
  }

  return {
    fold,
    continues,
    rewrite(events, from) {
      const theirs = events.splice(from)
      for (const event of theirs) {
        const fault = rewriteOne(event, events)
        if (fault !== undefined) return fault
      }
      return undefined
    },
    close(out) {
      // White space can be all that was missing.
      const rest = open === undefined ? "" : seam.end()
      if (open !== undefined && rest !== "") out.push({ _tag: "TextDelta", index: open, text: rest })
      closeOpen(out)
    },
    failed: () => failed,
    seam: () => (seam.joined ? { attempt, continues, offset: kept.text.length, cut: seam.cut } : undefined)
  }
}
