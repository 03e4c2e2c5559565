/**
 * What one stream of the soak is: what the server means to say, how it breaks, who reads it, and what must come of it.
 * It follows from the seed and the stream's number alone, so timing cannot change it, and the server, which is another
 * process, comes to the same plan.
 */
import type { Protocol, ProviderError } from "effect-redial"
import type { Answer } from "../../../docs/examples/demo/page.js"
import { protocols } from "../../support/protocols.js"
import { type Random, seeded } from "../../support/random.js"

export type Tag = ProviderError.ProviderError["_tag"]

/** How an attempt breaks, or only looks as if: the error's tag, one of several where the kernel decides; none is harmless. */
export const faults = {
  reset: ["StreamDropped", "ConnectionFailed"],
  close: ["StreamDropped", "ConnectionFailed"],
  resetBeforeHead: ["ConnectionFailed"],
  closeBeforeHead: ["ConnectionFailed"],
  truncation: ["StreamTruncated"],
  stall: ["StreamStalled"],
  stallBeforeHead: ["StreamStalled"],
  heartbeats: ["StreamStalled"],
  malformed: ["MalformedStream"],
  splice: ["MalformedStream"],
  overloadInBand: ["Overloaded"],
  errorInBand: ["ServerError"],
  status429: ["RateLimited"],
  status500: ["ServerError"],
  status503: ["Overloaded"],
  status529: ["Overloaded"],
  status400: ["InvalidRequest"],
  pause: [],
  drip: [],
  secondAnswerAfterEnd: [],
  resetAfterEnd: []
} as const satisfies Record<string, ReadonlyArray<Tag>>

export type Kind = keyof typeof faults

const kinds = Object.keys(faults) as ReadonlyArray<Kind> // the keys of `faults` are exactly these

const stalls: ReadonlyArray<Kind> = ["stall", "stallBeforeHead", "heartbeats"]
const hopeless: ReadonlyArray<Kind> = ["status400"]

/** Faults that are no reason to renew the client, so what they leave behind is not swept away with its pool. */
const calmKinds: ReadonlyArray<Kind> = ["overloadInBand", "errorInBand", "status429", "status500", "pause"]

export interface Fault {
  readonly kind: Kind
  /** Where in the answer, as a share of what comes before the proof of its end. */
  readonly at: number
  /** Whether the place is any byte rather than the end of an event. */
  readonly anyByte: boolean
  /** Milliseconds: before it breaks, or of the pause. */
  readonly wait: number
  /** Milliseconds that the server asks to wait; 0 where it does not ask. */
  readonly retryAfter: number
}

export interface Plan {
  readonly index: number
  /** Sent as the model's name, by which the server knows the stream again; see `planNamed`. */
  readonly model: string
  readonly protocol: Protocol.ProtocolId
  /** What the server means to say, by attempt: a model that is asked again says another thing. */
  readonly meant: ReadonlyArray<Answer>
  /** Milliseconds between two pieces of the answer. */
  readonly every: number
  readonly eventsPerChunk: number
  /** One per attempt; every later attempt is whole. */
  readonly faults: ReadonlyArray<Fault>
  /** `resume` is text that the server goes on with after a drop; `text` is left as it was. */
  readonly consumer: "events" | "text" | "resume" | "generate"
  /** Milliseconds that the consumer takes over every fifth chunk. */
  readonly slowness: number
  /** When the consumer leaves: after so many chunks, or after so many milliseconds. */
  readonly leaves: { readonly afterChunks: number } | { readonly afterMillis: number } | undefined
}

/** The share of streams whose first attempt is faulted. */
const FAULTED = 0.3

/** Attempts after the first. */
export const RETRIES = 4

const words = ["lend", "åter", "ключ", "夢", "🛰️", "naïve", "“quote”", "line\nbreak", "\\", '"', "\t", "x".repeat(60)]

/** Every piece tells whose it is and where it stands, so nothing can be lost, repeated or swapped unseen. */
const pieces = (owner: string, count: number, { pick }: Random): string =>
  Array.from({ length: count }, (_, n) => `${owner}.${n} ${pick(words)} `).join("")

const answerOf = (owner: string, random: Random): Answer => ({
  reasoning: random.chance(0.3) ? pieces(`${owner}r`, 1 + random.below(6), random) : "",
  text: pieces(`${owner}t`, 2 + random.below(16), random),
  toolCalls: random.chance(0.2)
    ? [{ id: `call_${owner}`, name: "look_up", arguments: { what: pieces(`${owner}c`, 4, random) } }]
    : []
})

const faultOf = (random: Random, among: ReadonlyArray<Kind>): Fault => ({
  kind: random.pick(among),
  at: random.next(),
  anyByte: random.chance(0.5),
  wait: random.below(60),
  retryAfter: random.chance(0.7) ? 10 + random.below(70) : 0
})

const leavesOf = (random: Random): Plan["leaves"] => {
  if (!random.chance(0.08)) return undefined
  return random.chance(0.5) ? { afterChunks: 1 + random.below(12) } : { afterMillis: random.below(400) }
}

/** A calm stream breaks more often, and in no way that renews the client. */
export const planOf = (seed: number, index: number, calm: boolean): Plan => {
  // Far apart, so that neighbours have nothing in common.
  const random = seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b) ^ (calm ? 1 : 0))
  const faulted: Array<Fault> = []
  for (let share = calm ? 0.9 : FAULTED; random.chance(share); share = 0.4) {
    faulted.push(faultOf(random, calm ? calmKinds : kinds))
  }
  return {
    index,
    model: `${calm ? "calm" : "wild"}-${index}`,
    protocol: random.pick(protocols),
    meant: Array.from({ length: RETRIES + 1 }, (_, n) => answerOf(`${seed}/${index}/${n + 1}`, random)),
    every: random.pick([0, 5, 10, 20, 40]),
    eventsPerChunk: random.pick([1, 1, 3, 8]),
    faults: faulted,
    consumer: random.pick(["events", "events", "text", "resume", "generate"]),
    slowness: random.pick([0, 0, 0, 2, 10, 30]),
    leaves: leavesOf(random)
  }
}

/** The plan of a stream by its model's name. */
export const planNamed = (seed: number, model: string): Plan => {
  const [kind, index] = model.split("-")
  return planOf(seed, Number(index), kind === "calm")
}

const isHarmless = ({ kind }: Fault): boolean => faults[kind].length === 0

/** Whether the plan has the server fall silent, so that somebody must notice. */
export const stalling = (plan: Plan): boolean => plan.faults.some(({ kind }) => stalls.includes(kind))

/** What the attempts must come to, where the output of a broken one may be taken back. */
export interface Expected {
  /** The faults that break an attempt, in order. */
  readonly broken: ReadonlyArray<Fault>
  /** Whether the last of them ends the stream; else one more attempt is whole. */
  readonly fails: boolean
}

export const expected = ({ faults }: Plan): Expected => {
  const broken: Array<Fault> = []
  let malformed = 0
  for (const fault of faults) {
    if (isHarmless(fault)) break
    broken.push(fault)
    if (fault.kind === "malformed" || fault.kind === "splice") malformed++
    const spent = broken.length > RETRIES || malformed > 1 || hopeless.includes(fault.kind)
    if (spent) return { broken, fails: true }
  }
  return { broken, fails: false }
}
