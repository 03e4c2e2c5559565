/**
 * A vendor that means to say one long mixed answer, and goes on with it as vendors do: after a message of its own, when
 * it is asked to, or from where a kept answer broke.
 */
import type { Protocol } from "effect-redial"
import type { FaultServer } from "effect-redial/testing"
import { Wire } from "effect-redial/testing"
import { asked, messagesOf, obedient, saidIn } from "../../support/asked.js"

/**
 * How the model goes on when it is asked to: as it is asked; without a marker, by its last words once more; or by the whole
 * answer once more.
 */
export type Manner = "exact" | "overlap" | "again"

const first = "I will look at both of them for you, one moment please. "
const last = "\nHere is what they say: the first one is open, the second one is closed."
const thought = "Both are needed. Ask for them side by side."

const words = (text: string): ReadonlyArray<string> => text.match(/[\s\S]{1,8}/g) ?? []

const calls = [
  { type: "tool-call" as const, id: "call_x", name: "look", pieces: ['{"at":', '"first', '"}'] },
  { type: "tool-call" as const, id: "call_y", name: "look", pieces: ['{"at":"se', 'cond"}'] }
]

export const meant = {
  text: first + last,
  reasoning: thought,
  calls: [
    { name: "look", arguments: { at: "first" } },
    { name: "look", arguments: { at: "second" } }
  ]
}

const texts = (text: string): ReadonlyArray<Wire.Block> => (text === "" ? [] : [{ type: "text", text: words(text) }])

/** The answer from a point in its text on, behind what the model was asked to write first. */
const from = (at: number, id: string, before = ""): Wire.Answer => ({
  id,
  blocks:
    at > first.length
      ? texts(before + meant.text.slice(at))
      : [...texts(before + first.slice(at)), { type: "reasoning", text: words(thought) }, ...calls, ...texts(last)],
  finish: at > first.length ? "stop" : "tool-calls"
})

/** Which run a request belongs to: it is in the prompt, or in the id of the answer that it takes up again. */
export const runOf = ({ json, path }: FaultServer.ReceivedRequest): number =>
  Number(/run-(\d+)/.exec(path)?.[1] ?? /run-(\d+)/.exec(JSON.stringify(json))?.[1])

export const answer = (
  request: FaultServer.ReceivedRequest,
  protocol: Protocol.ProtocolId,
  manner: Manner
): ReadonlyArray<string> => {
  const id = `run-${runOf(request)}`
  const whole = Wire.answer(protocol, from(0, id))
  if (request.method === "GET") return Wire.rest(request, whole)
  const said = saidIn(request.json)
  if (said === "") return whole
  if (!meant.text.startsWith(said)) throw new Error(`the request has words that the model never said: ${said}`)
  const at = said.length
  if (messagesOf(request.json).at(-1)?.role === "assistant") return Wire.answer(protocol, from(at, id))
  const ask = asked(request.json)
  if (ask === undefined || !said.endsWith(ask.anchor)) throw new Error("the request does not say how to go on")
  switch (manner) {
    case "exact":
      if (at === meant.text.length) return Wire.answer(protocol, { id, text: words(obedient(ask, "")) })
      return Wire.answer(protocol, from(at, id, ask.marker + ask.anchor))
    case "overlap": {
      const back = Math.max(0, said.lastIndexOf(" ", at - 8) + 1)
      const isInOneBlock = at <= first.length || back > first.length
      return Wire.answer(protocol, from(isInOneBlock ? back : at, id))
    }
    case "again":
      return at > first.length ? Wire.answer(protocol, { id, text: words(meant.text) }) : whole
  }
}

/** How many events the first answer of a run has. */
export const length = (protocol: Protocol.ProtocolId): number => Wire.answer(protocol, from(0, "run-0")).length
