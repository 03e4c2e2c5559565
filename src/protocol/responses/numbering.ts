/**
 * The numbers of the events of a Responses stream. They show lost and repeated events, and where to ask the server for
 * the rest.
 *
 * Gateways leave out events that they do not know, together with their numbers, without harm. So a gap is only a doubt,
 * which the final event resolves if it contains the answer. After a cursor the server itself sends the missing events:
 * there the numbers must be consecutive.
 */
import { contradiction, type Fault, malformed } from "../../model/internal/fault.js"

export interface Numbering {
  /** The highest number so far. */
  sequence: number | undefined
  /** The number of the first numbered event. */
  firstSequence: number | undefined
  /** What the numbers say against the stream. */
  doubt: Fault | undefined
  /** True once the stream was continued at `sequence`: repeated events are skipped. */
  resumed: boolean
  /** True once an event followed the position at which the stream was continued. */
  following: boolean
}

/** Takes a number that does not follow the last one. */
export const outOfOrder = (state: Numbering, sequence: number): "Skip" | Fault | undefined => {
  const last = state.sequence
  if (last === undefined) {
    state.sequence = sequence
    state.firstSequence = sequence
    return undefined
  }
  if (state.resumed && sequence <= last) return "Skip"
  if (state.resumed && !state.following) return malformed("the rest of the answer has a gap before it")
  const what = sequence > last ? `a gap after event ${last}` : `event ${sequence} after event ${last}`
  state.doubt ??= contradiction(`the stream has ${what}, and its final event does not show that nothing is missing`)
  state.sequence = Math.max(last, sequence)
  return undefined
}

/** What the final event must resolve. Numbers that are all equal mean nothing. */
export const doubtOf = ({ doubt, firstSequence, sequence }: Numbering): Fault | undefined =>
  sequence === firstSequence ? undefined : doubt

/** From here on numbers must be consecutive: the server sends the events after a position again. */
export const resume = (state: Numbering): void => {
  state.resumed = true
  state.following = false
}
