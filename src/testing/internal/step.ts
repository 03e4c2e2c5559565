/**
 * What a reply is made of: steps as plain data, and how they are split at a byte or an event of the body.
 */
import type * as Duration from "effect/Duration"
import type { Gate, Wait } from "./gate.js"

/**
 * The status line and the headers. What follows is framed as the headers say: chunked, by content-length, or until the
 * connection closes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Head {
  readonly _tag: "Head"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/**
 * A piece of the body: one write, and one HTTP chunk where the body is chunked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Body {
  readonly _tag: "Body"
  readonly bytes: Uint8Array
  /** The offsets in `bytes` at which an event ends. */
  readonly eventEnds: ReadonlyArray<number>
  /** The size that the chunk claims to have; more than there are bytes where the reply is cut inside a chunk. */
  readonly announced: number
}

/**
 * - `Raw`: bytes as they are, without any framing
 * - `End`: ends the body as its framing has it; the connection stays open unless the head or the client said otherwise
 * - `Wait`: a pause, or a gate
 * - `Heartbeat`: sends the same bytes again and again, for ever or until a gate opens
 * - `Fin`: closes the connection; what was sent before arrives
 * - `Rst`: resets the connection as soon as the kernel has taken what was sent before
 * - `Stall`: nothing more, and the connection stays open
 *
 * @since 0.1.0
 * @category models
 */
export type Step =
  | Head
  | Body
  | { readonly _tag: "Raw"; readonly bytes: Uint8Array }
  | { readonly _tag: "End" }
  | { readonly _tag: "Wait"; readonly wait: Wait }
  | {
      readonly _tag: "Heartbeat"
      readonly bytes: Uint8Array
      readonly every: Duration.DurationInput
      readonly until: Gate | undefined
    }
  | { readonly _tag: "Fin" }
  | { readonly _tag: "Rst" }
  | { readonly _tag: "Stall" }

/**
 * A place in the body of a reply. Beyond the end of the body it means the end of the body.
 *
 * @since 0.1.0
 * @category models
 */
export type Position = { readonly afterEvents: number } | { readonly afterBytes: number }

const bytesOf = (position: Position, steps: ReadonlyArray<Step>): number => {
  if ("afterBytes" in position) return position.afterBytes
  if (position.afterEvents <= 0) return 0
  let events = 0
  let bytes = 0
  for (const step of steps) {
    if (step._tag !== "Body") continue
    const end = step.eventEnds[position.afterEvents - events - 1]
    if (end !== undefined) return bytes + end
    events += step.eventEnds.length
    bytes += step.bytes.length
  }
  return Number.POSITIVE_INFINITY
}

/** The part of a piece between two of its own offsets. */
export const slice = (piece: Body, from: number, to: number): Body => {
  const bytes = piece.bytes.subarray(from, to)
  return {
    _tag: "Body",
    bytes,
    eventEnds: piece.eventEnds.filter((end) => end > from && end <= to).map((end) => end - from),
    announced: bytes.length
  }
}

const isLast = (step: Step): boolean =>
  step._tag === "End" || step._tag === "Fin" || step._tag === "Rst" || step._tag === "Stall"

export interface Split {
  readonly before: ReadonlyArray<Step>
  readonly after: ReadonlyArray<Step>
  /** The piece that the position lies inside of, if it lies inside of one; its first part ends `before`. */
  readonly inside: Body | undefined
}

/** Splits a reply at a position. What comes between the piece that reaches it and the next piece belongs to `after`. */
export const split = (steps: ReadonlyArray<Step>, position: Position): Split => {
  const offset = bytesOf(position, steps)
  let bytes = 0
  for (const [i, step] of steps.entries()) {
    if (isLast(step) || (step._tag === "Body" && offset <= 0)) {
      return { before: steps.slice(0, i), after: steps.slice(i), inside: undefined }
    }
    if (step._tag !== "Body") continue
    const here = offset - bytes
    bytes += step.bytes.length
    if (bytes === offset) return { before: steps.slice(0, i + 1), after: steps.slice(i + 1), inside: undefined }
    if (bytes > offset) {
      return {
        before: [...steps.slice(0, i), slice(step, 0, here)],
        after: [slice(step, here, step.bytes.length), ...steps.slice(i + 1)],
        inside: step
      }
    }
  }
  return { before: steps, after: [], inside: undefined }
}
