/**
 * A vendor that holds many conversations at once: each answer follows from the number of its conversation and its place in
 * it. A request that a broken answer is to go on with is obeyed.
 */
import { type FaultServer, Reply, Wire } from "effect-redial/testing"
import { asked, messagesOf, obedient } from "../../support/asked.js"
import { seeded } from "../../support/random.js"

/** How many answers a conversation has: each question is answered by calls of tools, and then by a text. */
export const ANSWERS = 4

const words = [
  "harbour",
  "lantern",
  "meadow",
  "granite",
  "whistle",
  "orchard",
  "pebble",
  "thunder",
  "velvet",
  "compass"
]

/** What the model means to say in an answer. Numbers make each stretch of it unlike any other. */
export const meant = (conversation: number, answer: number) => {
  const { below, pick } = seeded(conversation * 31 + answer)
  const text = Array.from(
    { length: 8 + below(20) },
    (_, at) => `${pick(words)} ${conversation * 1000 + answer * 100 + at}`
  ).join(" ")
  const calls =
    answer % 2 === 0 ? Array.from({ length: 1 + below(3) }, (_, at) => `${conversation}/${answer}/${at}`) : []
  return {
    text: `${text}.`,
    calls,
    thought: `Thought ${conversation} about ${answer}.`,
    signature: `sig-${conversation}-${answer}`
  }
}

export const conversationOf = ({ json }: FaultServer.ReceivedRequest): number =>
  Number(/conversation (\d+)/.exec(JSON.stringify(json))?.[1])

const pieces = (text: string): ReadonlyArray<string> => text.match(/[\s\S]{1,7}/g) ?? []

const answerTo = (request: FaultServer.ReceivedRequest): ReadonlyArray<string> => {
  const conversation = conversationOf(request)
  const ask = asked(request.json)
  const messages = messagesOf(request.json)
  const before = ask === undefined ? messages : messages.slice(0, -2)
  const said = ask === undefined ? "" : (messages.at(-2)?.text ?? "")
  const { calls, signature, text, thought } = meant(
    conversation,
    before.filter(({ role }) => role === "assistant").length
  )
  if (!text.startsWith(said)) throw new Error(`the request has words that the model never said: ${said}`)
  const rest = text.slice(said.length)
  const shown =
    ask === undefined ? text : rest === "" && calls.length > 0 ? ask.marker + ask.anchor : obedient(ask, rest)
  const thinks = ask === undefined ? [{ type: "reasoning" as const, text: pieces(thought), signature }] : []
  return Wire.answer("anthropic-messages", {
    id: `msg_${request.index}`,
    blocks: [
      ...thinks,
      { type: "text", text: pieces(shown) },
      ...calls.map((key, at) => ({
        type: "tool-call" as const,
        id: `toolu_${request.index}_${at}`,
        name: "look_up",
        pieces: [`{"key"`, `:"${key}`, `"}`]
      }))
    ]
  })
}

/** Drops a share of all answers, each at a random event in a random manner. */
export const script = (seed: number, share: number): FaultServer.Script => {
  const asked = new Map<number, number>()
  return (request) => {
    const conversation = conversationOf(request)
    const nth = (asked.get(conversation) ?? 0) + 1
    asked.set(conversation, nth)
    const events = answerTo(request)
    const whole = Reply.stream(events)
    const { below, chance, pick } = seeded(seed + conversation * 7919 + nth)
    return chance(share)
      ? Reply.cut(whole, { afterEvents: below(events.length) }, pick(["rst", "fin", "clean"] as const))
      : whole
  }
}
