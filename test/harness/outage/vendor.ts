/**
 * A vendor of the outage laboratory: what it answers to each request follows from the time, the seed and the weather, and it
 * keeps books of what it wrote.
 */
import { Effect } from "effect"
import { type FaultServer, Reply, Wire } from "effect-redial/testing"
import { asked, messagesOf, obedient, saidIn } from "../../support/asked.js"
import { type Random, seeded } from "../../support/random.js"
import { protocolOf, type Served, troubleAt, type VendorId, type Weather } from "./world.js"

/** Milliseconds between two events of an answer. */
const EVERY = 25

/** Characters in an event: as many as tell whose text it is. */
const PIECE = 72

/** What the prompt of each request is billed as. */
const INPUT_TOKENS = 100

/** What a text is billed as, by the usual rule of thumb. */
export const tokensOf = (characters: number): number => Math.ceil(characters / 4)

type Entry = { -readonly [K in keyof Served]: Served[K] }

/** No two answers have a piece in common, so nothing can be lost, repeated or swapped unseen. */
const textOf = (vendor: VendorId, request: number, nth: number): string =>
  pieces(vendor, request, nth, 10 + (request % 7)).join("")

const pieces = (vendor: VendorId, request: number, nth: number, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, n) => `${vendor}/${request}.${nth}.${n} and then `)

/** The first event comes after 20 to 40 ms, now and then after three times as long. */
const firstAfter = (random: Random): number => (20 + random.below(20)) * (random.chance(0.02) ? 3 : 1)

export class Vendor {
  readonly served: Array<Entry> = []
  /** When the run began, in milliseconds since the epoch. */
  begunAt = Number.POSITIVE_INFINITY
  private readonly random: Random
  private readonly answers = new Map<number, Array<string>>()
  private readonly accepted: Array<number> = []

  constructor(
    private readonly id: VendorId,
    private readonly weather: Weather
  ) {
    this.random = seeded(weather.seed ^ (id === "alpha" ? 1 : 2))
  }

  readonly reply = (received: FaultServer.ReceivedRequest): Reply.Reply => {
    const at = Date.now() - this.begunAt
    const request = Number(/request-(\d+)/.exec(messagesOf(received.json)[0]?.text ?? "")?.[1])
    const entry: Entry = { vendor: this.id, at, request, status: 200, text: "", written: 0, tokens: 0 }
    this.served.push(entry)
    const chance = this.random.next()
    const trouble = troubleAt(this.weather.spells, this.id, at)?.trouble
    const refused = this.refusal(entry, received, chance)
    if (refused !== undefined) return refused
    entry.text = this.textFor(received, request)
    const first = firstAfter(this.random) * (trouble?._tag === "slow" ? trouble.times : 1)
    return this.broken(entry, this.paced(entry, this.eventsOf(entry), first), first, chance)
  }

  /** What it answers in place of a stream. */
  private refusal(entry: Entry, received: FaultServer.ReceivedRequest, chance: number): Reply.Reply | undefined {
    const trouble = troubleAt(this.weather.spells, this.id, entry.at)?.trouble
    if (trouble?._tag === "dead") {
      entry.status = "reset"
      return Reply.closeBeforeHead("rst")
    }
    if (trouble?._tag === "stalled" && chance < 0.5) {
      entry.status = "silent"
      return Reply.stallBeforeHead
    }
    if (trouble?._tag === "overloaded" && chance < trouble.share)
      return this.status(entry, 529, { type: "overloaded_error" })
    if (trouble?._tag === "refuses" && keyOf(received).includes(trouble.key))
      return this.status(entry, 401, { type: "authentication_error", message: "invalid api key" })
    return this.overQuota(entry)
  }

  private overQuota(entry: Entry): Reply.Reply | undefined {
    const { quota } = this.weather
    if (quota === undefined) return undefined
    while ((this.accepted[0] ?? entry.at) <= entry.at - quota.window) this.accepted.shift()
    if (this.accepted.length >= quota.requests) {
      const wait = (this.accepted[0] ?? 0) + quota.window - entry.at
      return this.status(entry, 429, { type: "rate_limit_error" }, { "retry-after-ms": String(Math.ceil(wait)) })
    }
    this.accepted.push(entry.at)
    return undefined
  }

