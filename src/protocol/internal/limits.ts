/**
 * The bounds of an answer. No model comes near them, but a broken or hostile server does. Beyond a bound, the stream is
 * a `MalformedStream`.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"

export interface Limits {
  /** The largest event, in characters. Default: 16 Mi. */
  readonly maxEventLength?: number | undefined
  /**
   * The whole answer, in characters as they are kept: for deltas their text plus 32, for other events everything that
   * came plus 256, which is about what keeping them costs. Default: 64 Mi, about two million deltas.
   */
  readonly maxAnswerLength?: number | undefined
  /** The arguments of one tool call, in characters. Default: 16 Mi. */
  readonly maxArgumentsLength?: number | undefined
  /** Blocks: texts, reasonings, tool calls, and parts that are kept whole. Default: 16 Ki. */
  readonly maxBlocks?: number | undefined
}

const Mi = 1024 * 1024

export const maxEventLengthOf = ({ maxEventLength = 16 * Mi }: Limits = {}): number => maxEventLength

/** The approximate cost of a piece of text besides its characters. */
const PER_DELTA = 32

/** The approximate cost of an event that is not a delta, which a protocol may keep as an object. */
const PER_EVENT = 256

/** Adds up one answer. */
export class Meter {
  private blocks = 0
  private readonly callLengths: Array<number> = []
  private readonly maxAnswerLength: number
  private readonly maxArgumentsLength: number
  private readonly maxBlocks: number

  constructor(
    limits: Limits = {},
    /** The size of the continued output, in characters. */
    private length = 0
  ) {
    this.maxAnswerLength = limits.maxAnswerLength ?? 64 * Mi
    this.maxArgumentsLength = limits.maxArgumentsLength ?? 16 * Mi
    this.maxBlocks = limits.maxBlocks ?? 16 * 1024
  }

  /** Counts one server-sent event of `length` characters, and its model events from index `from` on. */
  count(length: number, events: ReadonlyArray<ModelEvent>, from: number): Fault | undefined {
    let whole = events.length === from
    for (let i = from; i < events.length; i++) {
      const event = events[i]!
      switch (event._tag) {
        case "TextDelta":
        case "ReasoningDelta":
          this.length += event.text.length + PER_DELTA
          break
        case "ToolCallDelta": {
          this.length += event.json.length + PER_DELTA
          const sum = (this.callLengths[event.index] ?? 0) + event.json.length
          this.callLengths[event.index] = sum
          if (sum > this.maxArgumentsLength) {
            return malformed(`a tool call has arguments of more than ${this.maxArgumentsLength} characters`)
          }
          break
        }
        case "TextStart":
        case "ReasoningStart":
        case "ToolCallStart":
        case "Citation":
        case "ProviderPart":
          whole = true
          this.blocks++
          break
        default:
          whole = true
      }
    }
    // The protocol, if not the fold, may keep anything that is not in a delta.
    if (whole) this.length += length + PER_EVENT
    if (this.blocks > this.maxBlocks) return malformed(`the answer has more than ${this.maxBlocks} blocks`)
    return this.length > this.maxAnswerLength
      ? malformed(`the answer is longer than ${this.maxAnswerLength} characters`)
      : undefined
  }
}
