/**
 * A vendor behind a proxy that cuts all streams at once, in the middle of their answers, and lets each of them go on.
 */
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"

const protocol = "anthropic-messages"

/** The gate cuts. */
export const cutTogether = (text: string) =>
  Effect.gen(function* () {
    const gate = yield* FaultServer.gate()
    const answer = Reply.stream(Wire.answer(protocol, { text }))
    const server = yield* FaultServer.make(({ json }) => {
      const ask = Wire.asked(json)
      if (ask === undefined) return Reply.cut(answer, { afterEvents: 5, wait: gate }, "rst")
      const rest = text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
      return Reply.stream(Wire.answer(protocol, { text: Wire.resumed(ask, rest) }))
    })
    return { gate, server }
  })
