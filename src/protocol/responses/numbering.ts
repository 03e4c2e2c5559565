/**
 * The numbers of the events of a Responses stream. They show where events were lost or came twice, and where the server is
 * asked for the rest.
 *
 * Gateways leave out events that they do not know, with their numbers, and nothing is wrong. So a gap is only a doubt,
 * which the final event clears up if it has the answer again. After a cursor the server itself sends what is missing: there
 * the numbers must follow on.
 */
import { contradiction, type Fault, malformed } from "../../model/internal/fault.js"

export interface Numbering {
  /** The highest number so far. */
  sequence: number | undefined
  /** The number of the first event that had one. */
  firstSequence: number | undefined
  /** What the numbers say against the stream. */
  doubt: Fault | undefined
  /** True once the stream was taken up again at `sequence`: what comes twice is skipped. */
  resumed: boolean
  /** True once an event followed on the position where the stream was taken up again. */
  following: boolean
}

/** Takes a number that does not follow on the last one. */
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

/** What the final event has to clear up. Numbers that all are the same number nothing. */
export const doubtOf = ({ doubt, firstSequence, sequence }: Numbering): Fault | undefined =>
  sequence === firstSequence ? undefined : doubt

/** From here on events have to follow on the last one: the server sends again what came after a position. */
export const resume = (state: Numbering): void => {
  state.resumed = true
  state.following = false
}
