/**
 * What a person wants to know while streams run: per stream where it stands, per client which pools are alive. Each
 * change of state comes back as a sentence, for terminals on which nothing can be drawn over.
 */
import type { GenerationId, ModelEvent, ProviderError, Renewable } from "effect-redial"
import { answerOf, compare, Page, type Verdict } from "./page.js"
import { protocols, type Scenario } from "./scenario.js"

export type Phase =
  | { readonly _tag: "Dialling" }
  | { readonly _tag: "Streaming" }
  | { readonly _tag: "Dropped"; readonly error: string; readonly retryAt: number }
  | { readonly _tag: "Done"; readonly verdict: Verdict }
  | { readonly _tag: "Failed"; readonly error: string }

export interface Row {
  readonly number: number
  readonly scenario: Scenario
  /** What the consumer has in front of it. */
  readonly page: Page
  phase: Phase
  /** The pool that carries it, or carried it last. */
  generation: GenerationId.GenerationId | undefined
  attempt: number
  /** What a dropped attempt had written, kept to be shown as void. */
  void: Page | undefined
  drops: number
  /** When the last event came. */
  heardAt: number
}

export type Pools = Map<GenerationId.GenerationId, "in use" | "draining" | "closed">

/** What the tags of the errors mean, in half a line. */
const causes: Partial<Record<ProviderError.ProviderError["_tag"], string>> = {
  ConnectionFailed: "no answer began",
  StreamDropped: "the connection broke",
  StreamTruncated: "it ended without its end marker",
  StreamStalled: "not one byte came"
}

export const causeOf = (tag: string): string => {
  const cause = Object.hasOwn(causes, tag) ? causes[tag as keyof typeof causes] : undefined
  return cause === undefined ? tag : `${tag}: ${cause}`
}

/** `minimax#1.2` is the second pool of its client. */
export const poolOf = (id: GenerationId.GenerationId | undefined): string =>
  id === undefined ? "" : `pool ${id.slice(id.lastIndexOf(".") + 1)}`

export const seconds = (millis: number): string => `${(Math.max(0, millis) / 1000).toFixed(1)} s`

const places = {
  nothing: "before a word",
  reasoning: "in mid-thought",
  text: "in mid-text",
  "tool-call": "in mid-tool-call"
}

export class Board {
  readonly rows: ReadonlyArray<Row>
  readonly pools: Readonly<Record<Scenario["client"], Pools>> = { anthropic: new Map(), openai: new Map() }

  constructor(
    scenarios: ReadonlyArray<Scenario>,
    readonly startedAt: number
  ) {
    this.rows = scenarios.map((scenario, i) => ({
      number: i + 1,
      scenario,
      page: new Page(),
      phase: { _tag: "Dialling" },
      generation: undefined,
      attempt: 1,
      void: undefined,
      drops: 0,
      heardAt: startedAt
    }))
  }

  event(row: Row, event: ModelEvent.ModelEvent, now: number): string | undefined {
    row.heardAt = now
    if (event._tag === "Superseded") {
      row.void = new Page(row.page)
      row.page.take(event)
      row.drops++
      row.phase = { _tag: "Dropped", error: event.error.tag, retryAt: event.retryAt }
      const wait = Math.max(0, Math.round(event.retryAt - now))
      const where = places[event.discarded.delivered]
      return this.#say(row, now, `dropped ${where} (${causeOf(event.error.tag)}); redialling in ${wait} ms`)
    }
    row.page.take(event)
    switch (event._tag) {
      case "ResponseStart": {
        // A drop before the first event voids nothing, so nothing was said about it.
        const unseen = event.attempt - 1 - row.drops
        row.drops += unseen
        row.attempt = event.attempt
        row.generation = event.generation
        row.void = undefined
        row.phase = { _tag: "Streaming" }
        const before = unseen > 0 ? ", dropped before a word and redialled" : ""
        return this.#say(row, now, `streaming${event.attempt > 1 ? `, attempt ${event.attempt}` : ""}${before}`)
      }
      case "Finish": {
        const verdict = compare(row.scenario.meant, [row.page.answer(), answerOf(event.response)])
        row.phase = { _tag: "Done", verdict }
        const attempts = row.attempt === 1 ? "1 attempt" : `${row.attempt} attempts`
        return this.#say(row, now, `done after ${attempts}: ${fidelity(verdict)}`)
      }
    }
  }

  failure(row: Row, error: ProviderError.ProviderError, now: number): string {
    row.phase = { _tag: "Failed", error: error._tag }
    return this.#say(row, now, `failed for good: ${error.message}`)
  }

  change(client: Scenario["client"], change: Renewable.Change, now: number): string | undefined {
    const pools = this.pools[client]
    const say = (id: GenerationId.GenerationId, what: string) =>
      `${stamp(now - this.startedAt)}     ${protocols[client].padEnd(18)}  ${poolOf(id).padEnd(7)}  ${what}`
    switch (change._tag) {
      case "Acquired":
        pools.set(change.generation, "in use")
        return say(change.generation, "opened")
      case "Retired":
        pools.set(change.generation, "draining")
        return say(change.generation, `draining: takes no new streams, ${change.leases} to finish`)
      case "Released":
        pools.set(change.generation, "closed")
        return say(change.generation, "closed")
      case "BuildFailed":
        return undefined
    }
  }

  #say(row: Row, now: number, what: string): string {
    const { client } = row.scenario
    const head = `${stamp(now - this.startedAt)}  ${row.number}  ${protocols[client].padEnd(18)}`
    return `${head}  ${poolOf(row.generation).padEnd(7)}  ${what}`
  }
}

const stamp = (millis: number): string => seconds(millis).padStart(7)

/** Whether what arrived is what was meant, in words. */
export const fidelity = ({ duplicated, lost }: Verdict): string =>
  lost
    ? duplicated
      ? "NOT what the server meant"
      : "something is LOST"
    : duplicated
      ? "something came TWICE"
      : "as the server meant it"
