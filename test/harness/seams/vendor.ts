/**
 * A vendor in memory whose model breaks off at a given place and then goes on in a given style. It keeps what it was asked
 * and what it wrote, for the judge.
 */
import { Effect } from "effect"
import type { Protocol, Provider } from "effect-redial"
import { Wire } from "effect-redial/testing"
import { type Ask, askIn, messagesOf } from "../../support/asked.js"
import { type Random, seeded } from "../../support/random.js"
import * as Memory from "../../support/retry/memory.js"
import type { Style } from "./styles.js"

/** What the endpoint does with a request that ends in the model's own words. */
export type Prefill = "honoured" | "ignored"

/** How the model is told its marker and its anchor: in the library's words, or in those of the user. */
export type Wording = "default" | "custom"

export interface Run {
  readonly seed: number
  readonly text: string
  /** So much of the text arrives before the connection breaks. */
  readonly cut: number
  readonly style: Style
  readonly prefill: Prefill | undefined
}

/** A request that asks for the rest. */
export interface Continued {
  readonly by: "prefill" | "ask"
  /** The model's own words in it. */
  readonly said: string
  readonly ask: Ask | undefined
  /** What the model wrote; undefined where its style says nothing about this situation. */
  readonly wrote: string | undefined
  readonly gap: string
}

export interface Played {
  readonly run: Run
  /** Requests without any words of the model's own. */
  first: number
  readonly continued: Array<Continued>
}

/** What a model writes between marker and anchor. */
const gaps = ["\n", "\n", " ", "", "\n\n"]

/** So far a long text is cut into small pieces: they hold what is compared. */
const FINE = 150

/** Cuts a text at any place, also within a character. */
const pieces = (text: string, random: Random): ReadonlyArray<string> => {
  const longest = random.pick([1, 3, 8, 40, 4_000])
  const out: Array<string> = []
  for (let at = 0; at < text.length; ) {
    const isFine = at < FINE || at > text.length - longest
    const length = 1 + random.below(isFine ? longest : Math.max(longest, 40))
    out.push(text.slice(at, at + length))
    at += length
  }
  return out
}

/** Several events arrive in one read, or each by itself. */
const together = (events: ReadonlyArray<string>, random: Random): ReadonlyArray<string> => {
  const most = random.pick([1, 4, 1_000])
  const out: Array<string> = []
  for (let at = 0; at < events.length; at += most) out.push(events.slice(at, at + most).join(""))
  return out
}

/** How many events of an answer follow its last piece. */
const tails = new Map<Protocol.ProtocolId, number>()
const tailOf = (protocol: Protocol.ProtocolId): number => {
  const known = tails.get(protocol)
  if (known !== undefined) return known
  const with2 = Wire.answer(protocol, { text: ["a", "b"] })
  const tail = with2.length - 1 - with2.findIndex((event) => event.includes('"b"'))
  tails.set(protocol, tail)
  return tail
}

/** What the vendor's models say. */
class Script {
  readonly #played = new Map<number, Played>()
  #next = 0

  constructor(private readonly protocol: Protocol.ProtocolId) {}

  /** Its requests have this name in their prompt. */
  add(run: Run): { readonly prompt: string; readonly played: Played; readonly done: () => void } {
    const id = this.#next++
    const played: Played = { run, first: 0, continued: [] }
    this.#played.set(id, played)
    return { prompt: `run-${id}: go on`, played, done: () => void this.#played.delete(id) }
  }

  reply({ json }: Memory.Asked): Memory.Reply {
    const messages = messagesOf(json)
    const id = messages.map(({ text }) => /^run-(\d+): /.exec(text)?.[1]).find((found) => found !== undefined)
    const played = this.#played.get(Number(id))
    if (played === undefined) throw new Error(`nobody asked for run ${id}`)
    const { run } = played
    const nth = played.first + played.continued.length
    const random = seeded(run.seed + nth)
    const assistant = messages.findIndex(({ role }) => role === "assistant")
    if (assistant < 0) {
      played.first++
      return played.first === 1 ? this.#broken(run.text.slice(0, run.cut), random) : this.#whole(run.text, random)
    }
    const continued = this.#continue(run, messages[assistant]!.text, messages.slice(assistant + 1))
    played.continued.push(continued)
    return this.#whole(continued.wrote ?? "", random)
  }

  #broken(text: string, random: Random): Memory.Reply {
    const events = Wire.answer(this.protocol, { text: pieces(text, random) })
    return { events: together(events.slice(0, events.length - tailOf(this.protocol)), random), ending: "reset" }
  }

  #whole(text: string, random: Random): Memory.Reply {
    return { events: together(Wire.answer(this.protocol, { text: pieces(text, random) }), random) }
  }

  #continue(run: Run, said: string, after: ReadonlyArray<{ readonly text: string }>): Continued {
    const rest = run.text.slice(said.length)
    // The same on each try.
    const random = seeded(run.seed)
    const gap = random.pick(gaps)
    const asking = after.at(-1)?.text
    if (asking === undefined) {
      return { by: "prefill", said, ask: undefined, wrote: run.prefill === "honoured" ? rest : run.text, gap }
    }
    const ask = custom.read(asking) ?? askIn(asking)
    const wrote = ask && run.style.write({ ...ask, text: run.text, delivered: said, rest, gap, random })
    return { by: "ask", said, ask, wrote, gap }
  }
}

/** A wording of the user's own, from which the model reads the same two things. */
const custom = {
  write: (ask: Ask): string => `Go on: ${JSON.stringify({ marker: ask.marker, anchor: ask.anchor })}`,
  read: (text: string): Ask | undefined => (text.startsWith("Go on: ") ? JSON.parse(text.slice(7)) : undefined)
}

/** A provider over such a vendor. */
export interface Vendor {
  readonly name: string
  readonly prefills: boolean
  readonly provider: Provider.Service
  readonly add: Script["add"]
  /** Thousands of requests are not kept. */
  readonly forget: () => void
}

export const make = (protocol: Protocol.ProtocolId, wording: Wording, prefills: boolean) =>
  Effect.gen(function* () {
    const script = new Script(protocol)
    const { asked, provider } = yield* Memory.make(protocol, (asked) => script.reply(asked), {
      ...(wording === "custom" && { continuation: custom.write }),
      ...(prefills && { prefill: {} })
    })
    const vendor: Vendor = {
      name: `${protocol}, ${wording} wording`,
      prefills,
      provider,
      add: (run) => script.add(run),
      forget: () => {
        asked.length = 0
      }
    }
    return vendor
  })
