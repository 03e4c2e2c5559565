/**
 * The ways in which a reply ends, as steps.
 */
import type * as Duration from "effect/Duration"
import { toBytes } from "./data.js"
import type { Gate } from "./gate.js"
import type { Step } from "./step.js"
import { PING } from "./wire/anthropic.js"
import { comment } from "./wire/event.js"

/**
 * How a reply ends.
 *
 * - `clean`: the body ends as its framing has it, and the connection is kept
 * - `close`: as `clean`, then the connection is closed
 * - `fin`: the connection is closed without an end of the body
 * - `rst`: the connection is reset at once, and the kernel throws away what it has not sent yet, as it may after many
 *   small writes to a client that is busy. A Node client that finds the last bytes and the reset at once takes it for
 *   a plain close. Where all bytes must arrive, or the client must see `ECONNRESET`, let the cut `wait`, for 0 if the
 *   client is in the same process
 * - `stall`: nothing comes any more, and the connection stays open
 * - `stallWith`: nothing but heartbeats comes any more
 *
 * @since 0.1.0
 * @category models
 */
export type Ending = "clean" | "close" | "fin" | "rst" | "stall" | Heartbeat

/**
 * `ping` is the event that Anthropic sends, `comment` a line that every parser of server-sent events skips.
 *
 * @since 0.1.0
 * @category models
 */
export interface Heartbeat {
  readonly stallWith: "ping" | "comment"
  readonly every: Duration.DurationInput
}

const beats = { ping: PING, comment: comment("keepalive") }

export const heartbeat = ({ every, stallWith }: Heartbeat, until?: Gate): Step => ({
  _tag: "Heartbeat",
  bytes: toBytes(beats[stallWith]),
  every,
  until
})

export const steps = (how: Ending): ReadonlyArray<Step> => {
  switch (how) {
    case "clean":
      return [{ _tag: "End" }]
    case "close":
      return [{ _tag: "End" }, { _tag: "Fin" }]
    case "fin":
      return [{ _tag: "Fin" }]
    case "rst":
      return [{ _tag: "Rst" }]
    case "stall":
      return [{ _tag: "Stall" }]
    default:
      return [heartbeat(how)]
  }
}