  private status(
    entry: Entry,
    status: number,
    error: Wire.VendorError,
    headers: Readonly<Record<string, string>> = {}
  ): Reply.Reply {
    entry.status = status
    return Reply.status(status, { headers, body: Wire.errorBody(protocolOf[this.id], error) })
  }

  /** A new text, or the rest of the one that the request says was begun, by whichever vendor. */
  private textFor({ json }: FaultServer.ReceivedRequest, request: number): string {
    const said = saidIn(json)
    const ask = asked(json)
    if (said === "") return this.newText(request)
    const [vendor, nth] = /^(alpha|beta)\/\d+\.(\d+)\./.exec(said)?.slice(1) ?? []
    const whole = vendor === undefined ? undefined : textOf(vendor as VendorId, request, Number(nth)) // by the pattern
    // Too little was said to know by whom: the model says what follows in its own way.
    if (ask === undefined || whole?.startsWith(said) !== true) return this.newText(request)
    return obedient(ask, whole.slice(said.length))
  }

  private newText(request: number): string {
    const before = this.answers.get(request) ?? []
    const text = textOf(this.id, request, before.length + 1)
    this.answers.set(request, [...before, text])
    return text
  }

  private eventsOf({ request, text }: Entry): ReadonlyArray<string> {
    return Wire.answer(protocolOf[this.id], {
      id: `answer_${request}_${this.served.length}`,
      text: chunked(text),
      usage: { inputTokens: INPUT_TOKENS, outputTokens: tokensOf(text.length) }
    })
  }

  /** Each event waits for its time, and is put into the books when it is written: a consumer who leaves ends that. */
  private paced(entry: Entry, events: ReadonlyArray<string>, first: number): Reply.Reply {
    let nth = 0
    return Reply.make(
      ...Reply.stream(events).steps.flatMap((step) => {
        if (step._tag === "Head") return [Reply.wait(first), step]
        if (step._tag !== "Body") return [step]
        const characters = written(events[nth] ?? "")
        const wait = nth++ === 0 ? 0 : EVERY
        const note = Effect.sync(() => {
          entry.written += characters
          entry.tokens = INPUT_TOKENS + tokensOf(entry.written)
        })
        const gate: FaultServer.Gate = {
          _tag: "Gate",
          reached: Effect.void,
          open: Effect.void,
          pass: Effect.zipRight(Effect.sleep(wait), note)
        }
        return [Reply.wait(gate), step]
      })
    )
  }

  /** An answer that is under way when its vendor dies or falls silent breaks there. */
  private broken(entry: Entry, reply: Reply.Reply, first: number, chance: number): Reply.Reply {
    const { at } = entry
    const now = troubleAt(this.weather.spells, this.id, at)
    if (now?.trouble._tag === "stalled") return Reply.cut(reply, { afterEvents: 3 + Math.floor(chance * 6) }, "stall")
    const next = this.weather.spells.find(({ from, trouble, vendor }) => {
      return vendor === this.id && from > at && (trouble._tag === "dead" || trouble._tag === "stalled")
    })
    if (next === undefined) return reply
    const left = next.from - at
    const how = next.trouble._tag === "dead" ? "rst" : "stall"
    if (left < first)
      return Reply.make(
        Reply.wait(left),
        ...(how === "rst" ? [{ _tag: "Rst" as const }] : [{ _tag: "Stall" as const }])
      )
    return Reply.cut(reply, { afterEvents: Math.floor((left - first) / EVERY) }, how)
  }
}

const chunked = (text: string): ReadonlyArray<string> =>
  Array.from({ length: Math.ceil(text.length / PIECE) }, (_, n) => text.slice(n * PIECE, (n + 1) * PIECE))

const keyOf = ({ headers }: FaultServer.ReceivedRequest): string =>
  `${headers["x-api-key"] ?? ""}${headers.authorization ?? ""}`

/** The characters of text in an event, over both protocols. */
const written = (event: string): number => {
  const text = /"(?:text|content)":("(?:[^"\\]|\\.)*")/.exec(event)?.[1]
  return text === undefined ? 0 : String(JSON.parse(text)).length
}
