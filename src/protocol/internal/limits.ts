/**
 * How large an answer may get. No model comes near these; a server that is broken, or hostile, does. All bounds of an
 * answer stand here, and what goes beyond one is a `MalformedStream`.
 */
import { type Fault, malformed } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"

export interface Limits {
  /** The largest event, in characters. Default: 16 Mi. */
  readonly maxEventLength?: number | undefined
  /**
   * The whole answer, in characters as they are kept: of deltas their text and 32 more, of other events all that came and
   * 256 more, which is about what keeping them costs. Default: 64 Mi, about two million deltas.
   */
  readonly maxAnswerLength?: number | undefined
  /** The arguments of one tool call, in characters. Default: 16 Mi. */
  readonly maxArgumentsLength?: number | undefined
  /** Blocks: texts, reasonings, tool calls, and parts that are kept whole. Default: 16 Ki. */
  readonly maxBlocks?: number | undefined
}

const Mi = 1024 * 1024

export const maxEventLengthOf = ({ maxEventLength = 16 * Mi }: Limits = {}): number => maxEventLength

/** About what a piece of a text costs besides its characters. */
const PER_DELTA = 32

/** And what a protocol may keep of an event that is none, as an object of its own. */
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
    /** What there is of the answer already, in characters. */
    private length = 0
  ) {
    this.maxAnswerLength = limits.maxAnswerLength ?? 64 * Mi
    this.maxArgumentsLength = limits.maxArgumentsLength ?? 16 * Mi
    this.maxBlocks = limits.maxBlocks ?? 16 * 1024
  }

  /** Counts one server-sent event of `length` characters, and the model events from `from` on that it meant. */
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
    // What no delta carries may be kept as it came, by the protocol if not by the fold.
    if (whole) this.length += length + PER_EVENT
    if (this.blocks > this.maxBlocks) return malformed(`the answer has more than ${this.maxBlocks} blocks`)
    return this.length > this.maxAnswerLength
      ? malformed(`the answer is longer than ${this.maxAnswerLength} characters`)
      : undefined
  }
}
