/**
 * Makes single steps, for replies that no constructor of whole replies gives.
 */
import { type Data, toBytes } from "./data.js"
import * as Ending from "./ending.js"
import type { Gate, Wait } from "./gate.js"
import type { Body, Step } from "./step.js"

/**
 * The status line and the headers, whose names are in lower case.
 *
 * @example
 * ```ts
 * import { Reply } from "effect-redial/testing"
 *
 * const hinted = Reply.make(Reply.head(103, { link: "</style.css>" }), ...Reply.status(200).steps)
 * ```
 *
 * @since 0.1.0
 * @category steps
 */
export const head = (status: number, headers: Readonly<Record<string, string>> = {}): Step => ({
  _tag: "Head",
  status,
  headers
})

/**
 * A piece of the body, sent in one write. It counts as one event.
 *
 * @example
 * ```ts
 * import { Reply } from "effect-redial/testing"
 *
 * const halved = Reply.make(
 *   Reply.head(200, { "transfer-encoding": "chunked" }),
 *   Reply.body("data: 1\n\n"),
 *   Reply.body("data: "),
 *   { _tag: "Stall" }
 * )
 * ```
 *
 * @since 0.1.0
 * @category steps
 */
export const body = (data: Data): Body => {
  const bytes = toBytes(data)
  return { _tag: "Body", bytes, eventEnds: [bytes.length], announced: bytes.length }
}

/**
 * Bytes that are sent as they are, not counted as body.
 *
 * @example
 * ```ts
 * import { Reply } from "effect-redial/testing"
 *
 * const badChunk = Reply.make(
 *   Reply.head(200, { "transfer-encoding": "chunked" }),
 *   Reply.raw("this is no chunk size\r\n"),
 *   { _tag: "Fin" }
 * )
 * ```
 *
 * @since 0.1.0
 * @category steps
 */
export const raw = (data: Data): Step => ({ _tag: "Raw", bytes: toBytes(data) })

/**
 * A pause, or a gate. When it is over, a client in the same process has had its turn to read what came before.
 *
 * @example
 * ```ts
 * import { Reply } from "effect-redial/testing"
 *
 * const slow = Reply.make(Reply.wait("2 seconds"), ...Reply.status(200).steps)
 * ```
 *
 * @since 0.1.0
 * @category steps
 */
export const wait = (wait: Wait): Step => ({ _tag: "Wait", wait })

/**
 * Sends heartbeats until the gate opens; without a gate, for ever.
 *
 * @example
 * ```ts
 * import { Reply } from "effect-redial/testing"
 *
 * const alive = Reply.make(
 *   Reply.head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" }),
 *   Reply.heartbeat({ stallWith: "comment", every: "1 second" })
 * )
 * ```
 *
 * @since 0.1.0
 * @category steps
 */
export const heartbeat: (beat: Ending.Heartbeat, until?: Gate) => Step = Ending.heartbeat
